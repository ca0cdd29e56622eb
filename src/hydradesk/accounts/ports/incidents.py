"""What the playbooks need from outside."""

from collections.abc import Sequence
from typing import Protocol

from hydradesk.accounts.contracts.incidents import Incident, SecurityEvent
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx


class IncidentBook(Protocol):
    """Stored incidents and what they look at, answered by accounts' own store."""

    async def save(self, tx: Tx, incident: Incident) -> None:
        """Save an incident, new or changed, and emit it."""
        ...

    async def get(self, tx: Tx, incident: str) -> Incident:
        """Return one, locked until the transaction ends; raises NotFound."""
        ...

    async def page(self, tx: Tx, before: tuple[int, str] | None, limit: int) -> list[Incident]:
        """Return incidents, the newest first."""
        ...

    async def sessions_from(
        self, tx: Tx, ips: Sequence[str], since: TimeNs
    ) -> list[tuple[PersonId, str]]:
        """Return the open sessions that began at these addresses since an instant."""
        ...

    async def owner_of_key(self, tx: Tx, key: str) -> tuple[PersonId, str] | None:
        """Return whose key it is, and `api` or `venue`."""
        ...


class EventBook(Protocol):
    """Security events, answered by accounts' own store."""

    async def during(self, tx: Tx, kind: str, since: TimeNs) -> list[SecurityEvent]:
        """Return the events of one kind since an instant that belong to no incident."""
        ...

    async def belong(self, tx: Tx, ids: Sequence[int], incident: str) -> None:
        """Say to which incident events belong."""
        ...


class Remedies(Protocol):
    """What can be done about trouble. Answered in app, which knows every room."""

    async def lock_source(self, ip: str, until: TimeNs, reason: str) -> None:
        """Refuse everything from an address until an instant."""
        ...

    async def demand_captcha(self, until: TimeNs) -> None:
        """Make every sign-in carry a proof of work until an instant."""
        ...

    async def close_session(self, person: PersonId, session: str, reason: str) -> None:
        """End one session; NotFound when it has ended."""
        ...

    async def close_sessions(self, person: PersonId, reason: str) -> int:
        """End every session of somebody."""
        ...

    async def delete_key(self, person: PersonId, key: str, kind: str) -> None:
        """Delete a key of kind `api` or `venue`; NotFound when it is gone."""
        ...

    async def rotate_signing_key(self) -> str:
        """Sign with the next key from now on; returns what was done."""
        ...

    async def stop_trading(self, person: PersonId) -> str:
        """Cancel somebody's orders and stop trading for them; returns what was done."""
        ...

    async def halt(self, reason: str) -> None:
        """Halt all trading."""
        ...

    async def faults(self) -> list[str]:
        """Return what of the desk's own books does not hold: trail, ledger, schema."""
        ...
