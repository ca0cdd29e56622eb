"""Wires who else may say who somebody is: OpenID providers, Web3Auth, Whop."""

from hydradesk.accounts.api import federation as federation_api
from hydradesk.accounts.api.sign_in import MethodView
from hydradesk.accounts.contracts import Secret
from hydradesk.accounts.domain.standard_webhooks import literal_key
from hydradesk.accounts.ports.credentials import PasswordHasher
from hydradesk.accounts.service.enrolment import EnrolmentService
from hydradesk.accounts.service.federation import Federated, FederationService
from hydradesk.accounts.service.memberships import MembershipService, WhopTerms
from hydradesk.accounts.service.sign_in import SignInService
from hydradesk.accounts.store.credentials import EnrolmentStore, MembershipStore
from hydradesk.adapters.oidc import OidcIssuer, Provider, WhopIssuer
from hydradesk.app.settings import Settings
from hydradesk.app.sign_in_settings import OidcProvider
from hydradesk.infra.http import Routes


class FederationHouse:
    """Providers, memberships and one-time codes, connected."""

    def __init__(self, settings: Settings, base: SignInService, hasher: PasswordHasher) -> None:
        clock = base.around.clock
        providers = {
            one.name: Federated(
                label=one.label,
                name=one.issuer,
                issuer=OidcIssuer(_provider(settings, one), clock),
                wallets=one.wallets,
            )
            for one in settings.oidc
        }
        if settings.whop_client_id is not None:
            providers["whop"] = _whop(settings, settings.whop_client_id)
        secret = settings.whop_webhook_secret
        terms = WhopTerms(
            key=None if secret is None else literal_key(secret.get_secret_value()),
            products=dict(settings.whop_products),
        )
        self.memberships = MembershipService(base, MembershipStore(), terms)
        self.federation = FederationService(base, providers, self.memberships)
        self.enrolment = EnrolmentService(base, EnrolmentStore(), hasher)

    def routes(self) -> list[Routes]:
        """Every route of providers."""
        return [
            federation_api.federation_routes(self.federation),
            federation_api.token_routes(self.federation),
            federation_api.enrolment_routes(self.enrolment, self.memberships),
        ]

    def methods(self) -> list[MethodView]:
        """Return what the page may offer."""
        return [
            MethodView(kind=one.kind, name=name, label=one.label)
            for name, one in self.federation.providers.items()
        ]


def _provider(settings: Settings, one: OidcProvider) -> Provider:
    secret = one.client_secret
    return Provider(
        issuer=one.issuer,
        client=one.client_id,
        secret=None if secret is None else Secret(secret.get_secret_value()),
        scopes=one.scopes,
        redirect=f"{settings.origin}/api/auth/oidc/{one.name}/callback",
        jwks_uri=one.jwks_uri,
        nonces=one.nonces,
    )


def _whop(settings: Settings, client: str) -> Federated:
    secret = settings.whop_client_secret
    provider = Provider(
        issuer=settings.whop_url.rstrip("/"),
        client=client,
        secret=None if secret is None else Secret(secret.get_secret_value()),
        scopes="openid profile email",
        redirect=f"{settings.origin}/api/auth/whop/callback",
    )
    return Federated(label="Whop", name="whop", issuer=WhopIssuer(provider), kind="whop")
