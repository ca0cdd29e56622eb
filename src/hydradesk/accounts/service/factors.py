"""The second proof: authenticator apps, recovery codes, passkeys; and step-up."""

from base64 import b32encode
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from hydradesk.accounts.contracts import Secret, Vault
from hydradesk.accounts.contracts.credentials import Factor, FactorKind, seed_place
from hydradesk.accounts.contracts.refusals import (
    FactorInvalid,
    NonceInvalid,
    SignatureInvalid,
    TicketInvalid,
)
from hydradesk.accounts.domain import otp
from hydradesk.accounts.domain.challenge import Answer
from hydradesk.accounts.ports.captcha import SignInGuard
from hydradesk.accounts.service.passkeys import Ceremony, PasskeyService
from hydradesk.accounts.service.sign_in import (
    FactorNeeded,
    SignedIn,
    SignInService,
    Ticket,
    Watch,
    digest,
)
from hydradesk.kernel.errors import Conflict, DeskError, Invalid
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.tx import Tx


class Proof(Struct, frozen=True, kw_only=True):
    """One of these."""

    code: str | None = None
    recovery_code: str | None = None
    credential: str | None = None
    """A passkey's answer, JSON."""
    solved: Answer | None = None
    """A proof of work, where too many tries were wrong."""

    def kind(self) -> FactorKind:
        """Return which it is; raises Invalid for none, or more than one."""
        given: list[FactorKind] = []
        given += ["totp"] if self.code is not None else []
        given += ["recovery"] if self.recovery_code is not None else []
        given += ["passkey"] if self.credential is not None else []
        if len(given) != 1:
            raise Invalid(
                f"send one proof, not {len(given)}",
                field="code",
                fix="send code, recovery_code or credential",
            )
        return given[0]


class Enrolling(Struct, frozen=True, kw_only=True):
    """What an authenticator app needs."""

    secret: Secret
    uri: Secret
    """otpauth://…, with the secret in it."""


class Standing(Struct, frozen=True, kw_only=True):
    """What a person has to prove themselves with."""

    totp: bool
    passkeys: int
    recovery_codes_left: int


