"""E-mail and password: registering, signing in, changing. Hashes are made off the event loop."""

import msgspec

from hydradesk.accounts.contracts import Secret
from hydradesk.accounts.contracts.refusals import CredentialsInvalid
from hydradesk.accounts.domain import passwords
from hydradesk.accounts.domain.challenge import Answer
from hydradesk.accounts.domain.email import normalised
from hydradesk.accounts.ports.captcha import Captcha, SignInGuard
from hydradesk.accounts.ports.credentials import PasswordHasher
from hydradesk.accounts.service.sign_in import (
    FactorNeeded,
    Key,
    SignedIn,
    SignInService,
    Watch,
    Welcome,
)
from hydradesk.kernel.errors import Invalid
from hydradesk.kernel.ids import PersonId

WRONG = "the address or the password is wrong"


class PasswordService:
    """What people do with a password."""

    def __init__(
        self, base: SignInService, hasher: PasswordHasher, guard: SignInGuard, captcha: Captcha
    ) -> None:
        self._base, self._hasher = base, hasher
        self._guard, self._captcha = guard, captcha

    async def register(
        self,
        password: Secret,
        email: str,
        name: str | None,
        referrer: str | None,
        solved: Answer | None,
    ) -> SignedIn | FactorNeeded:
        """Make a person with a password; Conflict when the address is somebody's already."""
        async with self._base.watched("auth.signed_up") as watch:
            await self._captcha.check(solved)
            watch.after |= {"method": "password"}
            address = normalised(email)
            watch.personal |= {"email": address}
            local = address.partition("@")[0]
            passwords.check(password.text(), local, name or "", address)
            stored = await self._hasher.hash(password)
            welcome = Welcome(name=name or local, email=address, referrer=referrer)
            async with self._base.db.begin() as tx:
                person = await self._base.join(tx, welcome)
                await self._base.attach(tx, person.id, _key(person.id, stored))
                return await self._base.enter(tx, person, "password")

    async def sign_in(
        self, email: str, password: Secret, solved: Answer | None = None
    ) -> SignedIn | FactorNeeded:
        """Sign in by address and password; which of them is wrong is not said."""
        async with self._base.watched("auth.signed_in") as watch:
            watch.after |= {"method": "password"}
            watch.personal |= {"email": email[:254]}
            await self._guard.admit(email, solved)
            person, stored = await self._known(email, watch)
            right = await self._hasher.verify(password, stored)
            if person is None or stored is None or not right:
                await self._guard.failed(email)
                raise CredentialsInvalid(WRONG, fix="check both, or sign in another way")
            renewed = stored
            if self._hasher.outdated(stored):
                renewed = await self._hasher.hash(password)
            async with self._base.db.begin() as tx:
                known = await self._base.books.credentials.find(tx, "password", person)
                if known is None or known.secret != stored:  # changed while we were hashing
                    raise CredentialsInvalid(WRONG, fix="check both, or sign in another way")
                await self._base.used(tx, known, secret=renewed)
                found = await self._base.books.people.get(tx, person)
                outcome = await self._base.enter(tx, found, "password")
            await self._guard.passed(email)
            return outcome

    async def is_right(self, person: PersonId, password: Secret) -> bool:
        """Whether it is this person's password."""
        async with self._base.db.begin() as tx:
            known = await self._base.books.credentials.find(tx, "password", person)
        return await self._hasher.verify(password, None if known is None else known.secret)

    async def change(
        self, person: PersonId, current: Secret | None, new: Secret, session: str | None
    ) -> None:
        """Set a password, with the current one where there is one; ends the other sessions."""
        async with self._base.watched("auth.password_changed") as watch:
            watch.know(person)
            async with self._base.db.begin() as tx:
                found = await self._base.books.people.get(tx, person)
                known = await self._base.books.credentials.find(tx, "password", person)
            if found.email is None:
                raise Invalid(
                    "a password goes with an e-mail address", field="email", fix="add one first"
                )
            local = found.email.partition("@")[0]
            passwords.check(new.text(), local, found.name, found.email)
            if known is not None:
                right = await self._hasher.verify(current or Secret(""), known.secret)
                if not right:
                    raise CredentialsInvalid("the current password is wrong", field="current")
            stored = await self._hasher.hash(new)
            async with self._base.db.begin() as tx:
                old = await self._base.books.credentials.find(tx, "password", person)
                if old is None:
                    await self._base.attach(tx, person, _key(person, stored))
                elif known is None or old.secret != known.secret:
                    raise CredentialsInvalid("the password was changed meanwhile", field="current")
                else:
                    changed = msgspec.structs.replace(old, secret=stored)
                    await self._base.books.credentials.save(tx, changed)
                await self._base.record(tx, person, "auth.password_changed")
                sessions = self._base.books.sessions
                await sessions.close_all(tx, person, "password_changed", but=session)

    async def _known(self, email: str, watch: Watch) -> tuple[PersonId | None, str | None]:
        """Return whose address it is and what is stored of their password."""
        async with self._base.db.begin() as tx:
            person = await self._base.books.people.by_email(tx, email)
            if person is None:
                return None, None
            watch.know(person.id)
            known = await self._base.books.credentials.find(tx, "password", person.id)
        return person.id, None if known is None else known.secret


def _key(person: PersonId, stored: str) -> Key:
    return Key(kind="password", subject=person, label="password", secret=stored)
