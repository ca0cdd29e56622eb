"""Routes of one's own credentials."""

from typing import Annotated

from fastapi import Path, Response
from msgspec import Struct

from hydradesk.accounts.api.sign_in import Body, Message, Password, Signature
from hydradesk.accounts.contracts import Secret
from hydradesk.accounts.contracts.credentials import Credential
from hydradesk.accounts.service.credentials import CredentialService
from hydradesk.accounts.service.passwords import PasswordService
from hydradesk.accounts.service.wallets import WalletKind
from hydradesk.infra.http import Caller, Page, Routes
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import rfc3339

CredentialName = Annotated[
    str, Path(max_length=64, pattern=r"^[A-Za-z0-9-]+$", description="Its id.")
]


class WalletProof(Body):
    """A message of GET /api/auth/…/nonce and the wallet's signature."""

    message: Message
    signature: Signature


class PasswordChange(Body):
    """The current password, where there is one, and the new."""

    current: Password | None = None
    password: Password


class CredentialView(Struct, frozen=True, kw_only=True):
    """One way in."""

    id: str
    kind: str
    label: str
    detail: str
    """A wallet's address; for what has no name of its own, nothing."""
    created_at: str
    last_used_at: str | None


CREDENTIAL = CredentialView(
    id="0197b3c2",
    kind="siwe",
    label="0xC02a…6Cc2",
    detail="0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2",
    created_at="2025-06-24T12:00:00Z",
    last_used_at="2025-06-25T08:30:00Z",
)


def credential_view(one: Credential) -> CredentialView:
    """Show a credential, without what is secret about it."""
    named = one.kind in ("siwe", "siws", "oidc", "whop")
    used = one.last_used_at
    return CredentialView(
        id=one.id,
        kind=one.kind,
        label=one.label,
        detail=one.subject if named else "",
        created_at=rfc3339(one.created_at),
        last_used_at=None if used is None else rfc3339(used),
    )


def credential_routes(credentials: CredentialService, passwords: PasswordService) -> Routes:
    """Build the routes."""
    api = Routes("/account", "account")

    @api.add(
        "GET",
        "/credentials",
        Page[CredentialView],
        example=Page([CREDENTIAL]),
        scope="account:read",
    )
    async def list_credentials(me: Caller) -> Page[CredentialView]:
        """What you can sign in with."""
        found = await credentials.of_person(_of(me.person))
        return Page([credential_view(one) for one in found])

    @api.raw(
        "DELETE",
        "/credentials/{credential}",
        scope="account:write",
        step_up=True,
        status_code=204,
    )
    async def unlink_credential(me: Caller, credential: CredentialName) -> Response:
        """Forget a credential; never the last one."""
        await credentials.unlink(_of(me.person), credential)
        return Response(status_code=204)

    @api.raw("PUT", "/password", scope="account:write", step_up=True, status_code=204)
    async def change_password(me: Caller, request: PasswordChange) -> Response:
        """Set a password; ends your other sessions."""
        current = None if request.current is None else Secret(request.current)
        await passwords.change(_of(me.person), current, Secret(request.password), me.session)
        return Response(status_code=204)

    return api


def link_routes(credentials: CredentialService) -> Routes:
    """Build the routes that give a person one more wallet."""
    api = Routes("/account/credentials", "account")

    async def linked(
        person: PersonId | None, kind: WalletKind, request: WalletProof
    ) -> CredentialView:
        return credential_view(
            await credentials.link_wallet(_of(person), kind, request.message, request.signature)
        )

    @api.add(
        "POST",
        "/siwe",
        CredentialView,
        example=CREDENTIAL,
        scope="account:write",
        step_up=True,
        status=201,
    )
    async def link_ethereum(me: Caller, request: WalletProof) -> CredentialView:
        """Sign in with this Ethereum wallet too."""
        return await linked(me.person, "siwe", request)

    @api.add(
        "POST",
        "/siws",
        CredentialView,
        example=CREDENTIAL,
        scope="account:write",
        step_up=True,
        status=201,
    )
    async def link_solana(me: Caller, request: WalletProof) -> CredentialView:
        """Sign in with this Solana wallet too."""
        return await linked(me.person, "siws", request)

    return api


def _of(person: PersonId | None) -> PersonId:
    assert person is not None  # the scope says so
    return person
