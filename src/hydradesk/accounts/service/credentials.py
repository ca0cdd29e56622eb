"""One person, many credentials: listed, linked and unlinked."""

from collections.abc import Sequence

from hydradesk.accounts.contracts.credentials import Credential
from hydradesk.accounts.contracts.refusals import LastCredential
from hydradesk.accounts.service.factors import FactorService
from hydradesk.accounts.service.sign_in import Key, SignInService
from hydradesk.accounts.service.wallets import WalletKind, WalletService
from hydradesk.kernel.errors import NotFound
from hydradesk.kernel.ids import PersonId

MOST = 30


class CredentialService:
    """What people sign in with."""

    def __init__(self, base: SignInService, wallets: WalletService, factors: FactorService) -> None:
        self._base, self._wallets, self._factors = base, wallets, factors

    async def of_person(self, person: PersonId) -> Sequence[Credential]:
        """Return a person's credentials, oldest first."""
        async with self._base.db.begin() as tx:
            return await self._base.books.credentials.of_person(tx, person)

    async def link_wallet(
        self, person: PersonId, kind: WalletKind, message: str, signature: str
    ) -> Credential:
        """Let a wallet sign in as this person; CredentialTaken when it is somebody's already."""
        async with self._base.watched("auth.credential_added") as watch:
            watch.know(person)
            key = await self._wallets.prove(kind, message, signature, watch)
            return await self.link(person, key)

    async def link(self, person: PersonId, key: Key) -> Credential:
        """Let a credential that was just proved sign in as this person."""
        async with self._base.db.begin() as tx:
            await self._base.books.people.locked(tx, person)
            return await self._base.attach(tx, person, key)

    async def unlink(self, person: PersonId, credential: str) -> None:
        """Forget a credential; LastCredential for the only one that is left."""
        async with self._base.watched("auth.credential_removed") as watch:
            watch.know(person)
            async with self._base.db.begin() as tx:
                await self._base.books.people.locked(tx, person)  # of two at once, one is last
                known = await self._base.books.credentials.of_person(tx, person)
                gone = next((one for one in known if one.id == credential), None)
                if gone is None:
                    raise NotFound(f"you have no credential {credential}")
                if len(known) == 1:
                    raise LastCredential(
                        "this is the only way you can sign in", fix="link another one first"
                    )
                await self._base.books.credentials.remove(tx, person, credential)
                await self._factors.forget_recovery(tx, person)
                await self._base.record(
                    tx,
                    person,
                    "auth.credential_removed",
                    target=credential,
                    before={"kind": gone.kind},
                    personal={"label": gone.label},
                )
