"""HTTP views of sessions: refresh, sign out, devices, who am I, the keys that verify tokens."""

from typing import Annotated, Literal

import msgspec
from fastapi import Header, Path, Request, Response
from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field

from hydradesk.accounts.api.answers import (
    CSRF,
    REFRESH,
    SIGNED_IN,
    SessionChoice,
    SignInView,
    drop_cookies,
    signed_in,
)
from hydradesk.accounts.api.views import ALICE, PersonView, person_view
from hydradesk.accounts.contracts import ENTITLEMENTS, Entitlements, People, Secret
from hydradesk.accounts.contracts.sessions import Session
from hydradesk.accounts.domain.sessions import CsrfFailed, RefreshRefused
from hydradesk.accounts.ports.sessions import SecondFactors
from hydradesk.accounts.service.keys import KeyService
from hydradesk.accounts.service.sessions import SessionService
from hydradesk.accounts.service.tokens import Tokens
from hydradesk.infra.http import Caller, Page, Principal, Routes
from hydradesk.kernel.errors import Forbidden, NotFound
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import rfc3339
from hydradesk.kernel.tx import Transactions

NO_STORE = {"Cache-Control": "no-store"}
Id = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_-]+$", description="Its id.")]


class RefreshRequest(BaseModel):
    """A refresh token; with `session` cookie it is taken from the cookie instead."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"session": "token"}})
    refresh_token: str | None = Field(default=None, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")
    session: SessionChoice = "token"


class ClosedView(Struct, frozen=True, kw_only=True):
    """How many sessions were ended."""

    closed: int


class SessionView(Struct, frozen=True, kw_only=True):
    """One signed-in device of the caller."""

    id: str
    method: str
    agent: str
    ip: str
    created_at: str
    last_seen_at: str
    current: bool


class OwnSessionView(Struct, frozen=True, kw_only=True):
    """The session of this very request."""

    id: str
    method: str
    created_at: str
    fresh_until: str | None
    """Until when a second proof counts; null when there was none lately."""


class OwnKeyView(Struct, frozen=True, kw_only=True):
    """The API key of this very request."""

    id: str
    name: str
    kinds: list[str]


class EntitlementsView(Struct, frozen=True, kw_only=True):
    """What a membership includes beyond the scopes."""

    timeframes: tuple[str, ...]
    votes: bool
    auto_trade: bool
    webhooks: int
    api_keys: int
    tier: str


class MeView(Struct, frozen=True, kw_only=True):
    """Who is calling, and what they may do."""

    person: PersonView
    session: OwnSessionView | None
    key: OwnKeyView | None
    scopes: list[str]
    features: EntitlementsView
    second_factor: bool


class JwkView(Struct, frozen=True, kw_only=True):
    """One public key (RFC 7517, 8037)."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: str
    kid: str
    use: Literal["sig"]
    alg: Literal["EdDSA"]
    key_ops: list[str]


class JwksView(Struct, frozen=True, kw_only=True):
    """The public halves of the keys that sign access tokens, now, lately or soon."""

    keys: list[JwkView]


JWKS = JwksView(
    keys=[
        JwkView(
            kty="OKP",
            crv="Ed25519",
            x="11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
            kid="nL0y3Vb6xS1Tq9Zk",
            use="sig",
            alg="EdDSA",
            key_ops=["verify"],
        )
    ]
)
SESSION = SessionView(
    id="s-Zr0pE1",
    method="siws",
    agent="Mozilla/5.0",
    ip="203.0.113.7",
    created_at="2026-11-21T10:00:00Z",
    last_seen_at="2026-11-21T10:30:00Z",
    current=True,
)
ME = MeView(
    person=person_view(ALICE),
    session=OwnSessionView(
        id="s-Zr0pE1", method="siws", created_at="2026-11-21T10:00:00Z", fresh_until=None
    ),
    key=None,
    scopes=["account:read", "market:read"],
    features=EntitlementsView(**msgspec.structs.asdict(ENTITLEMENTS["user"])),
    second_factor=True,
)


class Signs(Struct, frozen=True):
    """What these routes work with."""

    db: Transactions
    people: People
    factors: SecondFactors
    sessions: SessionService
    keys: KeyService
    tokens: Tokens


def routes(signs: Signs) -> list[Routes]:
    """Build the routes of sessions."""
    auth, account = Routes("/auth", "auth"), Routes("/account", "account")
    _signing(auth, signs)
    _knowing(auth, signs)
    _devices(account, signs)
    return [auth, account]


