"""What the administration of people needs from outside."""

from typing import Protocol

from hydradesk.accounts.contracts.administration import (
    Counts,
    PeopleFilter,
    PersonRow,
    TrailFilter,
    TrailRow,
)
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx


class Register(Protocol):
    """Everybody, and everything that was done. Answered by accounts' own store."""

    async def people(
        self,
        tx: Tx,
        wanted: PeopleFilter,
        now: TimeNs,
        before: tuple[int, str] | None,
        limit: int,
    ) -> list[PersonRow]:
        """Return people, the newest first."""
        ...

    async def person(self, tx: Tx, person: PersonId, now: TimeNs) -> PersonRow:
        """Return one; raises NotFound."""
        ...

    async def counts(self, tx: Tx, now: TimeNs) -> Counts:
        """Return how many there are of what."""
        ...

    async def chain(self, tx: Tx, chain: str, before: int | None, limit: int) -> list[TrailRow]:
        """Return the entries of one chain, the newest first."""
        ...

    async def trail(
        self, tx: Tx, wanted: TrailFilter, before: tuple[int, str, int] | None, limit: int
    ) -> list[TrailRow]:
        """Return entries of all chains, the newest first."""
        ...
