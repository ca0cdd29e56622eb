"""The whole desk without --demo: people come in by the front door, and only as themselves."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from hydradesk.accounts.service.wallets import Offer
from hydradesk.app.settings import Settings
from hydradesk.app.wiring import Clocks, Databases, House, Outsiders
from hydradesk.doors.gateway.app import build
from hydradesk.infra.clock import DeskClock, SystemClock
from hydradesk.infra.db import Database
from hydradesk.kernel.time import parse_time
from tests.accounts.authenticator import Authenticator
from tests.accounts.room import Wallet
from tests.doors.conftest import bars
from tests.market.conftest import ListFeed

ORIGIN = "http://localhost:8000"
PASSWORD = "correct horse battery"


@pytest.fixture
async def door(db: Database, app_db: Database, tmp_path: Path) -> AsyncIterator[Any]:
    wall = SystemClock()
    settings = Settings(
        data_dir=tmp_path,
        feed="replay",
        speed=3600,
        captcha_difficulty=0,
        argon2_memory_kib=64,
        argon2_passes=1,
        rate_limits='{"anonymous": "off", "user": "off"}',
    )
    clocks = Clocks(DeskClock(wall), wall)
    house = House(settings, Databases(app_db, db), clocks, Outsiders(ListFeed(bars()), None))
    await house.people.start()
    await house.bus.load()
    await house.market.start()
    yield lambda: httpx2.AsyncClient(
        transport=httpx2.ASGITransport(build(house.door()), raise_app_exceptions=False),
        base_url=f"{ORIGIN}/api",
    )
    await house.people.stop()


async def by_wallet(client: httpx2.AsyncClient, wallet: Wallet, **more: Any) -> Any:
    said = (await client.get(f"/auth/{wallet.kind}/nonce")).json()
    times = {name: parse_time(said.pop(name)) for name in ("issued_at", "expires_at")}
    text = wallet.message(Offer(**said, **times))
    body = {"message": text, "signature": wallet.sign(text)} | more
    return await client.post(f"/auth/{wallet.kind}/verify", json=body)


@pytest.mark.parametrize("kind", ["siwe", "siws"])
async def test_a_wallet_comes_in_and_is_known(door: Any, kind: str) -> None:
    async with door() as client:
        assert (await client.get("/auth/me")).status_code == 401
        reply = await by_wallet(client, Wallet(kind))
        assert reply.status_code == 200, reply.text
        said = reply.json()
        client.headers["Authorization"] = f"Bearer {said['access_token']}"
        me = (await client.get("/auth/me")).json()
        assert me["person"]["id"] == said["person"]["id"] and not me["second_factor"]
        (credential,) = (await client.get("/account/credentials")).json()["items"]
        assert credential["detail"] == Wallet(kind).address
        again = await by_wallet(client, Wallet(kind))
        assert again.json()["person"]["id"] == said["person"]["id"]


async def test_the_page_comes_in_with_cookies_and_a_token_against_forgery(door: Any) -> None:
    async with door() as client:
        client._base_url = httpx2.URL("https://localhost:8000/api/")
        joined = await client.post(
            "/auth/register",
            json={"email": "a@desk.example", "password": PASSWORD, "session": "cookie"},
        )
        assert joined.status_code == 201, joined.text
        assert (await client.get("/auth/me")).json()["person"]["email"] == "a@desk.example"
        body = {"current": PASSWORD, "password": "another good one, longer"}
        forged = await client.put("/account/password", json=body)
        assert forged.json()["code"] == "csrf_failed"
        client.headers["X-CSRF-Token"] = joined.json()["csrf"]
        early = await client.put("/account/password", json=body)
        assert early.json()["code"] == "step_up_required"
        fresh = await client.post("/auth/step-up", json={"password": PASSWORD})
        assert fresh.status_code == 200, fresh.text
        assert (await client.put("/account/password", json=body)).status_code == 204


async def test_from_password_to_app_and_passkey(door: Any) -> None:
    from hydradesk.accounts.domain import otp
    from hydradesk.infra.clock import SystemClock

    async with door() as client:

        async def post(path: str, status: int = 200, **body: Any) -> Any:
            reply = await client.post(path, json=body)
            assert reply.status_code == status, reply.text
            return reply.json()

        login = {"email": "a@desk.example", "password": PASSWORD}
        joined = await post("/auth/register", 201, **login)
        client.headers["Authorization"] = f"Bearer {joined['access_token']}"
        await post("/account/totp", 403)
        await post("/auth/step-up", password=PASSWORD)
        made = await post("/account/totp")
        assert len(made["modules"]) == len(made["modules"][0]) >= 21
        step = otp.step_at(SystemClock().now())
        codes = await post("/account/totp/confirm", code=otp.code_at(made["secret"], step))
        asked = await post("/account/passkeys/options")
        device = Authenticator(ORIGIN)
        answer = device.make(asked["options"])
        passkey = await post(
            "/account/passkeys", 201, id=asked["id"], credential=answer, label="phone"
        )
        assert passkey["kind"] == "passkey" and passkey["detail"] == ""
        factors = (await client.get("/account/factors")).json()
        assert factors == {"totp": True, "passkeys": 1, "recovery_codes_left": 10}

        del client.headers["Authorization"]
        needed = await post("/auth/login", **login)
        assert needed["status"] == "factor_needed" and needed["person"] is None
        assert set(needed["factors"]) == {"totp", "recovery", "passkey"}
        wrong = await post("/auth/factor", 401, ticket=needed["ticket"], code="000000")
        assert wrong["code"] == "factor_invalid"
        code = codes["recovery_codes"][0]
        done = await post("/auth/factor", ticket=needed["ticket"], recovery_code=code)
        assert done["status"] == "signed_in"
        used = await post("/auth/factor", 401, ticket=needed["ticket"], recovery_code=code)
        assert used["code"] == "ticket_invalid"

        asked = await post("/auth/passkeys/options")
        shown = device.show(asked["options"])
        alone = await post("/auth/passkeys/verify", id=asked["id"], credential=shown)
        assert alone["person"]["id"] == joined["person"]["id"]
        client.headers["Authorization"] = f"Bearer {alone['access_token']}"
        assert (await client.get("/auth/me")).json()["session"]["fresh_until"]
        assert (await client.delete("/account/totp")).status_code == 204


async def test_how_one_may_sign_in_is_said(door: Any) -> None:
    async with door() as client:
        said = (await client.get("/auth/methods")).json()
        assert not said["demo"] and said["sign_up"] and not said["captcha"]
        kinds = [one["kind"] for one in said["methods"]]
        assert kinds == ["siws", "siwe", "passkey", "password"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"message": "hello", "signature": ""}, 422, "message_malformed"),
        ({"message": "", "signature": ""}, 422, "message_malformed"),
        ({"message": "x" * 5000, "signature": ""}, 422, "message_malformed"),
        ({"message": "x" * 20_000, "signature": ""}, 422, "invalid"),
        ({"message": 5, "signature": ""}, 422, "invalid"),
        ({"message": "hello"}, 422, "invalid"),
        ({"message": "hello", "signature": "", "admin": True}, 422, "invalid"),
        ({"message": "hello", "signature": "';--"}, 422, "invalid"),
        ({"message": "a\0b", "signature": ""}, 422, "message_malformed"),
    ],
)
async def test_malformed_and_wrong_are_told_apart(
    door: Any, body: dict[str, Any], status: int, code: str
) -> None:
    async with door() as client:
        for kind in ("siwe", "siws"):
            reply = await client.post(f"/auth/{kind}/verify", json=body)
            assert (reply.status_code, reply.json()["code"]) == (status, code), reply.text
            other = Wallet(kind, 2)
            signed = other.sign("something else")
            wrong = await by_wallet(client, Wallet(kind), signature=signed)
            assert (wrong.status_code, wrong.json()["code"]) == (401, "signature_invalid")
