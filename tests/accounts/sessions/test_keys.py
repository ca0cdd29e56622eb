"""API keys: made by people, used by programs; bearer, HMAC and Ed25519."""

import asyncio
import base64
import json
from typing import Any

import httpx2
import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hydradesk.accounts.contracts import ENTITLEMENTS, SCOPES_OF, scopes_of
from hydradesk.accounts.domain import keys
from hydradesk.accounts.domain.sealing import BadSeal
from hydradesk.accounts.service.keys import Wish
from hydradesk.infra.db import metadata, sql
from hydradesk.kernel.errors import Invalid
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import SECOND, TimeNs
from tests.accounts.sessions.house import Gated, ed25519_headers, hmac_headers
from tests.accounts.sessions.ring import Ring, rows

ORDER = {"symbol": "ETH-USDT", "side": "buy", "type": "market", "qty": "0.5"}


def refused(reply: httpx2.Response, status: int, code: str) -> None:
    assert (reply.status_code, reply.json()["code"]) == (status, code), reply.text


async def signed_in(gated: Gated, role: Any = "user") -> httpx2.AsyncClient:
    return gated.bearer(await gated.issue(await gated.person(role=role)))


async def test_a_bearer_key_is_made_used_and_deleted(gated: Gated) -> None:
    client = await signed_in(gated)
    key, secret = await gated.key(client)
    assert secret.startswith(key["id"] + "_") and key["prefix"] == key["id"]
    program = gated.client(Authorization=f"Bearer {secret}")
    me = (await program.get("/api/auth/me")).json()
    assert me["key"] == {"id": key["id"], "name": "bot", "kinds": ["read", "trade"]}
    assert me["session"] is None
    assert set(me["scopes"]) == scopes_of("user", ("read", "trade")) < SCOPES_OF["user"]
    assert (await program.post("/api/orders", json=ORDER)).status_code == 201
    await gated.people.keyring.callers.save_seen()
    (listed,) = (await client.get("/api/account/keys")).json()["items"]
    assert listed["last_used_at"] is not None and secret not in json.dumps(listed)
    assert (await client.delete(f"/api/account/keys/{key['id']}")).status_code == 204
    refused(await program.get("/api/auth/me"), 401, "api_key_invalid")
    refused(await client.delete(f"/api/account/keys/{key['id']}"), 404, "not_found")
    actions = await gated.audited("p-alice")
    assert [one for one, _ in actions if one.startswith("api_key")] == [
        "api_key.created",
        "api_key.deleted",
    ]


async def test_what_is_stored_of_a_key_is_of_no_use(gated: Gated) -> None:
    client = await signed_in(gated)
    secrets = [(await gated.key(client, kind=kind))[1] for kind in ("bearer", "hmac")]
    async with gated.house.databases.system.begin() as tx:
        stored = json.dumps(await rows(tx, "accounts_api_keys"))
    for one in secrets:
        assert one not in stored and one.rpartition("_")[2] not in stored


async def test_a_key_may_do_what_it_was_made_for(gated: Gated) -> None:
    client = await signed_in(gated)
    _, reading = await gated.key(client, kinds=["read"])
    program = gated.client(Authorization=f"Bearer {reading}")
    assert (await program.get("/api/orders")).status_code == 200
    refused(await program.post("/api/orders", json=ORDER), 403, "forbidden")
    refused(await program.post("/api/auth/logout-all"), 403, "forbidden")


async def test_a_key_makes_no_keys_and_has_no_session(gated: Gated) -> None:
    client = await signed_in(gated, "admin")
    _, secret = await gated.key(client, kinds=["read", "admin"])
    program = gated.client(Authorization=f"Bearer {secret}")
    body = {"name": "more", "kind": "bearer", "kinds": ["read"]}
    refused(await program.post("/api/account/keys", json=body), 403, "step_up_required")
    refused(await program.post("/api/auth/logout"), 403, "forbidden")


