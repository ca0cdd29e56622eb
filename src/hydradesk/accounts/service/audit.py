"""Anchors the audit trail each second, and proves it."""

import asyncio
from collections.abc import Callable

import structlog
from msgspec import Struct
from sqlalchemy.exc import DBAPIError

from hydradesk.accounts.contracts.trail import Anchor, Broken, Head, Kept
from hydradesk.accounts.domain import audit as trail
from hydradesk.accounts.ports.records import AuditTrail
from hydradesk.kernel.tx import Transactions, Tx

EVERY_S = 1.0
TELL = 60
"""Every so many anchors the log names one: a witness outside of the database."""

log = structlog.get_logger("audit")


class Proof(Struct, frozen=True, kw_only=True):
    """What was proved of the audit trail."""

    ok: bool
    chains: int
    entries: int
    anchors: int
    last_anchor: str
    """`number:hash` of the newest; keep it elsewhere and compare later."""
    broken: Broken | None
    """The first row that does not hold."""


class AuditKeeper:
    """Runs beside the desk."""

    def __init__(self, db: Transactions, trail_book: AuditTrail) -> None:
        self._db, self._book = db, trail_book

    async def anchor(self) -> Anchor | None:
        """Anchor the heads that moved; None when none did."""
        async with self._db.begin() as tx:
            made = await self._book.anchor(tx)
        if made is not None and made.n % TELL == 0:
            log.info("audit.anchored", n=made.n, hash=made.hash.hex())
        return made

    async def run(self) -> None:
        """Anchor once a second until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.anchor()
            except (DBAPIError, OSError) as error:
                log.warning("audit.not_anchored", error=type(error).__name__)

    async def verify(
        self, progress: Callable[[int], None] = lambda seen: None, noted: str | None = None
    ) -> Proof:
        """Prove every chain, every head and every anchor, as of one instant.

        Args:
            progress: told now and then how many rows have been proved.
            noted: an anchor, as `number:hash`, that must be there yet.
        """
        async with self._db.begin() as tx:
            await self._book.freeze(tx)
            return await _Examination(self._book, tx, progress).run(noted)


class _Examination:
    """One walk through everything, in one transaction that sees one instant."""

    def __init__(self, book: AuditTrail, tx: Tx, progress: Callable[[int], None]) -> None:
        self._book, self._tx, self._progress = book, tx, progress
        self._entries = self._chains = 0
        self._last: Anchor | None = None

    async def run(self, noted: str | None) -> Proof:
        broken = await self._rows()
        anchors_broken = await self._anchors(noted)
        broken = broken or anchors_broken
        last = self._last
        return Proof(
            ok=broken is None,
            chains=self._chains,
            entries=self._entries,
            anchors=last.n if last else 0,
            last_anchor=f"{last.n}:{last.hash.hex()}" if last else "",
            broken=broken,
        )

    async def _rows(self) -> Broken | None:
        heads = await self._book.heads(self._tx)
        self._chains = len(heads)
        last: Kept | None = None
        broken: Broken | None = None
        seen: set[str] = set()
        async for page in self._book.rows(self._tx):
            for row in page:
                if last is not None and row.chain != last.chain:
                    broken = broken or _ends(last, heads)
                    last = None
                broken = broken or trail.wrong_row(row, last)
                last = row
                seen.add(row.chain)
            self._entries += len(page)
            self._progress(self._entries)
            await asyncio.sleep(0)  # the desk may be running in this loop
        if last is not None:
            broken = broken or _ends(last, heads)
        gone = sorted(heads.keys() - seen)
        return broken or (trail.wrong_head(None, heads[gone[0]]) if gone else None)

    async def _anchors(self, noted: str | None) -> Broken | None:
        broken: Broken | None = None
        n, _, digest = (noted or "0:").partition(":")
        found = not noted
        async for page in self._book.anchors(self._tx):
            for anchor in page:
                broken = broken or trail.wrong_anchor(anchor, self._last)
                found = found or (anchor.n, anchor.hash.hex()) == (int(n), digest)
                self._last = anchor
            if broken is None:
                places = [place for anchor in page for place in trail.anchored(anchor)]
                there = await self._book.there(self._tx, places)
                wrong = (trail.wrong_anchored(anchor, there) for anchor in page)
                broken = next((one for one in wrong if one is not None), None)
            await asyncio.sleep(0)
        return broken or (None if found else _not_noted(int(n)))


def _ends(last: Kept, heads: dict[str, Head]) -> Broken | None:
    """Compare a chain's last row with its head; a chain without a head has lost it."""
    head = heads.get(last.chain) or Head(last.chain, 0, "")
    return trail.wrong_head(last, head)


def _not_noted(n: int) -> Broken:
    detail = "it is not the one you noted: the trail was written anew"
    return Broken(chain="anchors", seq=n, what="anchor", detail=detail)