def _signing(api: Routes, signs: Signs) -> None:
    @api.add("POST", "/refresh", SignInView, scope="auth:public", example=SIGNED_IN)
    async def refresh(
        request: Request,
        body: RefreshRequest,
        x_csrf_token: Annotated[str | None, Header(max_length=128)] = None,
    ) -> Response:
        """Get the next pair of tokens. A refresh token works once; twice ends the session."""
        token, csrf = body.refresh_token, None
        if body.session == "cookie":
            token, csrf = request.cookies.get(REFRESH), x_csrf_token or ""
            if token and csrf != request.cookies.get(CSRF):
                raise CsrfFailed("X-CSRF-Token is not the cookie's", fix="repeat the cookie")
        if not token:
            raise RefreshRefused("there is no refresh token", fix="sign in again")
        issued, person = await signs.sessions.refresh(Secret(token), csrf)
        return signed_in(person, issued, body.session)

    @api.raw("POST", "/logout", scope="account:read", status_code=204)
    async def sign_out(me: Caller) -> Response:
        """End this session; the browser forgets what it kept of us."""
        person, session = _session(me)
        await signs.sessions.close(person, session, "logout")
        return _left(Response(status_code=204))

    @api.add("POST", "/logout-all", ClosedView, scope="account:write", example=ClosedView(closed=3))
    async def sign_out_everywhere(me: Caller) -> Response:
        """End every session of yours, this one included. API keys stay."""
        person = _person(me)
        closed = await signs.sessions.close_others(person, "logout_everywhere")
        body = msgspec.json.encode(ClosedView(closed=closed))
        return _left(Response(body, media_type="application/json"))


def _knowing(api: Routes, signs: Signs) -> None:
    @api.add("GET", "/me", MeView, scope="account:read", example=ME)
    async def who_am_i(me: Caller) -> Response:
        """Who is calling, with what, and what they may do."""
        person = _person(me)
        async with signs.db.begin() as tx:
            found = await signs.people.get(tx, person)
            second = await signs.factors.configured(tx, person)
        view = MeView(
            person=person_view(found),
            session=await _own_session(signs, me, person),
            key=await _own_key(signs, me, person),
            scopes=sorted(me.scopes),
            features=_features(ENTITLEMENTS[found.role]),
            second_factor=second,
        )
        return _private(view)

    @api.add("GET", "/jwks", JwksView, scope="auth:public", example=JWKS)
    async def read_jwks() -> Response:
        """The public keys that verify access tokens (JWKS)."""
        keys = await signs.tokens.jwks()
        body = msgspec.json.encode({"keys": keys})
        headers = {"Cache-Control": "public, max-age=60"}
        return Response(body, headers=headers, media_type="application/json")


def _devices(api: Routes, signs: Signs) -> None:
    @api.add("GET", "/sessions", Page[SessionView], scope="account:read", example=Page([SESSION]))
    async def list_sessions(me: Caller) -> Page[SessionView]:
        """Your signed-in devices, newest first."""
        known = await signs.sessions.of_person(_person(me))
        return Page([_view(one, me) for one in known])

    @api.raw("DELETE", "/sessions/{session}", scope="account:write", status_code=204)
    async def end_session(me: Caller, session: Id) -> Response:
        """Sign one device out."""
        person = _person(me)
        await signs.sessions.close(person, session, "signed_out_remotely")
        reply = Response(status_code=204)
        return _left(reply) if session == me.session else reply


async def _own_session(signs: Signs, me: Principal, person: PersonId) -> OwnSessionView | None:
    if me.session is None:
        return None
    known = {one.id: one for one in await signs.sessions.of_person(person)}
    if me.session not in known:
        raise NotFound(f"session {me.session}")
    mine = known[me.session]
    return OwnSessionView(
        id=mine.id,
        method=mine.method,
        created_at=rfc3339(mine.created_at),
        fresh_until=rfc3339(mine.fresh_until) if mine.fresh_until else None,
    )


async def _own_key(signs: Signs, me: Principal, person: PersonId) -> OwnKeyView | None:
    if me.key is None:
        return None
    for key, _ in await signs.keys.of_person(person):
        if key.id == me.key:
            return OwnKeyView(id=key.id, name=key.name, kinds=list(key.kinds))
    raise NotFound(f"API key {me.key}")


def _features(included: Entitlements) -> EntitlementsView:
    return EntitlementsView(**msgspec.structs.asdict(included))


def _view(session: Session, me: Principal) -> SessionView:
    return SessionView(
        id=session.id,
        method=session.method,
        agent=session.agent,
        ip=session.ip,
        created_at=rfc3339(session.created_at),
        last_seen_at=rfc3339(session.last_seen_at),
        current=session.id == me.session,
    )


def _private(view: Struct) -> Response:
    body = msgspec.json.encode(view)
    return Response(body, headers=NO_STORE, media_type="application/json")


def _left(response: Response) -> Response:
    """Let the browser forget the session and what the page kept."""
    drop_cookies(response)
    response.headers["Clear-Site-Data"] = '"cookies", "storage"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _person(me: Principal) -> PersonId:
    assert me.person is not None, "account scopes are people's"
    return me.person


def _session(me: Principal) -> tuple[PersonId, str]:
    if me.session is None:
        raise Forbidden("an API key has no session to end", fix="delete the key instead")
    return _person(me), me.session
