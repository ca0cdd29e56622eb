"""The paper venue: takes orders, fills them from closed bars, and keeps its own books.

It shares nothing with the desk but messages, so it runs as well in a process of its own.
"""

import asyncio
from collections.abc import Sequence
from typing import Literal

from sqlalchemy.exc import DBAPIError

from hydradesk.execution.contracts import (
    Accepted,
    Ack,
    Fill,
    Order,
    Rejected,
    Resting,
    Unknown,
    VenueOrder,
    VenueReport,
    VenueState,
    VenueTerms,
)
from hydradesk.execution.domain.paper import Event, Lapse, PaperTerms, serve
from hydradesk.execution.ports import PaperBooks
from hydradesk.kernel.ids import FillId, OrderId, SessionId, Symbol
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Transactions, Tx
from hydradesk.market.contracts import Candle, Instruments

Ending = Literal["cancelled", "expired"]


class PaperVenue:
    """Answers ports.BarVenue."""

    name = "paper"

    def __init__(
        self, db: Transactions, books: PaperBooks, instruments: Instruments, model: PaperTerms
    ) -> None:
        self._db, self._store = db, books
        self._instruments, self._model = instruments, model
        self.terms = VenueTerms(fee_rate=model.fee_rate)
        self._turn = asyncio.Lock()
        self._quiet: set[Symbol] = set()
        """Symbols on which nothing rests: seen in the books under the lock, and nothing came since.

        Nobody else writes this schema, so it holds until an order comes; a new process knows
        nothing and looks. A bar that finds nothing costs no query and is not noted as served.
        """
        self._told: dict[Symbol, TimeNs] = {}
        """Close of the last bar told, which an order that comes now keeps: told again after a
        restart, a bar that was over by then must not fill it.
        """

    async def submit(self, order: Order) -> Ack:
        """Rest the order until a bar comes; the same id again gives the first answer again."""
        try:
            return await self._rest(order)
        except (DBAPIError, OSError) as error:  # it may have been kept, or not
            return Unknown(f"the venue's database does not answer: {type(error).__name__}")

    async def _rest(self, order: Order) -> Ack:
        async with self._turn, self._db.begin() as tx:
            self._quiet.discard(order.intent.symbol)
            number = await self._store.count_order(tx)
            known = await self._store.find(tx, order.id)
            if known is not None:
                return Accepted(known[0].venue_id)
            over = self._told.get(order.intent.symbol, TimeNs(0))
            resting = _resting(order, f"paper-{number}", over)
            await self._store.add(tx, resting, number)
        return Accepted(resting.venue_id)

    async def cancel(self, order: Order, at: TimeNs) -> Ack:
        """Stop an order; the report log says so."""
        async with self._db.begin() as tx:
            last = await self._store.lock(tx)
            known = await self._store.find(tx, order.id)
            if known is None:
                return Rejected("the venue does not know this order")
            resting, state = known
            if state != "working":
                return Rejected(f"the order is {state} already")
            await self._store.save(tx, resting, "cancelled")
            await self._store.report(tx, [_ending(last + 1, resting, "cancelled", at, "asked for")])
        return Accepted(resting.venue_id)

    async def lookup(self, order: OrderId) -> VenueOrder | None:
        """Return what the venue knows of an id."""
        async with self._db.begin() as tx:
            known = await self._store.find(tx, order)
        if known is None:
            return None
        resting, state = known
        return VenueOrder(
            client_id=order, venue_id=resting.venue_id, filled=resting.filled, state=state
        )

    async def reports(self, after: int, limit: int) -> Sequence[VenueReport]:
        """Return the reports after a sequence number."""
        async with self._db.begin() as tx:
            return await self._store.reports_after(tx, after, limit)

    async def on_bar(self, session: SessionId, bar: Candle) -> bool:
        """Serve resting orders with one closed bar, once however often it is told.

        False when it is certain that nothing new was reported.
        """
        async with self._turn:
            self._told[bar.symbol] = max(bar.close_time, self._told.get(bar.symbol, bar.close_time))
            if bar.symbol in self._quiet:
                return False
            async with self._db.begin() as tx:
                last = await self._store.lock(tx)
                if not await self._store.first_time(tx, session, bar.symbol, bar.open_time):
                    return True  # served before, perhaps by a life whose reports nobody read
                orders = await self._store.live(tx, bar.symbol)
                if orders:
                    return await self._serve(tx, orders, bar, last)
            self._quiet.add(bar.symbol)
        return False

    async def _serve(self, tx: Tx, orders: Sequence[Resting], bar: Candle, last: int) -> bool:
        """Walk the bar past the orders, save them and report; whether there was anything."""
        instrument = self._instruments.find(bar.symbol)
        changed, events = serve(orders, bar, instrument, self._model)
        lapsed = {event.order for event in events if isinstance(event, Lapse)}
        for order in changed:
            rest: VenueState = "expired" if order.client_id in lapsed else "working"
            await self._store.save(tx, order, "filled" if order.remaining == 0 else rest)
        for order in orders:  # lapsed without a trade: unchanged, but over
            if order.client_id in lapsed - {one.client_id for one in changed}:
                await self._store.save(tx, order, "expired")
        known = {order.client_id: order for order in orders}
        news = [
            _report(last + place, known[event.order], event)
            for place, event in enumerate(events, start=1)
        ]
        await self._store.report(tx, news)
        return bool(news)

    async def open_session(self, session: SessionId, at: TimeNs) -> None:
        """Cancel what rests from earlier sessions: their time is over."""
        self._told.clear()  # its time may be an earlier one
        async with self._db.begin() as tx:
            last = await self._store.lock(tx)
            if not await self._store.first_time(tx, session, Symbol("*"), at):
                return
            orders = await self._store.live(tx)
            for order in orders:
                await self._store.save(tx, order, "cancelled")
            reason = "a new feed session began"
            news = [
                _ending(last + place, order, "cancelled", at, reason)
                for place, order in enumerate(orders, start=1)
            ]
            await self._store.report(tx, news)


def _resting(order: Order, venue_id: str, over_until: TimeNs) -> Resting:
    intent = order.intent
    return Resting(
        client_id=order.id,
        venue_id=venue_id,
        account=intent.account,
        symbol=intent.symbol,
        side=intent.side,
        type=intent.type,
        time_in_force=intent.time_in_force,
        qty=intent.qty,
        price=intent.price,
        sent_at=intent.at,
        over_until=over_until,
    )


def _report(seq: int, order: Resting, event: Event) -> VenueReport:
    if isinstance(event, Lapse):
        return _ending(seq, order, "expired", event.at, event.reason)
    fill = Fill(
        id=FillId(f"{order.client_id}.{event.number}"),
        order_id=order.client_id,
        account=order.account,
        symbol=order.symbol,
        side=order.side,
        qty=event.qty,
        price=event.price,
        fee=event.fee,
        at=event.at,
    )
    return VenueReport(seq=seq, client_id=order.client_id, kind="fill", at=event.at, fill=fill)


def _ending(seq: int, order: Resting, kind: Ending, at: TimeNs, reason: str) -> VenueReport:
    return VenueReport(seq=seq, client_id=order.client_id, kind=kind, at=at, reason=reason)
