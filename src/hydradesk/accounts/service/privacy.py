"""Takes a person's data out, makes it go away, and forgets what has been kept long enough."""

import asyncio
import csv
import io
import zipfile
from collections.abc import Sequence

import msgspec
import structlog
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.exc import DBAPIError

from hydradesk.accounts.contracts import (
    DESK_CHAIN,
    Action,
    Audit,
    Detail,
    People,
    Person,
    Preferences,
    Sessions,
)
from hydradesk.accounts.contracts.privacy import Personal, Row
from hydradesk.accounts.ports.privacy import (
    Administrators,
    DocumentErasure,
    EventErasure,
    TrailErasure,
)
from hydradesk.kernel.errors import Conflict, Invalid
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import Clock, TimeNs, rfc3339
from hydradesk.kernel.tx import Transactions

EVERY_S = 3600.0
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet run a cell: such cells get an apostrophe."""
ERASED = "somebody who left"

log = structlog.get_logger("privacy")


class PrivacyBooks(Struct, frozen=True):
    """Where people are kept, and what stands beside them."""

    people: People
    sessions: Sessions
    audit: Audit
    administrators: Administrators
    trail: TrailErasure
    events: EventErasure
    documents: DocumentErasure


class Keep(Struct, frozen=True, kw_only=True):
    """How long what is kept, nanoseconds."""

    audit_ns: int
    events_ns: int
    kyc_ns: int


class PrivacyService:
    """The rights people have over what the desk holds of them."""

    def __init__(self, db: Transactions, books: PrivacyBooks, clock: Clock, keep: Keep) -> None:
        self._db, self._books, self._clock, self._keep = db, books, clock, keep
        self.kinds: Sequence[Personal] = ()
        """Every kind of data there is; app sets it once all rooms are built."""

    async def export(self, person: PersonId) -> bytes:
        """Return a zip with a JSON and a CSV file for each kind of data."""
        async with self._db.begin() as tx:
            await self._books.people.get(tx, person)
            found = {one.name: await one.rows(tx, person) for one in self.kinds}
            told: Detail = {"kinds": len(found), "rows": sum(map(len, found.values()))}
            done = Action(chain=person, action="person.exported", target=person, after=told)
            await self._books.audit.record(tx, done)
        return await asyncio.to_thread(_packed, found, person, self._clock.now())

    async def erase(self, person: PersonId, confirm: str) -> int:
        """Make a person go away; orders, money and trail stay, under an id that is nobody's.

        Returns how many rows went. Invalid unless `confirm` is the person's name or id.
        """
        async with self._db.begin() as tx:
            before = await self._books.people.locked(tx, person)
            if confirm not in (before.name, before.id):
                raise Invalid("this is not your name", field="confirm", fix="send name or id")
            if before.status == "erased":
                raise Conflict("this person was erased already")
            alone = before.role == "admin" and not (
                await self._books.administrators.other_administrators(tx, person)
            )
            if alone:
                raise Conflict("the last administrator stays", fix="make somebody else one first")
            closed = await self._books.sessions.close_all(tx, person, "erased")
            gone = sum([await one.erase(tx, person) for one in self.kinds])
            gone += await self._books.documents.erase(tx, person)
            await self._books.people.save(tx, _nobody(before), self._clock.now())
            told: Detail = {"rows": gone, "sessions_closed": closed}
            done = Action(chain=person, action="person.erased", target=person, after=told)
            await self._books.audit.record(tx, done)
            await self._books.trail.erase(tx, person)
            await self._books.events.scrub(tx, person)
        return gone

    async def forget(self) -> dict[str, int]:
        """Forget what has been kept long enough; returns how much of what."""
        now = self._clock.now()
        async with self._db.begin() as tx:
            gone: Detail = {
                "audit": await self._books.trail.expire(tx, TimeNs(now - self._keep.audit_ns)),
                "events": await self._books.events.forget(tx, TimeNs(now - self._keep.events_ns)),
                "kyc": await self._books.documents.forget(tx, TimeNs(now - self._keep.kyc_ns)),
            }
            if any(gone.values()):
                done = Action(chain=DESK_CHAIN, action="privacy.forgotten", after=gone)
                await self._books.audit.record(tx, done)
        return {name: int(count or 0) for name, count in gone.items()}

    async def run(self) -> None:
        """Forget once an hour, and at once, until cancelled."""
        while True:
            try:
                await self.forget()
            except (DBAPIError, OSError) as error:
                log.warning("privacy.waiting", error=type(error).__name__)
            await asyncio.sleep(EVERY_S)


def _nobody(person: Person) -> Person:
    """Return what is left of a person: an id, a role that may nothing, dates."""
    return replace(
        person,
        name=ERASED,
        role="user",
        status="erased",
        email=None,
        email_verified=False,
        kyc="none",
        kyc_level=0,
        kyc_expires_at=None,
        risk_level="balanced",
        referral_code=f"gone-{person.id}",
        referrer=None,
        whop_id=None,
        preferences=Preferences(),
        version=person.version + 1,
    )


def _packed(found: dict[str, list[Row]], person: PersonId, at: TimeNs) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        about = {"person": person, "at": rfc3339(at), "rows": {n: len(r) for n, r in found.items()}}
        archive.writestr("about.json", msgspec.json.format(msgspec.json.encode(about)))
        for name, rows in found.items():
            body = msgspec.json.encode(rows, enc_hook=str)
            archive.writestr(f"{name}.json", msgspec.json.format(body))
            archive.writestr(f"{name}.csv", _csv(rows))
    return out.getvalue()


def _csv(rows: list[Row]) -> str:
    page = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.writer(page, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows([_cell(row.get(name)) for name in names] for row in rows)
    return page.getvalue()


def _cell(value: object) -> str:
    if isinstance(value, dict | list):
        return msgspec.json.encode(value, enc_hook=str).decode()
    text = "" if value is None else str(value)
    number = isinstance(value, int | float)
    return f"'{text}" if text.startswith(FORMULA) and not number else text
