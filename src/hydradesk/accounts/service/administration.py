"""What the desk's staff do with people."""

from msgspec import Struct
from msgspec.structs import replace

from hydradesk.accounts.contracts import (
    Action,
    Audit,
    Detail,
    People,
    Person,
    Role,
    Sessions,
    Status,
)
from hydradesk.accounts.contracts.administration import (
    Counts,
    PeopleFilter,
    PersonRow,
    TrailFilter,
    TrailRow,
)
from hydradesk.accounts.ports.administration import Register
from hydradesk.infra.origin import ORIGIN
from hydradesk.kernel.errors import Conflict, Forbidden
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import Clock
from hydradesk.kernel.tx import Transactions, Tx


class Books(Struct, frozen=True):
    """Where people are kept, and what is done is recorded."""

    people: People
    register: Register
    sessions: Sessions
    audit: Audit


class AdministrationService:
    """People and trail, for those who look after the desk.

    Args:
        db: the system role's transactions.
        reads: the app role's: one person's rows only.
    """

    def __init__(self, db: Transactions, reads: Transactions, books: Books, clock: Clock) -> None:
        self._db, self._reads, self._books, self._clock = db, reads, books, clock

    async def people(
        self, wanted: PeopleFilter, before: tuple[int, str] | None, limit: int
    ) -> list[PersonRow]:
        """Return people, the newest first."""
        async with self._db.begin() as tx:
            now = self._clock.now()
            return await self._books.register.people(tx, wanted, now, before, limit)

    async def person(self, person: PersonId) -> PersonRow:
        """Return one; raises NotFound."""
        async with self._db.begin() as tx:
            return await self._books.register.person(tx, person, self._clock.now())

    async def counts(self) -> Counts:
        """Return how many there are of what."""
        async with self._db.begin() as tx:
            return await self._books.register.counts(tx, self._clock.now())

    async def change(
        self, person: PersonId, role: Role | None, status: Status | None, reason: str
    ) -> PersonRow:
        """Give somebody another role, suspend them or let them in again; never oneself."""
        if ORIGIN.get().actor == person:
            raise Forbidden("nobody changes their own role or status: ask another administrator")
        async with self._db.begin() as tx:
            before = await self._books.people.locked(tx, person)
            if before.status == "erased":
                raise Conflict("the person was erased: there is nobody to change")
            after = replace(before, role=role or before.role, status=status or before.status)
            if after != before:
                await self._save(tx, before, after, reason)
        return await self.person(person)

    async def sign_out(self, person: PersonId, reason: str) -> int:
        """End every session of somebody; returns how many."""
        async with self._db.begin() as tx:
            await self._books.people.get(tx, person)
            closed = await self._books.sessions.close_all(tx, person, "signed out by staff")
            done = Action(
                chain=person,
                action="person.signed_out",
                target=person,
                after={"sessions": closed},
                personal={"reason": reason},
            )
            await self._books.audit.record(tx, done)
        return closed

    async def own_trail(self, person: PersonId, before: int | None, limit: int) -> list[TrailRow]:
        """Return a person's own trail, the newest first, read as that person."""
        async with self._reads.begin(person) as tx:
            return await self._books.register.chain(tx, person, before, limit)

    async def trail(
        self, wanted: TrailFilter, before: tuple[int, str, int] | None, limit: int
    ) -> list[TrailRow]:
        """Return entries of all chains, the newest first."""
        async with self._db.begin() as tx:
            return await self._books.register.trail(tx, wanted, before, limit)

    async def _save(self, tx: Tx, before: Person, after: Person, reason: str) -> None:
        after = replace(after, version=before.version + 1)
        await self._books.people.save(tx, after, self._clock.now())
        closed = 0
        if after.status != "active" or after.role != before.role:  # what they hold is out of date
            closed = await self._books.sessions.close_all(tx, after.id, "changed by staff")
        old: Detail = {"role": before.role, "status": before.status}
        new: Detail = {"role": after.role, "status": after.status, "sessions_closed": closed}
        done = Action(
            chain=after.id,
            action="person.changed",
            target=after.id,
            before=old,
            after=new,
            personal={"reason": reason},
        )
        await self._books.audit.record(tx, done)
