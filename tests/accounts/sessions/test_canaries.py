"""Secrets planted everywhere in a running desk, then looked for in all it wrote and said."""

import base64
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pyotp import TOTP

from hydradesk.infra.postgres import PostgresServer
from tests.accounts.sessions.house import hmac_headers
from tests.flow.desk_process import ROOT, DeskProcess

KEK = base64.b64encode(secrets.token_bytes(32)).decode()


class Guarded(DeskProcess):
    """A desk that asks who is calling."""

    demo = False


class Spy:
    """Asks, remembers every answer, and knows what was secret by then."""

    def __init__(self, desk: DeskProcess) -> None:
        self.desk = desk
        self.canaries: dict[str, str] = {"kek": KEK}
        self.answers: list[tuple[str, str]] = []

    def plant(self, name: str) -> str:
        """A new secret of our own."""
        self.canaries[name] = f"canary-{name}-{secrets.token_hex(12)}"
        return self.canaries[name]

    def given(self, name: str, value: str) -> str:
        """A secret that the desk made and has just shown."""
        assert len(value) >= 8, (name, value)
        self.canaries[name] = value
        return value

    def ask(self, method: str, path: str, *, shows: bool = False, **more: Any) -> httpx2.Response:
        """One request; `shows`: its answer is the one place where a secret is shown."""
        reply = self.desk.client.request(method, path, **more)
        if not shows:
            self.answers.append((f"{method} {path} {reply.status_code}", _said(reply)))
        return reply


def _said(reply: httpx2.Response) -> str:
    return f"{reply.text}\n{reply.headers!r}"


@pytest.fixture(scope="module")
def spied() -> Iterator[tuple[Spy, Path]]:
    folder = Path(tempfile.mkdtemp(prefix="hydradesk-canary-", dir="/var/tmp"))
    folder.chmod(0o755)
    settings = {
        "HYDRADESK_KEK_SOURCE": "env",
        "HYDRADESK_KEK": KEK,
        "HYDRADESK_CAPTCHA_DIFFICULTY": "0",
        "HYDRADESK_ARGON2_MEMORY_KIB": "8192",
        "HYDRADESK_ARGON2_PASSES": "1",
        "HYDRADESK_LOG_LEVEL": "DEBUG",
    }
    desk = Guarded(folder, "--feed", "simulated", **settings)
    desk.start()
    spy = Spy(desk)
    try:
        live(spy)
        rotate(spy, folder, settings)
        assert desk.stop() == 0
        yield spy, folder
    finally:
        desk.end()
        shutil.rmtree(folder, ignore_errors=True)


def live(spy: Spy) -> None:
    """A person's life at the desk, with everything that can go wrong."""
    access = sign_up(spy)
    bearer = {"Authorization": f"Bearer {access}"}
    step_up = {"password": spy.canaries["password"]}
    assert spy.ask("POST", "/api/auth/step-up", json=step_up, headers=bearer).status_code == 200
    wrong_inputs(spy, bearer)
    keys(spy, bearer)
    venues(spy, bearer)
    hooks(spy, bearer)
    factors(spy, bearer)
    for path in ("/api/auth/me", "/api/account/keys", "/api/account/venue-keys", "/metrics"):
        spy.ask("GET", path, headers=bearer)
    for path in ("/api/account/sessions", "/api/account/credentials", "/api/account/audit"):
        spy.ask("GET", path, headers=bearer)
    spy.ask("GET", "/api/account/export", headers=bearer)
    spy.ask("GET", "/api/webhooks/subscriptions", headers=bearer)


def sign_up(spy: Spy) -> str:
    password = spy.plant("password")
    who = {"email": "alice@desk.example", "password": password, "name": "Alice"}
    reply = spy.ask("POST", "/api/auth/register", json=who, shows=True)
    assert reply.status_code == 201, reply.text
    first = reply.json()
    spy.given("first access token", first["access_token"])
    spy.given("first refresh token", first["refresh_token"])
    wrong = {"email": who["email"], "password": spy.plant("wrong-password")}
    assert spy.ask("POST", "/api/auth/login", json=wrong).status_code == 401
    once = {"refresh_token": first["refresh_token"]}
    headers = {"Idempotency-Key": "canary-1"}
    reply = spy.ask("POST", "/api/auth/refresh", json=once, headers=headers, shows=True)
    assert reply.status_code == 200, reply.text
    spy.given("second refresh token", reply.json()["refresh_token"])
    again = spy.ask("POST", "/api/auth/refresh", json=once, headers=headers)
    assert again.status_code == 409, again.text
    return spy.given("second access token", reply.json()["access_token"])


