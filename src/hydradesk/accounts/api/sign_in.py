"""Routes of signing in with a wallet or a password."""

from collections.abc import Callable, Sequence
from typing import Annotated, Literal

from fastapi import Response
from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field

from hydradesk.accounts.api.answers import SIGNED_IN, SessionChoice, SignInView, signed_in
from hydradesk.accounts.api.challenge import CaptchaAnswer
from hydradesk.accounts.contracts import Secret
from hydradesk.accounts.domain.challenge import Answer
from hydradesk.accounts.service.passwords import PasswordService
from hydradesk.accounts.service.sign_in import FactorNeeded, SignedIn
from hydradesk.accounts.service.wallets import Offer, WalletService
from hydradesk.infra.http import Caller, Routes
from hydradesk.kernel.time import rfc3339

PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+$"
"""Text that shows as itself: no control, no invisible and no direction-changing characters."""
Email = Annotated[str, Field(min_length=3, max_length=254, pattern=r"^[^\x00-\x20\x7f]+$")]
Password = Annotated[str, Field(min_length=1, max_length=1024)]
"""Length and quality of a new one are judged by the desk, in its own words."""
PersonName = Annotated[str, Field(min_length=1, max_length=64, pattern=PRINTABLE)]
ReferralCode = Annotated[str, Field(max_length=32, pattern=r"^[A-Za-z0-9]*$")]
Message = Annotated[str, Field(max_length=16_384)]
"""4 KB are read; longer ones are malformed, not unheard."""
Signature = Annotated[str, Field(max_length=16_384, pattern=r"^[A-Za-z0-9+/=]*$")]


class Body(BaseModel):
    """A request body; what it does not know it refuses."""

    model_config = ConfigDict(extra="forbid")


class WalletAnswer(Body):
    """A message and its signature: 0x-hex for Ethereum; base58, base64 or hex for Solana."""

    message: Message
    signature: Signature
    session: SessionChoice = "token"
    referrer: ReferralCode | None = None


class MemoAnswer(Body):
    """A transaction, signed and never sent, whose memo is the SIWS message."""

    address: Annotated[str, Field(min_length=32, max_length=44, pattern=r"^[1-9A-Za-z]+$")]
    transaction: Annotated[str, Field(max_length=2048, pattern=r"^[A-Za-z0-9+/=]*$")]
    session: SessionChoice = "token"
    referrer: ReferralCode | None = None


class Registration(Body):
    """Somebody new, with address and password."""

    email: Email
    password: Password
    name: PersonName | None = None
    referrer: ReferralCode | None = None
    captcha: CaptchaAnswer | None = None
    session: SessionChoice = "token"


class Login(Body):
    """Address and password."""

    email: Email
    password: Password
    captcha: CaptchaAnswer | None = None
    session: SessionChoice = "token"


class MethodView(Struct, frozen=True, kw_only=True):
    """One way to sign in at this desk."""

    kind: Literal["siws", "siwe", "password", "passkey", "oidc", "whop"]
    name: str
    """What the route calls it; for OIDC the issuer's name."""
    label: str


class MethodsView(Struct, frozen=True, kw_only=True):
    """How one may sign in."""

    demo: bool
    """Nobody signs in here: whoever reaches the desk is its one local person."""
    sign_up: bool
    captcha: bool
    """Whether registering needs GET /api/auth/challenge, solved."""
    methods: Sequence[MethodView]


class OfferView(Struct, frozen=True, kw_only=True):
    """What the wallet is to sign: good for five minutes, once."""

    nonce: str
    domain: str
    uri: str
    version: str
    chain_id: str
    statement: str
    issued_at: str
    expires_at: str


OFFER = OfferView(
    nonce="9b1d6a7f0c3e4d528f6a1b2c3d4e5f60",
    domain="localhost:8000",
    uri="http://localhost:8000",
    version="1",
    chain_id="1",
    statement="Sign in to Hydradesk. This moves no money.",
    issued_at="2025-06-24T12:00:00Z",
    expires_at="2025-06-24T12:05:00Z",
)


OWN_METHODS = (
    MethodView(kind="siws", name="siws", label="Solana wallet"),
    MethodView(kind="siwe", name="siwe", label="Ethereum wallet"),
    MethodView(kind="passkey", name="passkey", label="Passkey"),
    MethodView(kind="password", name="password", label="E-mail and password"),
)
"""What needs nobody else."""
METHODS = MethodsView(demo=False, sign_up=True, captcha=True, methods=OWN_METHODS)


