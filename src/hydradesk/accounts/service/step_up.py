"""Proving again who one is, for what must not be done from a session that was left open."""

from msgspec import Struct

from hydradesk.accounts.contracts import Secret
from hydradesk.accounts.contracts.refusals import (
    CredentialsInvalid,
    FactorInvalid,
    SignatureInvalid,
)
from hydradesk.accounts.domain.challenge import Answer
from hydradesk.accounts.ports.captcha import SignInGuard
from hydradesk.accounts.service.factors import FactorService, Proof
from hydradesk.accounts.service.passkeys import Ceremony, PasskeyService
from hydradesk.accounts.service.passwords import PasswordService
from hydradesk.accounts.service.sign_in import SignInService, Watch
from hydradesk.accounts.service.wallets import WalletKind, WalletService
from hydradesk.kernel.errors import Forbidden, Invalid
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import TimeNs


class FirstProof(Struct, frozen=True, kw_only=True):
    """What counts for somebody without a second factor: the password, or a wallet."""

    password: Secret | None = None
    kind: WalletKind | None = None
    message: str | None = None
    signature: str | None = None
    solved: Answer | None = None


class Ways(Struct, frozen=True, kw_only=True):
    """What can be proved with."""

    factors: FactorService
    passkeys: PasskeyService
    passwords: PasswordService
    wallets: WalletService
    guard: SignInGuard


class StepUpService:
    """Step-up of signed-in people."""

    def __init__(self, base: SignInService, ways: Ways) -> None:
        self._base, self._ways = base, ways

    async def ask(self, person: PersonId, session: str | None) -> Ceremony:
        """Ask for a passkey; raises Conflict for somebody without."""
        return await self._ways.passkeys.ask_of(person, _place(_signed_in(session)))

    async def with_factor(self, person: PersonId, session: str | None, proof: Proof) -> TimeNs:
        """Accept a second factor; returns until when the session counts as fresh."""
        name = _signed_in(session)
        async with self._base.watched("auth.stepped_up") as watch:
            watch.know(person)
            watch.after |= {"factor": proof.kind()}
            async with self._base.db.begin() as tx:
                if not await self._base.factors(tx, person):
                    raise FactorInvalid("you have no second factor", fix="use your password")
                await self._ways.factors.prove(tx, person, proof, _place(name))
                until = await self._base.books.sessions.freshen(tx, name)
                after = {"factor": proof.kind()}
                await self._base.record(
                    tx, person, "auth.stepped_up", target=name, after=dict(after)
                )
            return until

    async def with_first(self, person: PersonId, session: str | None, proof: FirstProof) -> TimeNs:
        """Accept the password or a wallet, of somebody without a second factor."""
        name = _signed_in(session)
        async with self._base.watched("auth.stepped_up") as watch:
            watch.know(person)
            async with self._base.db.begin() as tx:
                factors = await self._base.factors(tx, person)
            if factors:
                raise FactorInvalid(
                    "you have a second factor: that is what counts here",
                    field="code",
                    fix=f"send one of {', '.join(factors)}",
                )
            by = await self._first(person, proof, watch)
            async with self._base.db.begin() as tx:
                until = await self._base.books.sessions.freshen(tx, name)
                await self._base.record(
                    tx, person, "auth.stepped_up", target=name, after={"by": by}
                )
            return until

    async def _first(self, person: PersonId, proof: FirstProof, watch: Watch) -> str:
        if proof.password is not None:
            await self._password(person, proof.password, proof.solved)
            return "password"
        if proof.kind is None or proof.message is None or proof.signature is None:
            raise Invalid(
                "nothing is proved by this",
                field="password",
                fix="send password, or kind, message and signature of your wallet",
            )
        key = await self._ways.wallets.prove(proof.kind, proof.message, proof.signature, watch)
        async with self._base.db.begin() as tx:
            known = await self._base.books.credentials.find(tx, key.kind, key.subject)
        if known is None or known.person != person:
            raise SignatureInvalid("this wallet is not yours at this desk")
        return proof.kind

    async def _password(self, person: PersonId, password: Secret, solved: Answer | None) -> None:
        name = f"step-up:{person}"
        await self._ways.guard.admit(name, solved)
        if not await self._ways.passwords.is_right(person, password):
            await self._ways.guard.failed(name)
            raise CredentialsInvalid("the password is wrong", field="password")
        await self._ways.guard.passed(name)


def _signed_in(session: str | None) -> str:
    if session is None:
        raise Forbidden("an API key cannot step up", fix="sign in, and do it there")
    return session


def _place(session: str) -> str:
    return f"step-up:{session}"