def wrong_inputs(spy: Spy, bearer: dict[str, str]) -> None:
    """Secrets where they do not belong, in every kind of error."""
    for name, path, body in (
        ("misplaced", "/api/auth/login", {"email": 5, "password": [spy.plant("misplaced")]}),
        ("extra", "/api/auth/login", {"email": "a@b.c", "secret": spy.plant("extra")}),
        ("unknown", "/api/account/venue-keys", {"api_secret": spy.plant("unknown"), "venue": 1}),
        ("long", "/api/account/venue-keys", {"passphrase": spy.plant("long") + "x" * 5000}),
        ("name", "/api/account/keys", {"kind": spy.plant("name")}),
    ):
        reply = spy.ask("POST", path, json=body, headers=bearer)
        assert reply.status_code in (401, 413, 422), (name, reply.text)
    broken = f'{{"password": "{spy.plant("broken")}"'
    kind = {"Content-Type": "application/json"}
    assert spy.ask("POST", "/api/auth/login", content=broken, headers=kind).status_code == 422
    token = spy.plant("query")
    spy.ask("GET", f"/api/markets?token={token}&access_token={token}")
    spy.ask("GET", f"/api/candles?symbol=ETH-USDT&timeframe=1m&api_key={token}")
    for name, headers in (
        ("authorization", {"Authorization": "Bearer {}"}),
        ("basic", {"Authorization": "Basic {}"}),
        ("cookie", {"Cookie": "__Host-desk={}; other=1"}),
        ("signature", {"X-HD-Key": "hd_0000000000000000", "X-HD-Signature": "{}"}),
        ("keyname", {"X-HD-Key": "{}", "X-HD-Timestamp": "1"}),
    ):
        planted = spy.plant(name)
        sent = {key: value.replace("{}", planted) for key, value in headers.items()}
        assert spy.ask("GET", "/api/auth/me", headers=sent).status_code == 401


def keys(spy: Spy, bearer: dict[str, str]) -> None:
    for kind in ("bearer", "hmac"):
        wish = {"name": kind, "kind": kind, "kinds": ["read"]}
        headers = bearer | {"Idempotency-Key": f"key-{kind}"}
        reply = spy.ask("POST", "/api/account/keys", json=wish, headers=headers, shows=True)
        assert reply.status_code == 201, reply.text
        spy.given(f"{kind} key", reply.json()["secret"])
        spy.canaries[f"{kind} key, bare"] = reply.json()["secret"][-32:]
        assert spy.ask("POST", "/api/account/keys", json=wish, headers=headers).status_code == 409
    name, secret = reply.json()["key"]["id"], spy.canaries["hmac key"]
    signed = hmac_headers(name, secret, int(time.time() * 1000), "GET", "/api/orders")
    assert spy.ask("GET", "/api/orders", headers=signed).status_code == 200
    assert spy.ask("GET", "/api/orders", headers=signed).status_code == 401
    used = {"Authorization": f"Bearer {spy.canaries['bearer key']}"}
    assert spy.ask("GET", "/api/auth/me", headers=used).status_code == 200


def venues(spy: Spy, bearer: dict[str, str]) -> None:
    body = {
        "venue": "binance",
        "label": "main",
        "api_key": spy.plant("venue-key"),
        "api_secret": spy.plant("venue-secret"),
        "passphrase": spy.plant("venue-passphrase"),
    }
    for status in (201, 409):  # the second time the label is taken
        reply = spy.ask("POST", "/api/account/venue-keys", json=body, headers=bearer)
        assert reply.status_code == status, reply.text


def hooks(spy: Spy, bearer: dict[str, str]) -> None:
    body = {"url": "https://93.184.216.34/desk", "events": ["orders"]}
    reply = spy.ask("POST", "/api/webhooks/subscriptions", json=body, headers=bearer, shows=True)
    assert reply.status_code == 201, reply.text
    secret = spy.given("webhook secret", reply.json()["secret"])
    spy.canaries["webhook secret, bare"] = secret.removeprefix("whsec_")