def method_routes(methods: Callable[[], MethodsView]) -> Routes:
    """Build GET /auth/methods."""
    api = Routes("/auth", "auth")

    @api.add("GET", "/methods", MethodsView, example=METHODS, scope="auth:public")
    async def list_methods(me: Caller) -> MethodsView:
        """How one may sign in at this desk."""
        return methods()

    return api


def answer(
    outcome: SignedIn | FactorNeeded, choice: SessionChoice, status: int = 200
) -> Response | SignInView:
    """Say how a sign-in ended."""
    if isinstance(outcome, FactorNeeded):
        return SignInView(
            status="factor_needed",
            ticket=outcome.ticket,
            factors=list(outcome.factors),
            expires_at=rfc3339(outcome.expires_at),
        )
    return signed_in(outcome.person, outcome.issued, choice, status)


def solved(captcha: CaptchaAnswer | None) -> Answer | None:
    """Return the proof of work as the port takes it."""
    return None if captcha is None else captcha.answer()


def wallet_routes(wallets: WalletService) -> Routes:
    """Build the routes of Sign-In With Ethereum and with Solana."""
    api = Routes("/auth", "auth")

    @api.add("GET", "/siwe/nonce", OfferView, example=OFFER, scope="auth:public")
    async def offer_ethereum(me: Caller) -> OfferView:
        """A nonce and the fields of the EIP-4361 message to sign."""
        return _offer(await wallets.offer("siwe"))

    @api.add("GET", "/siws/nonce", OfferView, example=OFFER, scope="auth:public")
    async def offer_solana(me: Caller) -> OfferView:
        """A nonce and the fields of the Sign-In With Solana message to sign."""
        return _offer(await wallets.offer("siws"))

    @api.add("POST", "/siwe/verify", SignInView, example=SIGNED_IN, scope="auth:public")
    async def verify_ethereum(me: Caller, request: WalletAnswer) -> Response | SignInView:
        """Sign in with an Ethereum wallet, a contract wallet (EIP-1271) included."""
        outcome = await wallets.sign_in(
            "siwe", request.message, request.signature, request.referrer
        )
        return answer(outcome, request.session)

    @api.add("POST", "/siws/verify", SignInView, example=SIGNED_IN, scope="auth:public")
    async def verify_solana(me: Caller, request: WalletAnswer) -> Response | SignInView:
        """Sign in with a Solana wallet."""
        outcome = await wallets.sign_in(
            "siws", request.message, request.signature, request.referrer
        )
        return answer(outcome, request.session)

    @api.add("POST", "/siws/memo", SignInView, example=SIGNED_IN, scope="auth:public")
    async def verify_memo(me: Caller, request: MemoAnswer) -> Response | SignInView:
        """Sign in with a hardware wallet: one memo, signed, never sent, moving nothing."""
        outcome = await wallets.memo(request.address, request.transaction, request.referrer)
        return answer(outcome, request.session)

    return api


def password_routes(passwords: PasswordService) -> Routes:
    """Build the routes of address and password."""
    api = Routes("/auth", "auth")

    @api.add("POST", "/register", SignInView, example=SIGNED_IN, scope="auth:public", status=201)
    async def register(me: Caller, request: Registration) -> Response | SignInView:
        """Join with an address and a password."""
        outcome = await passwords.register(
            Secret(request.password),
            request.email,
            request.name,
            request.referrer,
            solved(request.captcha),
        )
        return answer(outcome, request.session, 201)

    @api.add("POST", "/login", SignInView, example=SIGNED_IN, scope="auth:public")
    async def login(me: Caller, request: Login) -> Response | SignInView:
        """Sign in with an address and a password."""
        outcome = await passwords.sign_in(
            request.email, Secret(request.password), solved(request.captcha)
        )
        return answer(outcome, request.session)

    return api


def _offer(one: Offer) -> OfferView:
    return OfferView(
        nonce=one.nonce,
        domain=one.domain,
        uri=one.uri,
        version=one.version,
        chain_id=one.chain_id,
        statement=one.statement,
        issued_at=rfc3339(one.issued_at),
        expires_at=rfc3339(one.expires_at),
    )
