"""Where a person may send what they own: addresses they named beforehand."""

from typing import Protocol

from msgspec import Struct

from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx


class Address(Struct, frozen=True, kw_only=True):
    """One address on a person's list. Personal. Instants are the wall clock's."""

    id: str
    person: PersonId
    asset: str
    address: str
    label: str
    added_at: TimeNs
    usable_at: TimeNs
    """From when on it may be used: time to notice that somebody else has added it."""


class Addresses(Protocol):
    """Stored addresses, answered by accounts' store; works in the caller's transaction."""

    async def find(self, tx: Tx, person: PersonId, address_id: str) -> Address:
        """Return one of a person's addresses; raises NotFound."""
        ...

    async def of(self, tx: Tx, person: PersonId) -> list[Address]:
        """Return a person's addresses, oldest first."""
        ...

    async def add(self, tx: Tx, address: Address) -> bool:
        """Save a new address; False when the person has it already."""
        ...

    async def remove(self, tx: Tx, person: PersonId, address_id: str) -> Address:
        """Take one off the list; raises NotFound."""
        ...
