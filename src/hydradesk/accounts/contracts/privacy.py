"""What the desk holds of a person, taken out and made to go away."""

from collections.abc import Mapping
from typing import Protocol

from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.tx import Tx

Row = Mapping[str, object]
"""A row as it is shown to its person: nothing in it is secret."""


class Personal(Protocol):
    """One kind of data about people. Rooms above accounts answer it too; app wires them."""

    name: str
    """What the file in the export is called."""

    async def rows(self, tx: Tx, person: PersonId) -> list[Row]:
        """Return everything of a person."""
        ...

    async def erase(self, tx: Tx, person: PersonId) -> int:
        """Make it go away; 0 for what has to stay. Returns how many rows went."""
        ...