def factors(spy: Spy, bearer: dict[str, str]) -> None:
    reply = spy.ask("POST", "/api/account/totp", headers=bearer, shows=True)
    assert reply.status_code in (200, 201), reply.text
    seed = spy.given("totp seed", reply.json()["secret"])
    wrong = {"code": "000000"}
    spy.ask("POST", "/api/account/totp/confirm", json=wrong, headers=bearer)
    code = {"code": TOTP(seed).now()}
    reply = spy.ask("POST", "/api/account/totp/confirm", json=code, headers=bearer, shows=True)
    assert reply.status_code == 200, reply.text
    for number, one in enumerate(reply.json()["recovery_codes"]):
        spy.given(f"recovery code {number}", one)


def rotate(spy: Spy, folder: Path, settings: dict[str, str]) -> None:
    """The command line beside the running desk."""
    for more in (["--data-key"], ["--signing"]):
        done = subprocess.run(
            [sys.executable, "-m", "hydradesk", "keys", "rotate", *more, "--data-dir", str(folder)],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT / "src")} | settings,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        spy.answers.append((" ".join(more), done.stdout + done.stderr))
    used = {"Authorization": f"Bearer {spy.canaries['bearer key']}"}
    assert spy.ask("GET", "/api/auth/me", headers=used).status_code == 200
    token = {"Authorization": f"Bearer {spy.canaries['second access token']}"}
    assert spy.ask("GET", "/api/auth/me", headers=token).status_code == 200


def shapes(secret: str) -> list[bytes]:
    """A secret as it may have been written: plain, in hex, in base64."""
    plain = secret.encode()
    shapes = [plain, plain.hex().encode(), base64.b64encode(plain).rstrip(b"=")]
    if len(secret) == 32 and secret.isalnum() and secret.isupper():
        shapes.append(base64.b32decode(secret))  # a seed, as its bytes
    return shapes


def leaks(canaries: dict[str, str], text: bytes) -> list[str]:
    return [name for name, one in canaries.items() if any(shape in text for shape in shapes(one))]


def test_the_search_finds_what_is_there() -> None:
    planted = {"a": "canary-a-123456"}
    for shape in shapes(planted["a"]):
        assert leaks(planted, b"log line " + shape + b" end") == ["a"]
    assert leaks(planted, b"canary-a-12345") == []


def test_every_kind_of_secret_was_planted(spied: tuple[Spy, Path]) -> None:
    names = set(spied[0].canaries)
    assert {
        "kek",
        "password",
        "second access token",
        "second refresh token",
        "bearer key",
        "hmac key",
        "venue-secret",
        "totp seed",
        "webhook secret",
        "recovery code 0",
    } <= names
    assert len(names) >= 30 and len(spied[0].answers) >= 30


def test_no_answer_shows_a_secret_again(spied: tuple[Spy, Path]) -> None:
    spy, _ = spied
    for what, said in spy.answers:
        assert leaks(spy.canaries, said.encode()) == [], what


def test_no_file_of_the_desk_holds_a_secret(spied: tuple[Spy, Path]) -> None:
    spy, folder = spied
    files = [one for one in folder.rglob("*") if one.is_file()]
    assert any("desk.log" in one.name for one in files) and len(files) > 100
    for file in files:
        assert leaks(spy.canaries, file.read_bytes()) == [], file


def test_no_row_of_the_database_holds_a_secret(spied: tuple[Spy, Path]) -> None:
    """The rows as text, besides the raw files above, where long ones are compressed."""
    spy, folder = spied
    server = PostgresServer(folder)
    server.start()
    try:
        dump = subprocess.run(
            [server.program("pg_dump"), "--inserts", "--no-owner"],
            env=server.environment(),
            capture_output=True,
            check=True,
        ).stdout
    finally:
        server.stop()
    assert b"alice@desk.example" in dump and b"accounts_venue_keys" in dump and b"v1." in dump
    assert leaks(spy.canaries, dump) == []
    assert json.dumps(spy.canaries["venue-secret"]).encode() not in dump
