"""OpenID providers against a real one on loopback; Whop's page and its webhooks."""

import base64
import hmac
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from hydradesk.accounts.api import federation as federation_api
from hydradesk.accounts.contracts import Secret
from hydradesk.accounts.contracts.refusals import (
    NonceInvalid,
    TokenRefused,
)
from hydradesk.accounts.service.sign_in import SignedIn
from hydradesk.adapters.oidc import OidcIssuer, Provider
from hydradesk.kernel.errors import Conflict, NotFound, Unavailable
from hydradesk.kernel.time import HOUR, MINUTE, SECOND
from tests.accounts import provider as servers
from tests.accounts.federation import Federation
from tests.accounts.room import ORIGIN_URL


async def test_a_provider_brings_somebody_in_and_the_same_person_again(
    federation: Federation,
) -> None:
    first, second = await federation.around(), await federation.around()
    assert first.person.id == second.person.id
    assert first.person.email == "carol@mail.example" and first.person.email_verified
    assert federation.served.asked.count("/.well-known/openid-configuration") == 1
    assert federation.served.asked.count("/jwks") == 1
    assert federation.room.sessions.opened[0] == (first.person.id, "oidc", True)
    federation.served.user = {"sub": "u-2", "email": "carol@mail.example"}
    other = await federation.around()
    assert other.person.id != first.person.id and other.person.email is None


async def test_the_way_back_counts_once_and_in_the_same_browser(federation: Federation) -> None:
    leaving = await federation.service.leave("acme")
    back = servers.query_of(federation.served.authorize(servers.query_of(leaving.url)))
    came = (back["code"], back["state"])
    for name, brought in (("acme", None), ("acme", "another"), ("whop", leaving.state)):
        leaving = await federation.service.leave("acme")
        with pytest.raises(NonceInvalid):
            await federation.service.come_back(name, "c", leaving.state, brought)
    await federation.service.come_back("acme", *came, back["state"])
    with pytest.raises(NonceInvalid):
        await federation.service.come_back("acme", *came, back["state"])
    leaving = await federation.service.leave("acme")
    with pytest.raises(TokenRefused):
        await federation.service.come_back("acme", "made-up", leaving.state, leaving.state)
    with pytest.raises(NotFound):
        await federation.service.leave("nobody")


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://evil.example"},
        {"aud": "another-client"},
        {"aud": ["desk-client", "another"]},
        {"azp": "another-client"},
        {"nonce": "another"},
        {"nonce": None},
        {"sub": None},
        {"sub": 5},
        {"sub": ""},
        {"exp": None},
        {"iat": None},
        {"exp": "soon"},
        {"exp": True},
        {"exp": 1},
        {"iat": 10**10},
        {"nbf": 10**10},
        {"exp": float("nan")},
    ],
    ids=str,
)
async def test_claims_that_are_wrong(federation: Federation, wrong: dict[str, Any]) -> None:
    with pytest.raises(TokenRefused):
        await federation.token(**wrong)
    assert federation.room.sessions.opened == []
    assert len(federation.room.audit.told("auth.signed_in", ok=False)) == 1


async def test_claims_within_the_skew_of_five_minutes(federation: Federation) -> None:
    now = federation.room.clock.now() // SECOND
    await federation.token(iat=now + 299, exp=now + 600)
    await federation.token(iat=now - 900, exp=now - 299)
    await federation.token(aud=["desk-client", "another"], azp="desk-client")
    with pytest.raises(TokenRefused):
        await federation.token(iat=now - 900, exp=now - 300)


def with_secret(said: dict[str, Any], key: bytes) -> str:
    """What PyJWT itself would not make: a MAC keyed by the public key's text."""
    parts = [
        base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=")
        for one in ({"alg": "HS256", "kid": "k1"}, said)
    ]
    mac = hmac.digest(key, ".".join(parts).encode(), "sha256")
    return ".".join([*parts, base64.urlsafe_b64encode(mac).decode().rstrip("=")])


def forged(federation: Federation, nonce: str) -> dict[str, str]:
    served, stranger = federation.served, servers.Key("k1")
    public = served.keys[0].private.public_key()
    numbers = json.dumps(served.keys[0].public()).encode()
    good = served.id_token(nonce)
    head, body, signed = good.split(".")
    said = jwt.decode(good, options={"verify_signature": False})

    def with_header(**header: Any) -> str:
        text = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
        return f"{text}.{body}.{signed}"

    jwk = servers.Key("k1").public()
    own = rsa.generate_private_key(65537, 2048)
    assert public is not None
    return {
        "another key of the same name": served.id_token(nonce, key=stranger),
        "a key nobody has": served.id_token(nonce, key=servers.Key("k9")),
        "none": with_header(alg="none", kid="k1").rsplit(".", 1)[0] + ".",
        "None": with_header(alg="None", kid="k1"),
        "HS256 with the public key": with_secret(said, numbers),
        "ES256 with an RSA key": with_header(alg="ES256", kid="k1"),
        "PS256 with a key for RS256": with_header(alg="PS256", kid="k1"),
        "its own key inside": jwt.encode(said, own, "RS256", {"kid": "k1", "jwk": jwk}),
        "critical extension": with_header(alg="RS256", kid="k1", crit=["exp"]),
        "no kid": with_header(alg="RS256"),
        "changed": f"{head}.{body[:-2]}AA.{signed}",
        "cut": good[:-10],
        "no signature": f"{head}.{body}.",
        "two parts": f"{head}.{body}",
        "nothing": "",
        "dots": "..",
        "text": "hello",
    }