async def test_making_a_key_needs_a_fresh_proof(gated: Gated) -> None:
    stale = gated.bearer(await gated.issue(await gated.person(), twice=False))
    body = {"name": "bot", "kind": "bearer", "kinds": ["read"]}
    refused(await stale.post("/api/account/keys", json=body), 403, "step_up_required")
    venue = {"venue": "binance", "label": "x", "api_key": "k", "api_secret": "s"}
    refused(await stale.post("/api/account/venue-keys", json=venue), 403, "step_up_required")


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({"kinds": []}, 422),
        ({"kinds": ["read", "read"]}, 422),
        ({"kinds": ["everything"]}, 422),
        ({"kinds": ["admin"]}, 403),
        ({"kind": "magic"}, 422),
        ({"name": ""}, 422),
        ({"name": "x" * 65}, 422),
        ({"name": "a\nb"}, 422),
        ({"ips": ["everywhere"]}, 422),
        ({"ips": ["10.0.0.1/8"]}, 422),
        ({"ips": ["10.0.0.0/33"]}, 422),
        ({"ips": ["10.0.0.0/8"] * 21}, 422),
        ({"expires_at": "2020-01-01T00:00:00Z"}, 422),
        ({"expires_at": "2999-01-01T00:00:00Z"}, 422),
        ({"expires_at": "2030-01-01T00:00:00"}, 422),
        ({"expires_at": "soon"}, 422),
        ({"kind": "ed25519"}, 422),
        ({"public_key": base64.b64encode(bytes(range(32))).decode()}, 422),
        ({"kind": "ed25519", "public_key": "AAAA"}, 422),
        ({"kind": "ed25519", "public_key": "!!!"}, 422),
        ({"kind": "ed25519", "public_key": base64.b64encode(bytes(32)).decode()}, 422),
        ({"more": 1}, 422),
    ],
    ids=str,
)
async def test_a_wish_that_cannot_be_met_is_refused(
    gated: Gated, wish: dict[str, Any], status: int
) -> None:
    client = await signed_in(gated)
    body = {"name": "bot", "kind": "bearer", "kinds": ["read"]} | wish
    reply = await client.post("/api/account/keys", json=body)
    assert reply.status_code == status, reply.text
    assert (await client.get("/api/account/keys")).json()["items"] == []


async def test_a_membership_includes_so_many_keys_also_for_who_hurries(gated: Gated) -> None:
    client = await signed_in(gated)
    body = {"name": "bot", "kind": "bearer", "kinds": ["read"]}
    many = [client.post("/api/account/keys", json=body) for _ in range(8)]
    got = [reply.status_code for reply in await asyncio.gather(*many)]
    assert got.count(201) == ENTITLEMENTS["user"].api_keys == 3 and got.count(403) == 5


async def test_a_key_expires_to_the_instant(ring: Ring) -> None:
    alice = await ring.person()
    ends = TimeNs(ring.clock.now() + SECOND)
    wish = Wish(name="bot", kind="bearer", kinds=("read",), expires_at=ends)
    async with ring.db.begin() as tx:
        _, secret = await ring.keys.make(tx, alice, wish)
    assert secret is not None
    ring.clock.advance(SECOND - 1)
    assert (await ring.callers.of_key(secret.text(), "")).person == alice.id
    ring.clock.advance(1)
    with pytest.raises(keys.KeyRefused, match="expired"):
        await ring.callers.of_key(secret.text(), "")


@pytest.mark.parametrize(
    ("allowed", "ip", "passes"),
    [
        (["203.0.113.0/24"], "203.0.113.7", True),
        (["203.0.113.0/24"], "::ffff:203.0.113.7", True),
        (["203.0.113.0/24"], "203.0.114.7", False),
        (["203.0.113.7"], "203.0.113.8", False),
        (["2001:db8::/32"], "2001:db8:1::1", True),
        (["2001:db8::/32"], "2001:db9::1", False),
        (["2001:db8::/32", "203.0.113.7"], "203.0.113.7", True),
        (["203.0.113.0/24"], "", False),
        (["203.0.113.0/24"], "unix", False),
    ],
)
async def test_a_key_works_from_where_it_may(
    gated: Gated, allowed: list[str], ip: str, passes: bool
) -> None:
    client = await signed_in(gated)
    _, secret = await gated.key(client, ips=allowed)
    reply = await gated.client(ip, Authorization=f"Bearer {secret}").get("/api/auth/me")
    assert reply.status_code == (200 if passes else 403)
    assert passes or reply.json()["code"] == "ip_not_allowed"


async def test_somebody_elses_key_secret_is_refused(gated: Gated) -> None:
    client = await signed_in(gated)
    key, secret = await gated.key(client)
    other, _ = await gated.key(client)
    hashed, _ = await gated.key(client, kind="hmac")
    tail = secret.rpartition("_")[2]
    first = "A" if tail[0] != "A" else "B"
    for wrong in (
        f"{other['id']}_{tail}",
        f"{hashed['id']}_{tail}",
        f"{key['id']}_{first}{tail[1:]}",
        secret[:-1],
        secret + "A",
        f"{key['id']}_{tail.swapcase()}",
        f"{key['id']}-{tail}",
        f"hd_{'0' * 16}_{tail}",
        f"hd_{'é' * 16}_{tail}",
    ):
        program = gated.client()
        headers = {"Authorization": f"Bearer {wrong}".encode()}
        refused(await program.get("/api/auth/me", headers=headers), 401, "api_key_invalid")


