"""At the door: cookies and what protects them, bearer tokens, the routes of sessions."""

from typing import Any

import httpx2
import pytest

from hydradesk.accounts.contracts import DESK_CHAIN, SCOPES_OF, Secret
from tests.accounts.sessions.house import ACCESS, CSRF, REFRESH, Gated

ORDER = {"symbol": "ETH-USDT", "side": "buy", "type": "market", "qty": "0.5"}


def refused(reply: httpx2.Response, status: int, code: str) -> None:
    assert (reply.status_code, reply.json()["code"]) == (status, code), reply.text


async def test_a_stranger_looks_at_the_market_and_at_nothing_else(gated: Gated) -> None:
    nobody = gated.client()
    assert (await nobody.get("/api/markets")).status_code == 200
    assert (await nobody.get("/api/auth/jwks")).status_code == 200
    for path in ("/api/auth/me", "/api/account/sessions", "/api/orders", "/api/portfolio"):
        refused(await nobody.get(path), 401, "unauthenticated")
    refused(await nobody.post("/api/orders", json=ORDER), 401, "unauthenticated")


async def test_a_program_with_a_token_is_who_signed_in(gated: Gated) -> None:
    alice = await gated.person()
    issued = await gated.issue(alice)
    client = gated.bearer(issued)
    me = (await client.get("/api/auth/me")).json()
    assert me["person"]["id"] == alice.id and me["session"]["id"] == issued.session
    assert me["key"] is None and set(me["scopes"]) == SCOPES_OF["user"]
    assert me["features"]["api_keys"] == 3 and me["second_factor"] is False
    placed = await client.post("/api/orders", json=ORDER)  # no CSRF token needed
    assert placed.status_code == 201, placed.text


async def test_a_page_writes_only_with_its_own_csrf_token(gated: Gated) -> None:
    alice = await gated.person()
    issued, other = await gated.issue(alice), await gated.issue(alice)
    page = gated.page(issued)
    assert (await page.get("/api/auth/me")).json()["session"]["id"] == issued.session
    assert (await page.post("/api/orders", json=ORDER)).status_code == 201
    bare = gated.page(issued, csrf=False)
    assert (await bare.get("/api/auth/me")).status_code == 200, "reading needs none"
    refused(await bare.post("/api/orders", json=ORDER), 403, "csrf_failed")
    for wrong in ("", "x", issued.csrf + "x", issued.csrf[:-1], other.csrf):
        headers = {"X-CSRF-Token": wrong}
        refused(await bare.post("/api/orders", json=ORDER, headers=headers), 403, "csrf_failed")
    # a planted cookie that agrees with a planted header is still not this session's
    planted = gated.page(issued, csrf=False)
    planted.cookies.set(CSRF, other.csrf, domain="localhost.local")
    headers = {"X-CSRF-Token": other.csrf}
    refused(await planted.post("/api/orders", json=ORDER, headers=headers), 403, "csrf_failed")


async def test_a_foreign_page_writes_nothing_whatever_it_knows(gated: Gated) -> None:
    issued = await gated.issue(await gated.person())
    page = gated.page(issued)
    headers = {"Origin": "https://attacker.example"}
    refused(await page.post("/api/orders", json=ORDER, headers=headers), 403, "foreign_origin")


async def test_a_bearer_token_wins_over_cookies(gated: Gated) -> None:
    alice, bob = await gated.person(), await gated.person("bob")
    page = gated.page(await gated.issue(alice))
    his = (await gated.issue(bob)).access.text()
    me = await page.get("/api/auth/me", headers={"Authorization": f"Bearer {his}"})
    assert me.json()["person"]["id"] == bob.id
    wrong = await page.get("/api/auth/me", headers={"Authorization": "Bearer nonsense"})
    refused(wrong, 401, "access_token_invalid")


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Basic YWxpY2U6c2VjcmV0"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": ""},
        {"Authorization": "nonsense"},
        {"Authorization": "Bearer hd_"},
        {"Cookie": f"{ACCESS}=nonsense"},
        {"Cookie": f"{ACCESS}="},
    ],
    ids=str,
)
async def test_nonsense_is_refused_but_hides_no_public_page(
    gated: Gated, headers: dict[str, str]
) -> None:
    client = gated.client()
    assert (await client.get("/api/markets", headers=headers)).status_code == 200
    reply = await client.get("/api/auth/me", headers=headers)
    assert reply.status_code == 401
    assert reply.json()["code"] in ("access_token_invalid", "api_key_invalid")