async def test_forged_tokens_are_refused(federation: Federation) -> None:
    for name in forged(federation, "x"):
        nonce = await federation.service.nonce("acme")
        with pytest.raises(TokenRefused):
            await federation.service.with_token("acme", forged(federation, nonce)[name], nonce)
    assert federation.room.sessions.opened == []


async def test_a_nonce_counts_once(federation: Federation) -> None:
    nonce = await federation.service.nonce("acme")
    token = federation.served.id_token(nonce)
    await federation.service.with_token("acme", token, nonce)
    with pytest.raises(NonceInvalid):
        await federation.service.with_token("acme", token, nonce)
    with pytest.raises(NonceInvalid):
        await federation.service.with_token("acme", token, "made-up")


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA"])
async def test_keys_rotate(federation: Federation, algorithm: str) -> None:
    await federation.token()
    federation.served.keys.append(servers.Key("k2", algorithm))
    with pytest.raises(TokenRefused):  # asked less than a minute ago: not again for each forgery
        await federation.token()
    federation.room.clock.advance(MINUTE)
    await federation.token()
    old = federation.served.keys.pop(0)
    federation.room.clock.advance(6 * HOUR)
    await federation.token()
    with pytest.raises(TokenRefused):
        await federation.token(key=old)


async def test_a_provider_that_is_away_or_lies(federation: Federation) -> None:
    federation.served.wrong["discovered"] = "https://evil.example"
    with pytest.raises(Unavailable):
        await federation.service.leave("acme")
    away = OidcIssuer(
        Provider(
            issuer="http://127.0.0.1:9", client="x", secret=None, scopes="openid", redirect="x"
        ),
        federation.room.clock,
    )
    with pytest.raises(Unavailable):
        await away.authorize_url("s", "n", "v")


async def test_web3auth_names_people_and_their_wallets(federation: Federation) -> None:
    solana = "FVen3X669xLzsi6N2V91DoiyzHzg1uAgqiT8jZ9nS96Z"
    ethereum = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
    federation.served.user = {
        "verifier": "torus",
        "verifierId": "carol@mail.example",
        "wallets": [
            {"type": "ethereum", "address": ethereum.lower()},
            {
                "type": "web3auth_app_key",
                "curve": "ed25519",
                "public_key": "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            },
            {"type": "web3auth_app_key", "curve": "secp256k1", "public_key": "02" + "11" * 32},
            {"type": "ethereum", "address": "0x12"},
            "nonsense",
        ],
    }
    first = await federation.token("w3a", nonce="its own")
    known = await federation.room.links.of_person(first.person.id)
    assert {one.subject for one in known if one.kind != "oidc"} == {solana, ethereum}
    assert (await federation.token("w3a", nonce="again")).person.id == first.person.id
    federation.served.user["verifierId"] = "dave@mail.example"
    old = federation.room.clock.now() // SECOND - 301
    with pytest.raises(TokenRefused):
        await federation.token("w3a", nonce="x", iat=old)
    token = federation.served.id_token("its own")
    await federation.service.with_token("w3a", token, await federation.service.nonce("w3a"))
    with pytest.raises(NonceInvalid):
        await federation.service.with_token("w3a", token, await federation.service.nonce("w3a"))
    other = await federation.token("w3a", nonce="x")  # the same wallets do not make them the same
    assert other.person.id != first.person.id
    assert len(await federation.room.links.of_person(other.person.id)) == 1


async def test_a_provider_is_linked_and_is_one_persons(federation: Federation) -> None:
    room = federation.room
    outcome = await room.passwords.register(
        Secret("correct horse"), "alice@desk.example", None, None, None
    )
    assert isinstance(outcome, SignedIn)
    nonce = await federation.service.nonce("acme")
    token = federation.served.id_token(nonce)
    await federation.service.link(outcome.person.id, "acme", token, nonce)
    assert (await federation.around()).person.id == outcome.person.id
    bob = await room.passwords.register(
        Secret("correct horse"), "bob@desk.example", None, None, None
    )
    assert isinstance(bob, SignedIn)
    nonce = await federation.service.nonce("acme")
    with pytest.raises(Conflict) as refused:
        await federation.service.link(
            bob.person.id, "acme", federation.served.id_token(nonce), nonce
        )
    assert refused.value.code == "credential_taken"


async def test_through_the_door_with_a_cookie_against_forgery(federation: Federation) -> None:
    room = federation.room
    routes = room.routes
    room.routes = lambda: [*routes(), federation_api.federation_routes(federation.service)]  # type: ignore[method-assign]
    async with room.client() as client:
        left = await client.get("/auth/oidc/acme/start")
        assert left.status_code == 303
        (cookie,) = left.headers.get_list("set-cookie")
        assert "HttpOnly" in cookie and "Secure" in cookie and "SameSite=lax" in cookie
        back = federation.served.authorize(servers.query_of(left.headers["location"]))
        client.cookies.clear()
        foreign = await client.get(back.removeprefix(ORIGIN_URL + "/api"))
        assert foreign.headers["location"] == "/sign-in#error=nonce_invalid"
        left = await client.get("/auth/oidc/acme/start")
        back = federation.served.authorize(servers.query_of(left.headers["location"]))
        inside = await client.get(back.removeprefix(ORIGIN_URL + "/api"))
        assert (inside.status_code, inside.headers["location"]) == (303, "/")
        assert "__Host-desk=access-1" in str(inside.headers.get_list("set-cookie"))
        denied = await client.get("/auth/oidc/acme/callback?error=access_denied&state=x")
        assert denied.headers["location"] == "/sign-in#error=nonce_invalid"
        assert (await client.get("/auth/oidc/nobody/start")).status_code == 404
