"""Every route as every role, with every kind of key, and as a stranger, from the one matrix."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from msgspec import Struct

from hydradesk.accounts.contracts import (
    EVERY_SCOPE,
    KEY_SCOPES,
    PUBLIC,
    ROLES,
    SCOPES_OF,
    KeyScope,
    scopes_of,
)
from hydradesk.infra.db import Database
from tests.doors import people
from tests.doors.conftest import Desk

INFRASTRUCTURE = {
    "/api/openapi.json",
    "/api/docs/swagger",
    "/healthz",
    "/readyz",
    "/metrics",  # its own token, see docs/gateway.md
    "/api/docs/start.js",
    "/api/stream",  # each topic asks for a scope of its own, see docs/how-to/stream.md
    "/{path:path}",  # the page
}
"""What has no scope because it is nobody's."""
PROVED_BY_KEY = "withdrawals"
"""A key that may withdraw was made with a fresh proof; all other step-ups ask for a person."""


class Way(Struct, frozen=True):
    """One operation of the app."""

    method: str
    path: str
    scope: str
    step_up: bool

    @property
    def url(self) -> str:
        """An address of it that names nothing there is."""
        return re.sub(r"\{[^}]+\}", "nothing-like-it", self.path)


def leaves(app: FastAPI) -> Iterator[Any]:
    """Every route, also those of routers that were included."""
    for one in app.routes:
        if hasattr(one, "effective_route_contexts"):
            yield from one.effective_route_contexts()
        else:
            yield one


def scope_of(route: Any) -> str | None:
    return (getattr(route, "openapi_extra", None) or {}).get("x-scope")


def undeclared(app: FastAPI) -> list[str]:
    every = list(leaves(app))
    return [one.path for one in every if one.path not in INFRASTRUCTURE and scope_of(one) is None]


def ways(app: FastAPI) -> list[Way]:
    return [
        Way(method, one.path, str(scope_of(one)), bool(one.openapi_extra.get("x-step-up")))
        for one in leaves(app)
        if scope_of(one) is not None
        for method in sorted(one.methods)
    ]


@pytest.fixture
async def desk(db: Database, app_db: Database, tmp_path: Path) -> Any:
    async with people.asking(db, app_db, tmp_path) as one:
        yield one


async def test_every_route_declares_what_it_asks(desk: Desk) -> None:
    assert undeclared(desk.app) == []
    every = ways(desk.app)
    assert len(every) > 40
    for way in every:
        assert way.scope in EVERY_SCOPE, way
        if way.scope in PUBLIC:
            assert not way.step_up, way

    @desk.app.get("/api/planted")
    async def planted() -> None: ...

    assert undeclared(desk.app) == ["/api/planted"]


async def answered(desk: Desk, way: Way, headers: dict[str, str]) -> tuple[int, str, str]:
    reply = await desk.client.request(way.method, way.url, headers=headers)
    problem = reply.headers.get("content-type", "").startswith("application/problem")
    said = reply.json() if problem else {}
    return reply.status_code, said.get("code", ""), said.get("detail", "")


def refused(way: Way, answer: tuple[int, str, str]) -> bool:
    """Whether the gate said no, rather than the route itself."""
    status, code, detail = answer
    wanted = f"this needs the scope {way.scope}"
    return (status, code, detail) == (403, "forbidden", wanted) or (status, detail) == (
        401,
        "sign in first",
    )


async def test_a_stranger_reaches_what_is_public_and_nothing_else(desk: Desk) -> None:
    for way in ways(desk.app):
        answer = await answered(desk, way, {})
        if way.scope in PUBLIC:
            assert not refused(way, answer), (way, answer)
        else:
            assert answer[:2] == (401, "unauthenticated"), (way, answer)


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_reaches_what_the_matrix_gives_it(desk: Desk, role: Any) -> None:
    who = await people.join(desk.house, role, role)
    for way in ways(desk.app):
        me = await people.token(desk.house, who)
        answer = await answered(desk, way, me)
        if way.scope in SCOPES_OF[role]:
            assert not refused(way, answer) and answer[1] != "step_up_required", (way, answer)
            assert answer[0] != 500, (way, answer)
        else:
            assert answer[:2] == (403, "forbidden") and refused(way, answer), (way, answer)


@pytest.mark.parametrize("role", ROLES)
async def test_an_old_proof_does_not_do_for_step_up(desk: Desk, role: Any) -> None:
    who = await people.join(desk.house, role, role)
    stepped = [one for one in ways(desk.app) if one.step_up and one.scope in SCOPES_OF[role]]
    assert len(stepped) >= 3
    me = await people.token(desk.house, who, fresh=False)
    for way in stepped:
        answer = await answered(desk, way, me)
        assert answer[:2] == (403, "step_up_required"), (way, answer)


@pytest.mark.parametrize(
    ("role", "kind"),
    [
        (role, kind)
        for role in ("user", "support", "admin")
        for kind in KEY_SCOPES
        if (role, kind) != ("user", "admin")  # people make no such keys: see the tests of keys
    ],
)
async def test_a_key_reaches_what_it_was_made_for(desk: Desk, role: Any, kind: KeyScope) -> None:
    who = await people.join(desk.house, role, role)
    me = await people.key(desk.house, who, kind)
    may = scopes_of(role, (kind,))
    for way in ways(desk.app):
        answer = await answered(desk, way, me)
        if way.scope not in may:
            assert refused(way, answer), (way, answer)
        elif way.step_up and not way.scope.startswith(PROVED_BY_KEY):
            assert answer[:2] == (403, "step_up_required"), (way, answer)
        else:
            assert not refused(way, answer) and answer[0] != 500, (way, answer)


async def test_a_wrong_token_is_told_so_and_reaches_only_what_is_public(desk: Desk) -> None:
    for way in ways(desk.app):
        answer = await answered(desk, way, {"Authorization": "Bearer nonsense"})
        assert answer[0] == 401 or way.scope in PUBLIC, (way, answer)


async def test_with_demo_the_local_person_has_no_account_routes(
    db: Database, app_db: Database, tmp_path: Path
) -> None:
    async with people.asking(db, app_db, tmp_path, demo=True) as desk:
        from hydradesk.accounts.contracts import DEMO_SCOPES

        for way in ways(desk.app):
            answer = await answered(desk, way, {})
            assert refused(way, answer) == (way.scope not in DEMO_SCOPES), (way, answer)
