"""Routes of passkeys, second factors and step-up."""

import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from fastapi import Response
from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field

from hydradesk.accounts.api.answers import SIGNED_IN, SessionChoice, SignInView
from hydradesk.accounts.api.challenge import CaptchaAnswer
from hydradesk.accounts.api.credentials import CREDENTIAL, CredentialView, credential_view
from hydradesk.accounts.api.sign_in import (
    PRINTABLE,
    Body,
    Message,
    Password,
    Signature,
    answer,
    solved,
)
from hydradesk.accounts.contracts import Secret
from hydradesk.accounts.domain.qr import modules
from hydradesk.accounts.service.factors import FactorService, Proof
from hydradesk.accounts.service.passkeys import Ceremony, PasskeyService
from hydradesk.accounts.service.step_up import FirstProof, StepUpService
from hydradesk.infra.http import Caller, Principal, Routes
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import rfc3339

Base64Url = Annotated[str, Field(max_length=16_384, pattern=r"^[A-Za-z0-9_\-=]*$")]
Handle = Annotated[str, Field(max_length=128, pattern=r"^[A-Za-z0-9_\-:.]*$")]
Code = Annotated[str, Field(max_length=16)]
RecoveryCode = Annotated[str, Field(max_length=40)]
"""Judged by the desk: what is not a code is a wrong one."""


class Loose(BaseModel):
    """Made by a browser, which may add fields: those we do not know are dropped."""

    model_config = ConfigDict(extra="ignore")


class AuthenticatorAnswer(Loose):
    """The `response` of a PublicKeyCredential, as toJSON() gives it."""

    clientDataJSON: Base64Url
    attestationObject: Base64Url | None = None
    authenticatorData: Base64Url | None = None
    signature: Base64Url | None = None
    userHandle: Base64Url | None = None


class PublicKeyCredential(Loose):
    """What navigator.credentials returned, as toJSON() gives it."""

    id: Base64Url
    rawId: Base64Url
    type: Literal["public-key"]
    response: AuthenticatorAnswer

    def text(self) -> str:
        """Return it as JSON, without what was left out."""
        return json.dumps(self.model_dump(exclude_none=True))


class Shown(Body):
    """A passkey that was shown."""

    id: Handle
    credential: PublicKeyCredential
    session: SessionChoice = "token"


class Made(Body):
    """A passkey that was made."""

    id: Handle
    credential: PublicKeyCredential
    label: Annotated[str, Field(min_length=1, max_length=64, pattern=PRINTABLE)]


class TicketOnly(Body):
    """The first step's ticket."""

    ticket: Handle


class SecondStep(Body):
    """The second step of a sign-in: one proof."""

    ticket: Handle
    code: Code | None = None
    recovery_code: RecoveryCode | None = None
    credential: PublicKeyCredential | None = None
    captcha: CaptchaAnswer | None = None
    session: SessionChoice = "token"


class StepUpRequest(Body):
    """One proof; without a second factor the password, or kind, message and signature."""

    code: Code | None = None
    recovery_code: RecoveryCode | None = None
    credential: PublicKeyCredential | None = None
    password: Password | None = None
    kind: Literal["siwe", "siws"] | None = None
    message: Message | None = None
    signature: Signature | None = None
    captcha: CaptchaAnswer | None = None


class CodeOnly(Body):
    """What the app shows."""

    code: Code


class CeremonyView(Struct, frozen=True, kw_only=True):
    """What navigator.credentials takes, and the id to send back with its answer."""

    id: str
    options: dict[str, Any]


class FreshView(Struct, frozen=True, kw_only=True):
    """Until when the proof counts."""

    fresh_until: str


class TotpView(Struct, frozen=True, kw_only=True):
    """What an authenticator app needs; shown once."""

    secret: str
    uri: str
    modules: Sequence[str]
    """The QR code of `uri`, row by row: 1 is dark."""


class RecoveryView(Struct, frozen=True, kw_only=True):
    """Codes that each stand in once for a second factor; shown once."""

    recovery_codes: Sequence[str]


class FactorsView(Struct, frozen=True, kw_only=True):
    """What a person can prove themselves with."""

    totp: bool
    passkeys: int
    recovery_codes_left: int


CEREMONY = CeremonyView(
    id="9b1d6a7f",
    options={"challenge": "q83v", "rpId": "localhost", "userVerification": "required"},
)
FRESH = FreshView(fresh_until="2025-06-24T12:10:00Z")
FACTORS = FactorsView(totp=True, passkeys=1, recovery_codes_left=10)
RECOVERY = RecoveryView(recovery_codes=["mzxw-6ytb-oi4d-gnrx"])
TOTP = TotpView(secret="JBSWY3DPEHPK3PXP", uri="otpauth://totp/…", modules=["101", "010", "101"])  # noqa: S106  # nosec B106


def passkey_routes(passkeys: PasskeyService) -> Routes:
    """Build the routes of signing in with a passkey."""
    api = Routes("/auth", "auth")

    @api.add("POST", "/passkeys/options", CeremonyView, example=CEREMONY, scope="auth:public")
    async def ask_for_passkey(me: Caller) -> CeremonyView:
        """Options for navigator.credentials.get; any passkey of this desk will do."""
        return _ceremony(await passkeys.ask())

    @api.add("POST", "/passkeys/verify", SignInView, example=SIGNED_IN, scope="auth:public")
    async def verify_passkey(me: Caller, request: Shown) -> Response | SignInView:
        """Sign in with a passkey, which is both proofs at once."""
        outcome = await passkeys.sign_in(request.id, request.credential.text())
        return answer(outcome, request.session)

    return api