async def test_what_comes_twice_is_refused(gated: Gated) -> None:
    mine = await gated.issue(await gated.person())
    his = await gated.issue(await gated.person("bob"))
    client = gated.client()
    tokens = [mine.access.text(), his.access.text()]
    twice: list[tuple[str, str]] = [("Authorization", f"Bearer {one}") for one in tokens]
    refused(await client.get("/api/auth/me", headers=twice), 401, "access_token_invalid")
    cookies = {"Cookie": "; ".join(f"{ACCESS}={one}" for one in tokens)}
    refused(await client.get("/api/auth/me", headers=cookies), 401, "access_token_invalid")


async def test_refreshing_by_cookie_sets_the_next_ones(gated: Gated) -> None:
    issued = await gated.issue(await gated.person())
    page = gated.page(issued)
    reply = await page.post("/api/auth/refresh", json={"session": "cookie"})
    assert reply.status_code == 200, reply.text
    body = reply.json()
    assert body["access_token"] is body["refresh_token"] is None and body["csrf"] == issued.csrf
    assert reply.headers["cache-control"] == "no-store"
    given = {line.split("=")[0]: line for line in reply.headers.get_list("set-cookie")}
    assert set(given) == {ACCESS, REFRESH, CSRF}
    for name, line in given.items():
        said = line.lower()
        assert "; secure" in said and "samesite=strict" in said and "domain" not in said
        assert ("httponly" in said) == (name != CSRF)
        assert f"path={'/api/auth' if name == REFRESH else '/'};" in said
    before = issued.access.text()
    page.cookies.set(
        ACCESS, given[ACCESS].split(";")[0].partition("=")[2], domain="localhost.local"
    )
    assert page.cookies[ACCESS] != before
    assert (await page.get("/api/auth/me")).status_code == 200


async def test_refreshing_by_cookie_needs_the_csrf_token_too(gated: Gated) -> None:
    issued = await gated.issue(await gated.person())
    bare = gated.page(issued, csrf=False)
    for headers in ({}, {"X-CSRF-Token": "x"}):
        reply = await bare.post("/api/auth/refresh", json={"session": "cookie"}, headers=headers)
        refused(reply, 403, "csrf_failed")
    reply = await gated.page(issued).post("/api/auth/refresh", json={"session": "cookie"})
    assert reply.status_code == 200, "nothing was used up"


async def test_refreshing_by_token(gated: Gated) -> None:
    issued = await gated.issue(await gated.person())
    client = gated.client()
    first = await client.post("/api/auth/refresh", json={"refresh_token": issued.refresh.text()})
    body = first.json()
    assert first.status_code == 200 and body["status"] == "signed_in"
    assert not first.headers.get_list("set-cookie")
    headers = {"Authorization": f"Bearer {body['access_token']}"}
    assert (await client.get("/api/auth/me", headers=headers)).status_code == 200
    again = await client.post("/api/auth/refresh", json={"refresh_token": issued.refresh.text()})
    refused(again, 401, "refresh_token_reused")
    refused(await client.get("/api/auth/me", headers=headers), 401, "session_ended")
    refused(await client.post("/api/auth/refresh", json={}), 401, "refresh_token_invalid")
    wrong: list[Any] = [{"refresh_token": "x" * 65}, {"refresh_token": 1}, {"more": 1}, []]
    for one in wrong:
        assert (await client.post("/api/auth/refresh", json=one)).status_code == 422