class Signer:
    """A program that signs its requests, one way or the other."""

    def __init__(self, gated: Gated, kind: str, key: str, secret: Any) -> None:
        self.gated, self.kind, self.key, self.secret = gated, kind, key, secret
        self.client = gated.client()

    def headers(self, method: str, target: str, body: bytes = b"", at: int = 0) -> dict[str, str]:
        sign: Any = hmac_headers if self.kind == "hmac" else ed25519_headers
        made: dict[str, str] = sign(
            self.key, self.secret, self.gated.now_ms() + at, method, target, body
        )
        return made


@pytest.fixture(params=["hmac", "ed25519"])
async def signer(request: pytest.FixtureRequest, gated: Gated) -> Signer:
    client = await signed_in(gated)
    if request.param == "hmac":
        key, secret = await gated.key(client, kind="hmac")
        assert secret.startswith("hds_")
        return Signer(gated, "hmac", key["id"], secret)
    private = Ed25519PrivateKey.generate()
    public = base64.b64encode(private.public_key().public_bytes_raw()).decode()
    key, nothing = await gated.key(client, kind="ed25519", public_key=public)
    assert nothing is None
    return Signer(gated, "ed25519", key["id"], private)


async def test_signed_requests_are_their_keys_owner(signer: Signer) -> None:
    target = "/api/orders?limit=5&state=filled"
    reply = await signer.client.get(target, headers=signer.headers("GET", target))
    assert reply.status_code == 200, reply.text
    body = json.dumps(ORDER).encode()
    headers = signer.headers("POST", "/api/orders", body) | {"Content-Type": "application/json"}
    reply = await signer.client.post("/api/orders", content=body, headers=headers)
    assert reply.status_code == 201, reply.text


async def test_each_signed_request_counts_once(signer: Signer) -> None:
    body = json.dumps(ORDER).encode()
    headers = signer.headers("POST", "/api/orders", body) | {"Content-Type": "application/json"}
    many = [signer.client.post("/api/orders", content=body, headers=headers) for _ in range(5)]
    replies = await asyncio.gather(*many)
    assert sorted(one.status_code for one in replies) == [201, 401, 401, 401, 401]
    assert {one.json().get("code") for one in replies} == {None, "request_replayed"}


async def test_what_was_signed_is_what_is_done(signer: Signer) -> None:
    body = json.dumps(ORDER).encode()
    kind = {"Content-Type": "application/json"}
    good = signer.headers("POST", "/api/orders", body) | kind
    post = signer.client.post
    more = json.dumps(ORDER | {"qty": "5"}).encode()
    refused(await post("/api/orders", content=more, headers=good), 401, "signature_invalid")
    refused(await post("/api/orders?x=1", content=body, headers=good), 401, "signature_invalid")
    refused(await post("/api/risk/halt", content=body, headers=good), 401, "signature_invalid")
    get = await signer.client.request("GET", "/api/orders", content=body, headers=good)
    refused(get, 401, "signature_invalid")
    later = good | {"X-HD-Timestamp": str(int(good["X-HD-Timestamp"]) + 1)}
    refused(await post("/api/orders", content=body, headers=later), 401, "signature_invalid")
    upper = good | {"X-HD-Signature": good["X-HD-Signature"].upper()}
    refused(await post("/api/orders", content=body, headers=upper), 401, "signature_invalid")
    for wrong in ("", "00", "zz" * 32, "0" * 128, "0" * 64, good["X-HD-Signature"][:-2]):
        bad = good | {"X-HD-Signature": wrong}
        refused(await post("/api/orders", content=body, headers=bad), 401, "signature_invalid")
    assert (await post("/api/orders", content=body, headers=good)).status_code == 201


@pytest.mark.parametrize("off", [-300_000, -5_500, 5_500, 300_000])
async def test_a_wrong_clock_is_refused(signer: Signer, off: int) -> None:
    headers = signer.headers("GET", "/api/orders", at=off)
    refused(await signer.client.get("/api/orders", headers=headers), 401, "timestamp_invalid")
    near = signer.headers("GET", "/api/orders", at=4_000 if off > 0 else -4_000)
    assert (await signer.client.get("/api/orders", headers=near)).status_code == 200


@pytest.mark.parametrize("stamp", ["", "now", "-1", "1e12", "1750723200.5", "9" * 400, "١٢٣"])
async def test_a_time_that_is_none_is_refused(signer: Signer, stamp: str) -> None:
    headers: dict[str, Any] = signer.headers("GET", "/api/orders")
    headers["X-HD-Timestamp"] = stamp.encode()
    refused(await signer.client.get("/api/orders", headers=headers), 401, "timestamp_invalid")


