"""People made on the command line: by password, or by a code that works once."""

from base64 import b32encode

from hydradesk.accounts.contracts import Person, Role, Secret
from hydradesk.accounts.contracts.credentials import Enrolment
from hydradesk.accounts.contracts.refusals import CredentialsInvalid
from hydradesk.accounts.domain import passwords
from hydradesk.accounts.domain.email import normalised
from hydradesk.accounts.ports.credentials import EnrolmentBook, PasswordHasher
from hydradesk.accounts.service.sign_in import FactorNeeded, Key, SignedIn, SignInService, digest
from hydradesk.kernel.errors import Conflict
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import HOUR, TimeNs
from hydradesk.kernel.tx import Tx

GOOD_NS = HOUR


class EnrolmentService:
    """Makes people without their doing, and lets them take themselves over."""

    def __init__(self, base: SignInService, book: EnrolmentBook, hasher: PasswordHasher) -> None:
        self._base, self._book, self._hasher = base, book, hasher

    async def create(
        self, email: str, name: str | None, role: Role, password: Secret | None
    ) -> tuple[Person, str | None]:
        """Make a person; without a password also a code for POST /api/auth/enrol, good once."""
        address = normalised(email)
        stored = None
        if password is not None:
            passwords.check(password.text(), address.partition("@")[0], name or "", address)
            stored = await self._hasher.hash(password)
        around, now = self._base.around, self._base.around.clock.now()
        person = Person(
            id=PersonId(f"p-{around.ids.new()}"),
            name=name or address.partition("@")[0],
            email=address,
            role=role,
            referral_code=b32encode(around.random(5)).decode(),
            created_at=now,
        )
        async with self._base.db.begin() as tx:
            await self._base.books.people.add(tx, person, now)
            await self._base.record(
                tx,
                person.id,
                "auth.created",
                after={"role": role},
                personal={"name": person.name, "email": address},
            )
            if stored is not None:
                await self._base.attach(tx, person.id, _password(person.id, stored))
                return person, None
            return person, await self._code(tx, person.id)

    async def enrol(self, code: str, password: Secret) -> SignedIn | FactorNeeded:
        """Replace a code by a password of one's own, and sign in."""
        async with self._base.watched("auth.enrolled") as watch, self._base.db.begin() as tx:
            known = await self._book.take(tx, digest(code.strip().upper()))
            if known is None or known.expires_at <= self._base.around.clock.now():
                raise CredentialsInvalid(
                    "the code is unknown, used or older than an hour", field="code"
                )
            watch.know(known.person)
            person = await self._base.books.people.get(tx, known.person)
            local = (person.email or "").partition("@")[0]
            passwords.check(password.text(), local, person.name, person.email or "")
            stored = await self._hasher.hash(password)
            if await self._base.books.credentials.of_person(tx, person.id):
                raise Conflict("this person has a way in already", fix="sign in with it")
            await self._base.attach(tx, person.id, _password(person.id, stored))
            return await self._base.enter(tx, person, "cli")

    async def _code(self, tx: Tx, person: PersonId) -> str:
        code = b32encode(self._base.around.random(15)).decode()
        ends = TimeNs(self._base.around.clock.now() + GOOD_NS)
        await self._book.add(tx, Enrolment(digest=digest(code), person=person, expires_at=ends))
        return code


def _password(person: PersonId, stored: str) -> Key:
    return Key(kind="password", subject=person, label="password", secret=stored)
