"""Routes of signing in with a provider, of Whop's webhooks and of one-time codes."""

from typing import Annotated

from fastapi import Cookie, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from msgspec import Struct
from pydantic import Field

from hydradesk.accounts.api.answers import SIGNED_IN, SessionChoice, SignInView, set_cookies
from hydradesk.accounts.api.credentials import CREDENTIAL, CredentialView, credential_view
from hydradesk.accounts.api.sign_in import Body, Password, answer
from hydradesk.accounts.contracts import Secret
from hydradesk.accounts.service.enrolment import EnrolmentService
from hydradesk.accounts.service.federation import FederationService, Leaving
from hydradesk.accounts.service.memberships import MembershipService
from hydradesk.accounts.service.sign_in import FactorNeeded, SignedIn
from hydradesk.infra.http import Caller, Routes
from hydradesk.kernel.errors import DeskError

STATE = "__Host-desk-oidc"
PAGE = "/sign-in"
Name = Annotated[
    str, Path(max_length=32, pattern=r"^[a-z0-9-]+$", description="The provider's name.")
]
Returned = Annotated[
    str, Query(max_length=2048, pattern=r"^[\x20-\x7e]*$", description="As the provider sent it.")
]
Brought = Annotated[str | None, Cookie(alias=STATE, max_length=128, include_in_schema=False)]


class TokenAnswer(Body):
    """An id_token, issued for a nonce of GET /api/auth/oidc/{issuer}/nonce."""

    id_token: Annotated[str, Field(max_length=8192, pattern=r"^[A-Za-z0-9_.\-]*$")]
    nonce: Annotated[str, Field(max_length=128, pattern=r"^[A-Za-z0-9_\-]*$")]


class TokenSignIn(TokenAnswer):
    """The same, to sign in."""

    session: SessionChoice = "token"


class EnrolRequest(Body):
    """A one-time code, and the password that replaces it."""

    code: Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9 ]*$")]
    password: Password
    session: SessionChoice = "token"


class NonceView(Struct, frozen=True, kw_only=True):
    """To be repeated in the id_token; good once, for ten minutes."""

    nonce: str


NONCE = NonceView(nonce="9b1d6a7f0c3e4d528f6a1b2c3d4e5f60")


def federation_routes(federation: FederationService) -> Routes:
    """Build the routes of code flows."""
    api = Routes("/auth", "auth")

    @api.raw("GET", "/oidc/{issuer}/start", scope="auth:public", status_code=303)
    async def leave_for_provider(me: Caller, issuer: Name) -> Response:
        """Go to a provider's sign-in page."""
        return _left(await federation.leave(issuer))

    @api.raw("GET", "/oidc/{issuer}/callback", scope="auth:public", status_code=303)
    async def come_back_from_provider(
        me: Caller,
        issuer: Name,
        state: Returned = "",
        code: Returned = "",
        brought: Brought = None,
    ) -> Response:
        """Where the provider sends people back to."""
        return await _back(federation, issuer, (code, state), brought)

    @api.raw("GET", "/whop/start", scope="auth:public", status_code=303)
    async def leave_for_whop(me: Caller) -> Response:
        """Go to Whop's sign-in page."""
        return _left(await federation.leave("whop"))

    @api.raw("GET", "/whop/callback", scope="auth:public", status_code=303)
    async def come_back_from_whop(
        me: Caller, state: Returned = "", code: Returned = "", brought: Brought = None
    ) -> Response:
        """Where Whop sends people back to."""
        return await _back(federation, "whop", (code, state), brought)

    return api


def token_routes(federation: FederationService) -> Routes:
    """Build the routes of wallets-as-a-service, which hand tokens to the page."""
    api = Routes("", "auth")

    @api.add("GET", "/auth/oidc/{issuer}/nonce", NonceView, example=NONCE, scope="auth:public")
    async def offer_provider_nonce(me: Caller, issuer: Name) -> NonceView:
        """A nonce for the id_token."""
        return NonceView(nonce=await federation.nonce(issuer))

    @api.add(
        "POST", "/auth/oidc/{issuer}/token", SignInView, example=SIGNED_IN, scope="auth:public"
    )
    async def verify_token(me: Caller, issuer: Name, request: TokenSignIn) -> Response | SignInView:
        """Sign in with an id_token (Web3Auth and the like)."""
        outcome = await federation.with_token(issuer, request.id_token, request.nonce)
        return answer(outcome, request.session)

    @api.add(
        "POST",
        "/account/credentials/oidc/{issuer}",
        CredentialView,
        example=CREDENTIAL,
        scope="account:write",
        step_up=True,
        status=201,
    )
    async def link_provider(me: Caller, issuer: Name, request: TokenAnswer) -> CredentialView:
        """Sign in with this provider too."""
        assert me.person is not None  # the scope says so
        made = await federation.link(me.person, issuer, request.id_token, request.nonce)
        return credential_view(made)

    return api


def enrolment_routes(enrolment: EnrolmentService, memberships: MembershipService) -> Routes:
    """Build POST /auth/enrol and POST /webhooks/whop."""
    api = Routes("", "auth")

    @api.add("POST", "/auth/enrol", SignInView, example=SIGNED_IN, scope="auth:public")
    async def enrol(me: Caller, request: EnrolRequest) -> Response | SignInView:
        """Replace the one-time code of `hydradesk users create` by a password of your own."""
        outcome = await enrolment.enrol(request.code, Secret(request.password))
        return answer(outcome, request.session)

    @api.raw("POST", "/webhooks/whop", scope="auth:public", status_code=204)
    async def hear_whop(me: Caller, request: Request) -> Response:
        """Whop's membership webhooks (Standard Webhooks, keyed by the secret's own bytes)."""
        told = request.headers
        names = ("webhook-id", "webhook-timestamp", "webhook-signature")
        name, timestamp, signatures = (told.get(one, "")[:2048] for one in names)
        await memberships.hear((name[:128], timestamp, signatures), await request.body())
        return Response(status_code=204)

    return api


def _left(leaving: Leaving) -> Response:
    response = RedirectResponse(leaving.url, 303, {"Cache-Control": "no-store"})
    # Lax: the way back begins at the provider's site.
    response.set_cookie(
        STATE, leaving.state, max_age=600, path="/", secure=True, httponly=True, samesite="lax"
    )
    return response


async def _back(
    federation: FederationService, name: str, came: tuple[str, str], brought: str | None
) -> Response:
    """Lead the page on: in, to the second step, or back to where one signs in."""
    try:
        outcome = await federation.come_back(name, *came, brought)
    except DeskError as error:
        return _to(f"{PAGE}#error={error.code}")
    if isinstance(outcome, FactorNeeded):
        factors = ",".join(outcome.factors)
        return _to(f"{PAGE}#ticket={outcome.ticket}&factors={factors}")
    return _in(outcome)


def _in(outcome: SignedIn) -> Response:
    response = _to("/")
    set_cookies(response, outcome.issued)
    return response


def _to(place: str) -> Response:
    response = RedirectResponse(place, 303, {"Cache-Control": "no-store"})
    response.delete_cookie(STATE, path="/", secure=True, httponly=True, samesite="lax")
    return response
