"""Security events: a line in the log at once, a row soon after, never in the caller's way."""

import asyncio
from collections import deque

import structlog
from sqlalchemy.exc import DBAPIError

from hydradesk.accounts.contracts import Detail, SecurityKind, Severity
from hydradesk.accounts.contracts.incidents import SecurityEvent
from hydradesk.accounts.ports.records import SecurityBook
from hydradesk.infra.origin import ORIGIN
from hydradesk.kernel.time import DAY, Clock, TimeNs
from hydradesk.kernel.tx import Transactions

WAITING = 10_000
"""Events kept in memory at most; a flood beyond that is counted."""
TOGETHER = 500
"""Rows written at once."""
EVERY_S = 0.25

log = structlog.get_logger("security")


class SecurityEvents:
    """Answers contracts.SecurityLog."""

    def __init__(self, db: Transactions, book: SecurityBook, clock: Clock) -> None:
        self._db, self._book, self._clock = db, book, clock
        self._waiting: deque[SecurityEvent] = deque()
        self._dropped = 0
        self._writing = asyncio.Lock()

    def note(
        self,
        kind: SecurityKind,
        subject: str = "",
        detail: Detail | None = None,
        severity: Severity = "warning",
    ) -> None:
        """Note an event and return at once."""
        if len(self._waiting) >= WAITING:
            self._dropped += 1
            return
        origin = ORIGIN.get()
        event = SecurityEvent(
            at=self._clock.now(),
            kind=kind,
            severity=severity,
            subject=subject,
            ip=origin.ip,
            request=origin.request_id,
            detail=detail or {},
        )
        self._waiting.append(event)
        _tell(event)

    async def flush(self) -> None:
        """Write what waits; what cannot be written waits on."""
        async with self._writing:
            while self._waiting or self._dropped:
                if self._dropped and len(self._waiting) < WAITING:
                    lost, self._dropped = self._dropped, 0
                    self.note("events_dropped", detail={"events": lost}, severity="critical")
                batch = [self._waiting[place] for place in range(min(TOGETHER, len(self._waiting)))]
                async with self._db.begin() as tx:
                    await self._book.add(tx, batch)
                for _ in batch:
                    self._waiting.popleft()

    async def run(self) -> None:
        """Write what was noted, four times a second, until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.flush()
            except (DBAPIError, OSError) as error:
                log.warning("security.not_written", error=type(error).__name__)

    async def page(self, kind: str | None, before: int | None, limit: int) -> list[SecurityEvent]:
        """Return events, newest first."""
        async with self._db.begin() as tx:
            return await self._book.page(tx, kind, before, limit)

    async def today(self) -> int:
        """Return how many there were in the last 24 hours."""
        async with self._db.begin() as tx:
            return await self._book.since(tx, TimeNs(self._clock.now() - DAY))


def _tell(event: SecurityEvent) -> None:
    """One JSON object a line in the log file, for whatever collects them."""
    tell = {"info": log.info, "warning": log.warning, "critical": log.critical}[event.severity]
    tell(
        "security.event",
        kind=event.kind,
        severity=event.severity,
        subject=event.subject,
        ip=event.ip,
        request_id=event.request,
        detail=event.detail,
    )
