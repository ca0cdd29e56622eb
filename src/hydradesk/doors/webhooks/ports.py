"""What webhooks need from outside. Wired in hydradesk.app."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from hydradesk.doors.webhooks.contracts import Delivery, Event, State, Subscription
from hydradesk.kernel.ids import AccountId, PersonId
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx


class SubscriptionBook(Protocol):
    """Stored subscriptions, answered by our own store; each change emits SubscriptionChanged."""

    async def of_person(self, tx: Tx, person: PersonId) -> Sequence[Subscription]:
        """Return a person's, oldest first."""
        ...

    async def get(
        self, tx: Tx, person: PersonId, subscription: str, *, lock: bool = False
    ) -> Subscription:
        """Return one; NotFound also for somebody else's."""
        ...

    async def enabled(self, tx: Tx) -> Sequence[tuple[str, PersonId, tuple[Event, ...]]]:
        """Return what every subscription that is on listens to."""
        ...

    async def add(self, tx: Tx, one: Subscription, at: TimeNs) -> None:
        """Save a new one."""
        ...

    async def save(self, tx: Tx, one: Subscription, at: TimeNs) -> None:
        """Save a changed one (version + 1); Conflict when somebody changed it first."""
        ...

    async def remove(self, tx: Tx, one: Subscription, at: TimeNs) -> None:
        """Forget one and its deliveries."""
        ...

    async def count_result(self, tx: Tx, subscription: str, *, failed_at: TimeNs | None) -> None:
        """Note that an attempt succeeded (None) or failed."""
        ...


class DeliveryBook(Protocol):
    """Stored deliveries, answered by our own store."""

    async def add(self, tx: Tx, one: Delivery) -> bool:
        """Save a new one; False when this fact was told to this subscription before."""
        ...

    async def get(self, tx: Tx, person: PersonId, delivery: str, *, lock: bool = False) -> Delivery:
        """Return one; NotFound also for somebody else's."""
        ...

    async def page(
        self,
        tx: Tx,
        person: PersonId,
        subscription: str | None,
        state: State | None,
        before: int | None,
        limit: int,
    ) -> Sequence[tuple[int, Delivery]]:
        """Return some, newest first, with their page numbers."""
        ...

    async def claim(
        self, tx: Tx, now: TimeNs, until: TimeNs, busy: Mapping[str, int], limit: int
    ) -> Sequence[Delivery]:
        """Take deliveries that are due, few of each subscription, for us until `until`."""
        ...

    async def save(self, tx: Tx, one: Delivery) -> None:
        """Save what became of it."""
        ...

    async def bury(self, tx: Tx, subscription: str, error: str) -> None:
        """End everything that waits for a subscription."""
        ...

    async def prune(self, tx: Tx, delivered_before: TimeNs, dead_before: TimeNs) -> int:
        """Forget what is long done with; returns how many."""
        ...


class Owners(Protocol):
    """Whose a paper account is. Answered by accounts."""

    async def owner(self, account: AccountId) -> PersonId | None:
        """Return the person, or None for the demo's."""
        ...
