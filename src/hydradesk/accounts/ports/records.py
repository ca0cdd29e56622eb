"""What the trail, the switches and the security events need from outside."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from hydradesk.accounts.contracts.incidents import SecurityEvent, Switch
from hydradesk.accounts.contracts.trail import Anchor, Head, Kept
from hydradesk.kernel.ids import AccountId, PersonId
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx


class AuditTrail(Protocol):
    """The trail as it is kept, answered by accounts' own store."""

    async def freeze(self, tx: Tx) -> None:
        """See one instant from here on; to be called first in the transaction."""
        ...

    async def anchor(self, tx: Tx) -> Anchor | None:
        """Write down where the chains stand that moved since they were last anchored."""
        ...

    def rows(self, tx: Tx) -> AsyncIterator[list[Kept]]:
        """Yield every row of every chain, by chain and place, some at a time."""
        ...

    async def heads(self, tx: Tx) -> dict[str, Head]:
        """Return where every chain says it stands."""
        ...

    def anchors(self, tx: Tx) -> AsyncIterator[list[Anchor]]:
        """Yield every anchor in order, some at a time."""
        ...

    async def there(
        self, tx: Tx, places: Sequence[tuple[str, int]]
    ) -> dict[tuple[str, int], bytes]:
        """Return the hashes of these rows, of those that are there."""
        ...


class Owners(Protocol):
    """Whose an account is, answered by accounts' own store."""

    async def owner(self, tx: Tx, account: AccountId) -> PersonId | None:
        """Return the person; None for an account that is not stored."""
        ...


class SecurityBook(Protocol):
    """Stored security events, answered by accounts' own store."""

    async def add(self, tx: Tx, events: Sequence[SecurityEvent]) -> None:
        """Save new events."""
        ...

    async def page(
        self, tx: Tx, kind: str | None, before: int | None, limit: int
    ) -> list[SecurityEvent]:
        """Return events, newest first."""
        ...

    async def since(self, tx: Tx, at: TimeNs) -> int:
        """Return how many there were since an instant."""
        ...


class FeatureBook(Protocol):
    """Stored switches, answered by accounts' own store."""

    async def switches(self, tx: Tx) -> list[Switch]:
        """Return the switches that were ever set."""
        ...

    async def set(self, tx: Tx, switch: Switch) -> Switch | None:
        """Save a switch; returns what it was before, None when it was never set."""
        ...