class FactorService:
    """Second factors of people; `host` is how an app names this desk."""

    def __init__(
        self,
        base: SignInService,
        passkeys: PasskeyService,
        vault: Vault,
        guard: SignInGuard,
        host: str,
    ) -> None:
        self._base, self._passkeys, self._vault = base, passkeys, vault
        self._guard, self._host = guard, host

    async def finish(self, ticket: str, proof: Proof) -> SignedIn | FactorNeeded:
        """Take the second step of a sign-in; five tries with one ticket."""
        async with self._base.watched("auth.signed_in") as watch:
            kept = await self._base.ticket(ticket)
            if kept is None:
                raise TicketInvalid("the first step is forgotten", fix="sign in again")
            watch.know(kept.person)
            watch.after |= {"method": kept.method, "step": 2}
            try:
                return await self._finish(ticket, kept, proof, watch)
            except (FactorInvalid, SignatureInvalid, NonceInvalid):
                left = msgspec.structs.replace(kept, tries=kept.tries - 1)
                await self._base.keep_ticket(ticket, left)
                raise
            except DeskError:
                await self._base.keep_ticket(ticket, kept)
                raise

    async def _finish(
        self, ticket: str, kept: Ticket, proof: Proof, watch: Watch
    ) -> SignedIn | FactorNeeded:
        watch.after |= {"factor": proof.kind()}
        async with self._base.db.begin() as tx:
            await self.prove(tx, kept.person, proof, ticket_place(ticket))
            person = await self._base.books.people.get(tx, kept.person)
            return await self._base.enter(tx, person, kept.method, strong=True)

    async def ask_at_sign_in(self, ticket: str) -> Ceremony:
        """Ask for a passkey as the second step."""
        kept = await self._base.ticket(ticket)
        if kept is None:
            raise TicketInvalid("the first step is forgotten", fix="sign in again")
        await self._base.keep_ticket(ticket, kept)
        return await self._passkeys.ask_of(kept.person, ticket_place(ticket))

    async def prove(self, tx: Tx, person: PersonId, proof: Proof, place: str) -> None:
        """Accept a second proof, once; raises FactorInvalid, SignatureInvalid or Limited."""
        kind, name = proof.kind(), f"factor:{person}"
        await self._guard.admit(name, proof.solved)
        try:
            if kind == "totp":
                await self._prove_code(tx, person, proof.code or "")
            elif kind == "recovery":
                await self._prove_recovery(tx, person, proof.recovery_code or "")
            else:
                await self._passkeys.prove(tx, person, place, proof.credential or "")
        except (FactorInvalid, SignatureInvalid):
            await self._guard.failed(name)
            raise
        await self._guard.passed(name)

    async def standing(self, person: PersonId) -> Standing:
        """Return what a person has."""
        async with self._base.db.begin() as tx:
            factor = await self._base.books.factors.totp(tx, person)
            known = await self._base.books.credentials.of_person(tx, person)
            left = await self._base.books.factors.recovery_left(tx, person)
        return Standing(
            totp=factor is not None and factor.confirmed,
            passkeys=sum(one.kind == "passkey" for one in known),
            recovery_codes_left=left,
        )

    async def enrol(self, person: PersonId) -> Enrolling:
        """Make a seed for an authenticator app; it asks for nothing until confirmed."""
        secret = b32encode(self._base.around.random(otp.SEED_BYTES)).decode()
        async with self._base.db.begin() as tx:
            found = await self._base.books.people.locked(tx, person)
            factor = await self._base.books.factors.totp(tx, person)
            if factor is not None and factor.confirmed:
                raise Conflict("you have an authenticator app", fix="remove it first")
            sealed = await self._vault.seal(tx, Secret(secret), seed_place(person))
            fresh = Factor(person=person, sealed=sealed, confirmed=False)
            await self._base.books.factors.save_totp(tx, fresh)
        uri = otp.uri(secret, found.email or found.name, self._host)
        return Enrolling(secret=Secret(secret), uri=Secret(uri))

    async def confirm(self, person: PersonId, code: str) -> Sequence[str]:
        """Begin to ask for codes, once the app has shown one; returns recovery codes."""
        async with self._base.watched("auth.factor_added") as watch:
            watch.know(person)
            await self._guard.admit(f"factor:{person}", None)
            try:
                async with self._base.db.begin() as tx:
                    factor = await self._base.books.factors.totp(tx, person)
                    if factor is None or factor.confirmed:
                        raise Conflict("there is no app to confirm", fix="POST /api/account/totp")
                    await self._use_code(tx, factor, code, confirmed=True)
                    await self._base.record(
                        tx, person, "auth.factor_added", after={"factor": "totp"}
                    )
                    return await self._new_recovery(tx, person)
            except FactorInvalid:
                await self._guard.failed(f"factor:{person}")
                raise

    async def remove_totp(self, person: PersonId) -> None:
        """Stop asking for codes."""
        async with self._base.db.begin() as tx:
            if await self._base.books.factors.totp(tx, person) is None:
                raise Conflict("you have no authenticator app", fix="nothing is to be done")
            await self._base.books.factors.remove_totp(tx, person)
            await self.forget_recovery(tx, person)
            await self._base.record(tx, person, "auth.factor_removed", before={"factor": "totp"})

    async def new_recovery(self, person: PersonId) -> Sequence[str]:
        """Make new recovery codes; the old ones are worth nothing from now on."""
        async with self._base.db.begin() as tx:
            if not await self._base.factors(tx, person):
                raise Conflict(
                    "recovery codes stand in for a second factor, and you have none",
                    fix="add an authenticator app or a passkey first",
                )
            return await self._new_recovery(tx, person)

    async def forget_recovery(self, tx: Tx, person: PersonId) -> None:
        """Drop the recovery codes when nothing is left for them to stand in for."""
        if not await self._base.factors(tx, person):
            await self._base.books.factors.replace_recovery(tx, person, [])

    async def _new_recovery(self, tx: Tx, person: PersonId) -> Sequence[str]:
        noise = [self._base.around.random(otp.RECOVERY_BYTES) for _ in range(otp.RECOVERY_CODES)]
        codes = [otp.recovery_code(one) for one in noise]
        digests = [otp.recovery_digest(person, one) or "" for one in codes]
        await self._base.books.factors.replace_recovery(tx, person, digests)
        await self._base.record(tx, person, "auth.recovery_codes_made", after={"count": len(codes)})
        return codes

    async def _prove_code(self, tx: Tx, person: PersonId, code: str) -> None:
        factor = await self._base.books.factors.totp(tx, person)
        if factor is None or not factor.confirmed:
            raise FactorInvalid("the code is not right now", field="code")
        await self._use_code(tx, factor, code, confirmed=True)

    async def _use_code(self, tx: Tx, factor: Factor, code: str, *, confirmed: bool) -> None:
        seed = await self._vault.open(tx, factor.sealed, seed_place(factor.person))
        now = self._base.around.clock.now()
        step = otp.matching_step(seed.text(), code, now, factor.step)
        if step is None:
            raise FactorInvalid(
                "the code is not right now, or was used", field="code", fix="wait for the next"
            )
        used = msgspec.structs.replace(factor, step=step, confirmed=confirmed)
        await self._base.books.factors.save_totp(tx, used)

    async def _prove_recovery(self, tx: Tx, person: PersonId, code: str) -> None:
        kept = otp.recovery_digest(person, code)
        used = kept is not None and await self._base.books.factors.use_recovery(tx, person, kept)
        if not used or not await self._base.factors(tx, person):
            raise FactorInvalid("this is no recovery code, or it was used", field="recovery_code")
        await self._base.record(tx, person, "auth.recovery_code_used")


def ticket_place(ticket: str) -> str:
    """Name the challenge that belongs to a ticket."""
    return f"ticket:{digest(ticket)}"
