"""A room with an OpenID provider, a wallet-as-a-service and Whop."""

import json
from typing import Any

from hydradesk.accounts.contracts import Secret
from hydradesk.accounts.domain import standard_webhooks
from hydradesk.accounts.service.federation import Federated, FederationService
from hydradesk.accounts.service.memberships import MembershipService, WhopTerms
from hydradesk.accounts.service.sign_in import SignedIn
from hydradesk.accounts.store.credentials import MembershipStore
from hydradesk.adapters.oidc import OidcIssuer, Provider, WhopIssuer
from hydradesk.kernel.time import SECOND, rfc3339
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