async def test_a_key_signs_only_for_itself_and_its_kind(gated: Gated) -> None:
    client = await signed_in(gated)
    one, secret = await gated.key(client, kind="hmac")
    other, _ = await gated.key(client, kind="hmac")
    bearer, shown = await gated.key(client)
    program = gated.client()
    for key, used, code in (
        (other["id"], secret, "signature_invalid"),
        (bearer["id"], shown, "api_key_invalid"),
        ("hd_0000000000000000", secret, "api_key_invalid"),
        ("../../etc/passwd", secret, "api_key_invalid"),
        ("x' OR '1'='1", secret, "api_key_invalid"),
        ("", secret, "api_key_invalid"),
    ):
        headers = hmac_headers(key, used, gated.now_ms(), "GET", "/api/orders")
        refused(await program.get("/api/orders", headers=headers), 401, code)
    # the secret of a signing key is no bearer key
    headers = {"Authorization": f"Bearer {one['id']}_{secret[4:]}"}
    refused(await program.get("/api/auth/me", headers=headers), 401, "api_key_invalid")


async def test_a_suspended_owner_takes_every_key_along(gated: Gated) -> None:
    client = await signed_in(gated)
    _, secret = await gated.key(client)
    program = gated.client(Authorization=f"Bearer {secret}")
    assert (await program.get("/api/auth/me")).status_code == 200
    async with gated.house.databases.system.begin() as tx:
        alice = await gated.people.store.locked(tx, PersonId("p-alice"))
        gone = msgspec.structs.replace(alice, status="suspended", version=alice.version + 1)
        await gated.people.store.save(tx, gone, gated.house.clocks.wall.now())
    refused(await program.get("/api/auth/me"), 401, "api_key_invalid")
    refused(await client.get("/api/auth/me"), 401, "session_ended")


async def test_a_key_is_not_shown_again_by_repeating(gated: Gated) -> None:
    client = await signed_in(gated)
    body = {"name": "bot", "kind": "hmac", "kinds": ["read"]}
    headers = {"Idempotency-Key": "k-1"}
    first = await client.post("/api/account/keys", json=body, headers=headers)
    assert first.status_code == 201
    again = await client.post("/api/account/keys", json=body, headers=headers)
    refused(again, 409, "shown_once")
    bob = gated.bearer(await gated.issue(await gated.person("bob")))
    his = await bob.post("/api/account/keys", json=body, headers=headers)
    assert his.status_code == 201 and his.json()["secret"] != first.json()["secret"]
    assert len((await client.get("/api/account/keys")).json()["items"]) == 1


async def test_public_keys_come_in_every_usual_dress() -> None:
    public = Ed25519PrivateKey.generate().public_key()
    raw = public.public_bytes_raw()
    pem = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()
    text = base64.b64encode(raw).decode()
    dressed = (pem, pem.replace("\n", "\r\n"), text, text.rstrip("="))
    read = {keys.public_key_of(one) for one in (*dressed, base64.urlsafe_b64encode(raw).decode())}
    assert len(read) == 1 and keys.public_bytes(read.pop()) == raw
    for point in keys.SMALL_ORDER:
        for sign in (0, 0x80):
            data = bytearray(bytes.fromhex(point))
            data[31] |= sign
            with pytest.raises(Invalid):
                keys.public_key_of(base64.b64encode(bytes(data)).decode())


VENUE = {
    "venue": "binance",
    "label": "main",
    "api_key": "k-canary-of-a-venue-1234",
    "api_secret": "s-canary-of-a-venue",
    "passphrase": "p-canary-of-a-venue",
}


async def test_venue_keys_are_sealed_masked_and_removed(gated: Gated) -> None:
    client = await signed_in(gated)
    reply = await client.post("/api/account/venue-keys", json=VENUE)
    assert reply.status_code == 201, reply.text
    made = reply.json()
    assert made["api_key"] == "…1234" and "canary" not in reply.text
    listed = await client.get("/api/account/venue-keys")
    assert listed.json()["items"] == [made]
    refused(await client.post("/api/account/venue-keys", json=VENUE), 409, "conflict")
    keyring = gated.people.keyring
    async with gated.house.databases.system.begin() as tx:
        stored = await rows(tx, "accounts_venue_keys")
        assert "canary" not in json.dumps(stored)
        mine = await keyring.venues.opened(tx, stored[0]["person"], made["id"])
        assert {name: one.text() for name, one in mine.items()} == {
            name: VENUE[name] for name in ("api_key", "api_secret", "passphrase")
        }
        table = metadata.tables["accounts_venue_keys"]
        await sql(tx).execute(table.update().values(id="vk-elsewhere"))
        with pytest.raises(BadSeal):
            await keyring.venues.opened(tx, stored[0]["person"], "vk-elsewhere")
        await sql(tx).execute(table.update().values(id=made["id"]))
    bob = gated.bearer(await gated.issue(await gated.person("bob")))
    path = f"/api/account/venue-keys/{made['id']}"
    refused(await bob.delete(path), 404, "not_found")
    assert (await client.delete(path)).status_code == 204
    assert (await client.get("/api/account/venue-keys")).json()["items"] == []
