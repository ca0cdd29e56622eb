"""HTTP views of the journal."""

from typing import Annotated

from fastapi import Path, Query, Response
from msgspec import Meta, Struct

from hydradesk.accounts.contracts.journal import JournalEntry
from hydradesk.accounts.store.journal import JournalStore
from hydradesk.infra.group import GroupCommit
from hydradesk.infra.http import Caller, Page, Principal, Routes, decode_cursor, encode_cursor
from hydradesk.kernel.errors import NotFound
from hydradesk.kernel.ids import IdSource, PersonId
from hydradesk.kernel.time import Clock, rfc3339
from hydradesk.kernel.tx import Transactions

NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
Name = Annotated[str, Meta(max_length=64, pattern=NAME)]
Text = Annotated[str, Meta(min_length=1, max_length=2_000, pattern=r"^[^\x00]*$")]


class JournalRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A note to keep. The same `id` again returns the note as it was first kept."""

    text: Text
    symbol: Annotated[str, Meta(max_length=32, pattern=NAME)] | None = None
    order_id: Name | None = None
    id: Name | None = None


class JournalView(Struct, frozen=True, kw_only=True):
    """One note."""

    id: str
    text: str
    symbol: str | None
    order_id: str | None
    at: str


NOTE = JournalView(
    id="n-1",
    text="Chased the breakout; next time wait for the retest.",
    symbol="ETH-USDT",
    order_id="o-7d1f",
    at="2026-11-21T10:00:00Z",
)


class Journal:
    """Where notes are written, together, and read, each by its own writer."""

    def __init__(
        self,
        writer: GroupCommit[JournalEntry, JournalEntry],
        system: Transactions,
        app: Transactions,
    ) -> None:
        self.writer, self.system, self.app, self.store = writer, system, app, JournalStore()


def routes(journal: Journal, ids: IdSource, clock: Clock) -> Routes:
    """Build the journal's routes."""
    api = Routes("/account/journal", "account")

    @api.fast("", JournalRequest, JournalView, scope="account:write", example=NOTE)
    async def write_journal(me: Principal, request: JournalRequest) -> JournalView:
        """Keep a note, about a symbol or an order if you say so. Durable when answered."""
        entry = JournalEntry(
            id=request.id or ids.new(),
            person=_person(me),
            at=clock.now(),
            text=request.text,
            symbol=request.symbol,
            order_id=request.order_id,
        )
        return _view(await journal.writer.put(entry))

    @api.add("GET", "", Page[JournalView], scope="account:read", example=Page([NOTE]))
    async def list_journal(
        me: Caller,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        cursor: Annotated[str | None, Query(max_length=300)] = None,
    ) -> Page[JournalView]:
        """Your notes, newest first."""
        before = decode_cursor(cursor, (int, str))
        place = (before[0], before[1]) if before else None
        person = _person(me)
        async with journal.app.begin(person) as tx:
            found = await journal.store.page(tx, person, place, limit)
        last = found[-1] if len(found) == limit else None
        following = None if last is None else encode_cursor(last.at, last.id)
        return Page([_view(one) for one in found], following)

    @api.raw("DELETE", "/{entry_id}", scope="account:write", status_code=204)
    async def delete_journal(
        me: Caller,
        entry_id: Annotated[str, Path(max_length=64, pattern=NAME, description="Its id")],
    ) -> Response:
        """Forget a note."""
        async with journal.system.begin() as tx:
            if not await journal.store.remove(tx, _person(me), entry_id):
                raise NotFound(f"there is no note {entry_id!r}", field="entry_id")
        return Response(status_code=204)

    return api


def _person(me: Principal) -> PersonId:
    assert me.person is not None, "the scope needs somebody signed in"
    return me.person


def _view(entry: JournalEntry) -> JournalView:
    return JournalView(
        id=entry.id,
        text=entry.text,
        symbol=entry.symbol,
        order_id=entry.order_id,
        at=rfc3339(entry.at),
    )