def second_step_routes(factors: FactorService, step_up: StepUpService) -> Routes:
    """Build the routes of the second step and of step-up."""
    api = Routes("/auth", "auth")

    @api.add("POST", "/factor", SignInView, example=SIGNED_IN, scope="auth:public")
    async def take_second_step(me: Caller, request: SecondStep) -> Response | SignInView:
        """Finish a sign-in that answered `factor_needed`."""
        outcome = await factors.finish(request.ticket, _proof(request))
        return answer(outcome, request.session)

    @api.add("POST", "/factor/options", CeremonyView, example=CEREMONY, scope="auth:public")
    async def ask_for_second_passkey(me: Caller, request: TicketOnly) -> CeremonyView:
        """Options for showing a passkey as the second step."""
        return _ceremony(await factors.ask_at_sign_in(request.ticket))

    @api.add("POST", "/step-up", FreshView, example=FRESH, scope="account:read")
    async def step_up_session(me: Caller, request: StepUpRequest) -> FreshView:
        """Prove again who you are: a second factor, or without one the password or a wallet."""
        if request.code or request.recovery_code or request.credential:
            until = await step_up.with_factor(_person(me), me.session, _proof(request))
        else:
            until = await step_up.with_first(_person(me), me.session, _first(request))
        return FreshView(fresh_until=rfc3339(until))

    @api.add("POST", "/step-up/options", CeremonyView, example=CEREMONY, scope="account:read")
    async def ask_for_passkey_again(me: Caller) -> CeremonyView:
        """Options for showing a passkey to step up."""
        return _ceremony(await step_up.ask(_person(me), me.session))

    return api


def own_factor_routes(factors: FactorService) -> Routes:
    """Build the routes of one's own second factors."""
    api = Routes("/account", "account")

    @api.add("GET", "/factors", FactorsView, example=FACTORS, scope="account:read")
    async def read_factors(me: Caller) -> FactorsView:
        """What you can prove yourself with."""
        found = await factors.standing(_person(me))
        return FactorsView(
            totp=found.totp,
            passkeys=found.passkeys,
            recovery_codes_left=found.recovery_codes_left,
        )

    @api.add("POST", "/totp", TotpView, example=TOTP, scope="account:write", step_up=True)
    async def add_totp(me: Caller) -> Response:
        """A seed for an authenticator app; it counts once a code has confirmed it."""
        made = await factors.enrol(_person(me))
        uri = made.uri.text()
        return _unkept(TotpView(secret=made.secret.text(), uri=uri, modules=modules(uri)))

    @api.add("POST", "/totp/confirm", RecoveryView, example=RECOVERY, scope="account:write")
    async def confirm_totp(me: Caller, request: CodeOnly) -> Response:
        """Confirm the app by a code of its; answers recovery codes, shown once."""
        codes = await factors.confirm(_person(me), request.code)
        return _unkept(RecoveryView(recovery_codes=codes))

    @api.raw("DELETE", "/totp", scope="account:write", step_up=True, status_code=204)
    async def remove_totp(me: Caller) -> Response:
        """Stop asking for codes."""
        await factors.remove_totp(_person(me))
        return Response(status_code=204)

    @api.add(
        "POST",
        "/recovery-codes",
        RecoveryView,
        example=RECOVERY,
        scope="account:write",
        step_up=True,
    )
    async def make_recovery_codes(me: Caller) -> Response:
        """New recovery codes, shown once; the old ones are worth nothing any more."""
        return _unkept(RecoveryView(recovery_codes=await factors.new_recovery(_person(me))))

    return api


def own_passkey_routes(passkeys: PasskeyService) -> Routes:
    """Build the routes of one's own passkeys."""
    api = Routes("/account", "account")

    @api.add(
        "POST",
        "/passkeys/options",
        CeremonyView,
        example=CEREMONY,
        scope="account:write",
        step_up=True,
    )
    async def begin_passkey(me: Caller) -> CeremonyView:
        """Options for navigator.credentials.create."""
        return _ceremony(await passkeys.begin(_person(me)))

    @api.add(
        "POST",
        "/passkeys",
        CredentialView,
        example=CREDENTIAL,
        scope="account:write",
        step_up=True,
        status=201,
    )
    async def add_passkey(me: Caller, request: Made) -> CredentialView:
        """Keep a passkey that the browser made."""
        made = await passkeys.add(_person(me), request.id, request.credential.text(), request.label)
        return credential_view(made)

    return api


def _person(me: Principal) -> PersonId:
    assert me.person is not None  # the scope says so
    return me.person


def _proof(request: SecondStep | StepUpRequest) -> Proof:
    shown = request.credential
    return Proof(
        code=request.code,
        recovery_code=request.recovery_code,
        credential=None if shown is None else shown.text(),
        solved=solved(request.captcha),
    )


def _first(request: StepUpRequest) -> FirstProof:
    return FirstProof(
        password=None if request.password is None else Secret(request.password),
        kind=request.kind,
        message=request.message,
        signature=request.signature,
        solved=solved(request.captcha),
    )


def _ceremony(one: Ceremony) -> CeremonyView:
    return CeremonyView(id=one.id, options=json.loads(one.options))


def _unkept(view: Struct) -> Response:
    """Answer with something that no cache may keep."""
    return Response(
        msgspec.json.encode(view),
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
