"""OpenID providers against a real one on loopback; Whop's page and its webhooks."""

import base64
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from hydradesk.accounts.api import federation as federation_api
from hydradesk.accounts.contracts import Secret
from hydradesk.accounts.contracts.refusals import (
    CredentialsInvalid,
    NonceInvalid,
    SignatureInvalid,
    TokenRefused,
)
from hydradesk.accounts.domain import standard_webhooks
from hydradesk.accounts.service.enrolment import EnrolmentService
from hydradesk.accounts.service.federation import Federated, FederationService
from hydradesk.accounts.service.memberships import MembershipService, WhopTerms
from hydradesk.accounts.service.sign_in import SignedIn
from hydradesk.accounts.store.credentials import EnrolmentStore, MembershipStore
from hydradesk.adapters.oidc import OidcIssuer, Provider, WhopIssuer
from hydradesk.kernel.errors import Conflict, DeskError, Invalid, NotFound, Unavailable
from hydradesk.kernel.time import HOUR, MINUTE, SECOND, TimeNs, rfc3339
from tests.accounts import provider as servers
from tests.accounts.room import ORIGIN_URL, Room

WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PRODUCTS = {"prod_pro": "pro", "prod_best": "premium"}


class Federation:
    """A room with a provider called `acme`, a wallet-as-a-service `w3a`, and Whop."""

    def __init__(self, room: Room, served: servers.Provider) -> None:
        self.room, self.served = room, served
        terms = WhopTerms(key=standard_webhooks.literal_key(WHSEC), products=PRODUCTS)
        self.memberships = MembershipService(room.base, MembershipStore(), terms)

        def at(**more: Any) -> Provider:
            return Provider(
                issuer=served.url,
                client=servers.CLIENT,
                secret=Secret(servers.SECRET),
                scopes="openid email",
                redirect=f"{ORIGIN_URL}/api/auth/oidc/acme/callback",
                **more,
            )

        keys = f"{served.url}/jwks"
        self.service = FederationService(
            room.base,
            {
                "acme": Federated(
                    label="Acme", name=served.url, issuer=OidcIssuer(at(), room.clock)
                ),
                "w3a": Federated(
                    label="Web3Auth",
                    name=f"{served.url}/w3a",
                    issuer=OidcIssuer(at(jwks_uri=keys, nonces=False), room.clock),
                    wallets=True,
                ),
                "whop": Federated(label="Whop", name="whop", kind="whop", issuer=WhopIssuer(at())),
            },
            self.memberships,
        )

    async def around(self, name: str = "acme") -> SignedIn:
        """Go to the provider and come back."""
        leaving = await self.service.leave(name)
        back = servers.query_of(self.served.authorize(servers.query_of(leaving.url)))
        outcome = await self.service.come_back(name, back["code"], back["state"], leaving.state)
        assert isinstance(outcome, SignedIn)
        return outcome

    async def token(self, name: str = "acme", **changes: Any) -> SignedIn:
        nonce = await self.service.nonce(name)
        outcome = await self.service.with_token(name, self.served.id_token(nonce, **changes), nonce)
        assert isinstance(outcome, SignedIn)
        return outcome

    def hook(self, kind: str, user: str = "user_1", product: str = "prod_pro") -> bytes:
        data = {"id": f"mem_{user}_{product}", "user": {"id": user}, "product": {"id": product}}
        at = rfc3339(self.room.clock.now())
        return json.dumps({"type": kind, "timestamp": at, "data": data}).encode()

    async def hear(self, told: bytes, name: str, **wrong: Any) -> None:
        stamp = str(wrong.get("stamp", self.room.clock.now() // SECOND))
        key = wrong.get("key", standard_webhooks.literal_key(WHSEC))
        signed = standard_webhooks.signature(key, name, stamp, told)
        await self.memberships.hear(
            (name, stamp, wrong.get("signed", signed)), wrong.get("body", told)
        )


@pytest.fixture
def federation(room: Room) -> Iterator[Federation]:
    with servers.serving(room.clock.now) as served:
        yield Federation(room, served)


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


async def whop_person(federation: Federation, name: str = "user_1") -> Any:
    federation.served.user = {"sub": name, "name": "Whopper"}
    return (await federation.around("whop")).person


async def role(federation: Federation, person: Any) -> str:
    return (await federation.room.person(person.id)).role


async def test_a_membership_follows_whops_word(federation: Federation) -> None:
    person = await whop_person(federation)
    assert person.whop_id == "user_1" and person.role == "user"
    for number, (kind, product, expected) in enumerate(
        [
            ("membership.activated", "prod_pro", "pro"),
            ("membership.went_valid", "prod_best", "premium"),
            ("membership.deactivated", "prod_best", "pro"),
            ("payment.succeeded", "prod_best", "pro"),
            ("membership.activated", "prod_unknown", "pro"),
            ("membership.went_invalid", "prod_pro", "user"),
        ]
    ):
        federation.room.clock.advance(SECOND)
        await federation.hear(federation.hook(kind, product=product), f"msg_{number}")
        assert await role(federation, person) == expected, kind
    assert len(federation.room.audit.told("membership.changed")) == 4


async def test_who_is_not_here_yet_gets_it_with_their_first_sign_in(
    federation: Federation,
) -> None:
    await federation.hear(federation.hook("membership.activated"), "msg_1")
    assert await role(federation, await whop_person(federation)) == "pro"


async def test_the_whop_id_joins(federation: Federation) -> None:
    room = federation.room
    known = await room.passwords.register(
        Secret("correct horse"), "alice@desk.example", None, None, None
    )
    assert isinstance(known, SignedIn)
    async with room.db.begin() as tx:
        person = await room.people.locked(tx, known.person.id)
        joined = msgspec.structs.replace(person, whop_id="user_1", version=person.version + 1)
        await room.people.save(tx, joined, room.clock.now())
    assert (await whop_person(federation)).id == known.person.id


async def test_staff_keep_their_role(federation: Federation) -> None:
    person = await whop_person(federation)
    async with federation.room.db.begin() as tx:
        now = await federation.room.people.locked(tx, person.id)
        admin = msgspec.structs.replace(now, role="admin", version=now.version + 1)
        await federation.room.people.save(tx, admin, federation.room.clock.now())
    await federation.hear(federation.hook("membership.activated"), "msg_1")
    await federation.hear(federation.hook("membership.deactivated"), "msg_2")
    assert await role(federation, person) == "admin"


async def test_a_webhook_counts_once_and_a_late_one_changes_nothing(
    federation: Federation,
) -> None:
    person = await whop_person(federation)
    early = federation.hook("membership.activated")
    federation.room.clock.advance(MINUTE)
    await federation.hear(federation.hook("membership.deactivated"), "msg_2")
    await federation.hear(early, "msg_1")  # sent first, came last
    assert await role(federation, person) == "user"
    await federation.hear(federation.hook("membership.activated"), "msg_3")
    await federation.hear(federation.hook("membership.deactivated"), "msg_3")  # the same id
    assert await role(federation, person) == "pro"


async def test_a_webhook_that_is_not_whops(federation: Federation) -> None:
    body = federation.hook("membership.activated")
    now = federation.room.clock.now() // SECOND
    right = standard_webhooks.signature(WHSEC.encode(), "m", str(now), body)
    wrongs: list[dict[str, Any]] = [
        {"key": standard_webhooks.key_of(WHSEC)},  # decoded: not what Whop signs with
        {"key": b""},
        {"body": body + b" "},
        {"stamp": now - 301},
        {"stamp": now + 301},
        {"stamp": ""},
        {"stamp": "9" * 30},
        {"stamp": "\u0661"},
        {"signed": ""},
        {"signed": right.replace("v1,", "v2,")},
        {"signed": right[:-2]},
        {"signed": "\u00e9"},
    ]
    for wrong in wrongs:
        with pytest.raises(SignatureInvalid):
            await federation.hear(body, "m", **wrong)
    with pytest.raises(SignatureInvalid):
        await federation.hear(body, "")
    assert len(federation.room.audit.told("membership.told", ok=False)) == len(wrongs) + 1
    await federation.hear(body, "m", signed=f"v1,AAAA {right} v2,BBBB")
    for broken in (b"", b"[]", b"{", b'{"type":"membership.activated","data":{}}'):
        with pytest.raises(Invalid):
            await federation.hear(broken, f"b{len(broken)}")


def test_the_published_webhook(shared: Path) -> None:
    one = json.loads((shared / "vectors/standard_webhooks.json").read_text())
    body, at = one["payload"].encode(), TimeNs(one["timestamp"] * SECOND)
    headers = (one["msg_id"], str(one["timestamp"]), one["signature"])
    standard_webhooks.verify(standard_webhooks.key_of(one["secret"]), headers, body, at)
    with pytest.raises(SignatureInvalid):
        standard_webhooks.verify(standard_webhooks.literal_key(one["secret"]), headers, body, at)


async def test_a_one_time_code_becomes_a_password(room: Room) -> None:
    service = EnrolmentService(room.base, EnrolmentStore(), room.hasher)
    person, code = await service.create("root@desk.example", None, "admin", None)
    assert code is not None and person.role == "admin"
    with pytest.raises(Invalid):
        await service.enrol(code, Secret("password1"))
    done = await service.enrol(f" {code.lower()} ", Secret("correct horse"))
    assert isinstance(done, SignedIn) and done.person.id == person.id
    for wrong in (code, "ABCDEFGH", ""):
        with pytest.raises(CredentialsInvalid):
            await service.enrol(wrong, Secret("correct horse"))
    await room.passwords.sign_in("root@desk.example", Secret("correct horse"))
    _, late = await service.create("late@desk.example", "Late", "user", None)
    room.clock.advance(HOUR)
    with pytest.raises(CredentialsInvalid):
        await service.enrol(late or "", Secret("correct horse"))
    with pytest.raises(DeskError):
        await service.create("late@desk.example", None, "user", None)
    made, none = await service.create("c@desk.example", None, "user", Secret("correct horse"))
    assert none is None and made.role == "user"
    assert code not in str(room.audit.actions)