async def test_a_refresh_is_not_answered_again_from_memory(gated: Gated) -> None:
    issued = await gated.issue(await gated.person())
    client = gated.client(**{"Idempotency-Key": "r-1"})
    body = {"refresh_token": issued.refresh.text()}
    first = await client.post("/api/auth/refresh", json=body)
    assert first.status_code == 200
    again = await client.post("/api/auth/refresh", json=body)
    refused(again, 409, "shown_once")
    assert first.json()["refresh_token"] not in again.text


async def test_signing_out_ends_the_session_and_clears_the_browser(gated: Gated) -> None:
    issued = await gated.issue(await gated.person())
    page = gated.page(issued)
    reply = await page.post("/api/auth/logout")
    assert reply.status_code == 204
    assert reply.headers["clear-site-data"] == '"cookies", "storage"'
    dropped = {line.split("=")[0] for line in reply.headers.get_list("set-cookie")}
    assert dropped == {ACCESS, REFRESH, CSRF}
    refused(await gated.bearer(issued).get("/api/auth/me"), 401, "session_ended")


async def test_signing_out_everywhere(gated: Gated) -> None:
    alice = await gated.person()
    many = [await gated.issue(alice) for _ in range(3)]
    reply = await gated.bearer(many[0]).post("/api/auth/logout-all")
    assert reply.json() == {"closed": 3} and "clear-site-data" in reply.headers
    for one in many:
        refused(await gated.bearer(one).get("/api/auth/me"), 401, "session_ended")


async def test_devices_are_listed_and_signed_out_one_by_one(gated: Gated) -> None:
    alice, bob = await gated.person(), await gated.person("bob")
    here, there = await gated.issue(alice), await gated.issue(alice)
    his = await gated.issue(bob)
    client = gated.bearer(here)
    items = (await client.get("/api/account/sessions")).json()["items"]
    assert {one["id"]: one["current"] for one in items} == {
        here.session: True,
        there.session: False,
    }
    assert (await client.delete(f"/api/account/sessions/{there.session}")).status_code == 204
    refused(await gated.bearer(there).get("/api/auth/me"), 401, "session_ended")
    for name in (his.session, there.session, "s-unknown"):
        refused(await client.delete(f"/api/account/sessions/{name}"), 404, "not_found")
    assert (await gated.bearer(his).get("/api/auth/me")).status_code == 200


async def test_refused_credentials_leave_a_row_and_a_flood_of_them_not_a_flood(
    gated: Gated,
) -> None:
    client = gated.client(Authorization="Bearer nonsense")
    for _ in range(20):
        await client.get("/api/auth/me")
    assert await gated.people.keyring.refusals.flush() == 1
    assert ("auth.credentials_refused", False) in await gated.audited(DESK_CHAIN)


async def test_the_published_keys_verify_our_tokens(gated: Gated) -> None:
    import jwt

    issued = await gated.issue(await gated.person())
    keys = (await gated.client().get("/api/auth/jwks")).json()
    for one in keys["keys"]:
        assert (one["use"], one["alg"], one["key_ops"]) == ("sig", "EdDSA", ["verify"])
        assert "d" not in one
    found = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(issued.access.text())["kid"]]
    origin = gated.house.settings.origin
    claims = jwt.decode(
        issued.access.text(), found.key, algorithms=["EdDSA"], issuer=origin, audience=origin
    )
    assert claims["sub"] == "p-alice" and claims["exp"] - claims["iat"] == 300


async def test_a_secret_in_a_refusal_is_not_repeated(gated: Gated) -> None:
    planted = Secret("hdr_canary0123456789canary0123456789")
    reply = await gated.client().post(
        "/api/auth/refresh", json={"refresh_token": planted.text(), "session": "neither"}
    )
    assert reply.status_code == 422 and planted.text() not in reply.text
