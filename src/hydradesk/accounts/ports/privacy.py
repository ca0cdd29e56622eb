"""What privacy needs from outside."""

from typing import Protocol

from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx


class TrailErasure(Protocol):
    """Forgets what stands beside the audit trail. Answered by the audit store."""

    async def erase(self, tx: Tx, person: str) -> int:
        """Forget the personal data in what a person did, and in what was done to them."""
        ...

    async def expire(self, tx: Tx, before: TimeNs) -> int:
        """Forget the personal data of what was done before an instant."""
        ...


class EventErasure(Protocol):
    """Forgets security events. Answered by the security store."""

    async def scrub(self, tx: Tx, person: str) -> int:
        """Forget from where a person did what."""
        ...

    async def forget(self, tx: Tx, before: TimeNs) -> int:
        """Delete the events of before an instant."""
        ...


class DocumentErasure(Protocol):
    """Forgets identity documents. Answered by the KYC store."""

    async def erase(self, tx: Tx, person: PersonId) -> int:
        """Delete everything of a person."""
        ...

    async def forget(self, tx: Tx, decided_before: TimeNs) -> int:
        """Delete the documents of cases decided before an instant."""
        ...


class Administrators(Protocol):
    """Answered by the register: who could look after the desk if somebody left."""

    async def other_administrators(self, tx: Tx, person: PersonId) -> int:
        """Return how many active administrators there are besides."""
        ...
