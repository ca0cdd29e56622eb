"""Places orders. Our record comes first, the venue second, and no lock spans both."""

import asyncio
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import groupby

import structlog
from msgspec import Struct
from sqlalchemy.exc import DBAPIError

from hydradesk.accounts.contracts import AccountTrail, Detail, public_name
from hydradesk.execution.contracts import FINAL, Fill, Order, Rejected, Unknown, VenueReport
from hydradesk.execution.domain import intents
from hydradesk.execution.domain import orders as life
from hydradesk.execution.domain.intents import Wanted
from hydradesk.execution.ports import OrderStore, Positions, Venue
from hydradesk.infra.lanes import Lanes
from hydradesk.kernel.errors import Conflict, NotFound, Unavailable
from hydradesk.kernel.ids import AccountId, OrderId, Symbol
from hydradesk.kernel.numbers import Amount, plain, toward_zero
from hydradesk.kernel.time import Clock
from hydradesk.kernel.tx import Transactions, Tx
from hydradesk.ledger.contracts import Ledger, book
from hydradesk.market.contracts import Instrument, Instruments, Prices
from hydradesk.risk.contracts import Guardian, Intent, Refused, Reservations

BATCH = 64
"""Reports asked for at once."""
TOGETHER = 2
"""Reports booked in one transaction at most: new orders of the account wait for no more than it."""

log = structlog.get_logger("execution")


class Books(Struct, frozen=True):
    """What moves together with an order."""

    orders: OrderStore
    ledger: Ledger
    positions: Positions
    reservations: Reservations
    trail: AccountTrail


class Desk(Struct, frozen=True):
    """What surrounds execution."""

    guardian: Guardian
    instruments: Instruments
    prices: Prices
    clock: Clock
    lanes: Lanes


class ExecutionService:
    """Owns the order lifecycle."""

    def __init__(
        self, db: Transactions, books: Books, desk: Desk, venues: Mapping[str, Venue]
    ) -> None:
        self._db, self._books, self._desk, self._venues = db, books, desk, venues
        self._booking = {name: asyncio.Lock() for name in venues}
        self._sending: set[OrderId] = set()

    async def submit(self, intent: Intent, venue: str = "paper") -> Order | Refused:
        """Judge, record, then send; the same intent again returns the same order.

        If we die between the commit and the venue's answer the order stays `created`, and
        reconciliation asks the venue about it by id on the next start.
        """
        async with self._desk.lanes.work():
            async with self._desk.lanes.lane(intent.account), self._db.begin() as tx:
                known_order = await self._books.orders.find(tx, intent.id)
                if known_order is not None:
                    return _same(known_order, intent, venue)
                order = await self._open(tx, intent, venue)
            return order if isinstance(order, Refused) else await self.send(order)

    async def submit_wanted(
        self, wanted: Wanted, symbol: Symbol, venue: str = "paper"
    ) -> Order | Refused:
        """Apply the instrument's filters to what somebody wants, then submit it."""
        instrument = self._desk.instruments.find(symbol)
        last = self._desk.prices.last(instrument.symbol)
        now = self._desk.clock.now()
        rate = self.fee_rate(venue)
        return await self.submit(intents.intent(wanted, instrument, last, rate, now), venue)

    async def close(self, account: AccountId, symbol: str, order: OrderId) -> Order | Refused:
        """Sell all that is free of a symbol, at market; NotFound when there is nothing.

        The same id again returns the same order.
        """
        async with self._db.begin() as tx:
            known = await self._books.orders.find(tx, order)
        if known is not None and known.intent.account == account:
            return known
        instrument = self._desk.instruments.find(symbol)
        free = await self.free(account, instrument)
        if free <= 0:
            raise NotFound(f"nothing of {instrument.symbol} is free to close", field="symbol")
        wanted = Wanted(
            id=order, account=account, side="sell", type="market", qty=plain(free), origin="close"
        )
        return await self.submit_wanted(wanted, instrument.symbol)

    async def free(self, account: AccountId, instrument: Instrument) -> Decimal:
        """Return the base units, on the lot, that no live order sells already."""
        async with self._db.begin() as tx:
            mine = await self._books.ledger.balances(tx, account)
        quanta = mine.get((book(account, "cash"), instrument.base.symbol), 0)
        return toward_zero(Amount(instrument.base, quanta).units, instrument.lot)

    def fee_rate(self, venue: str) -> Decimal:
        """Return the most a venue charges; NotFound names the venues there are."""
        if venue not in self._venues:
            known = ", ".join(sorted(self._venues))
            raise NotFound(
                f"unknown venue {venue[:32]!r}", field="venue", fix=f"use one of {known}"
            )
        return self._venues[venue].terms.fee_rate

    async def send(self, order: Order) -> Order:
        """Give a recorded order to its venue and book the answer; safe to repeat."""
        self._sending.add(order.id)
        try:
            ack = await self._venues[order.venue].submit(order)  # no transaction, no lane
        finally:
            self._sending.discard(order.id)
        async with self._desk.lanes.lane(order.intent.account), self._db.begin() as tx:
            order = await self._books.orders.get(tx, order.id)
            if order.state not in ("created", "unknown"):
                return order  # a report has overtaken the answer
            if order.state == "unknown" and isinstance(ack, Unknown):
                return order  # still silent: no news
            order = life.acknowledged(order, ack, self._desk.clock.now())
            await self._save(tx, order, None)
        return order

    def sending(self, order: OrderId) -> bool:
        """Whether a venue's answer to this order is being waited for right now."""
        return order in self._sending

    async def cancel(self, order_id: OrderId, account: AccountId) -> Order:
        """Ask the venue to cancel, book what it reports, return the order as it then stands."""
        async with self._desk.lanes.work():
            async with self._db.begin() as tx:
                order = await self._books.orders.get(tx, order_id)
                if order.intent.account != account:
                    raise NotFound(f"there is no order {public_name(order_id)[:64]!r}", field="id")
                if order.done:
                    raise Conflict(f"the order is {order.state} already", field="id")
                await self._books.trail.record(tx, account, "order.cancel_asked", order_id)
            ack = await self._venues[order.venue].cancel(order, self._desk.clock.now())
            await self.book(order.venue)
            async with self._db.begin() as tx:
                order = await self._books.orders.get(tx, order_id)
        if isinstance(ack, Rejected) and not order.done:
            raise Conflict(f"the venue refuses to cancel: {ack.reason}", field="id")
        return order

    async def cancel_all(self, account: AccountId) -> list[Order]:
        """Cancel every live order of an account; an order that fills meanwhile stays filled."""
        async with self._db.begin() as tx:
            live = await self._books.orders.live(tx, account)
        ended: list[Order] = []
        for order in live:
            try:
                ended.append(await self.cancel(order.id, account))
            except Conflict:
                log.info("cancel.too_late", order=order.id)
        return ended

    async def book(self, venue: str) -> int:
        """Book every report the venue has and we have not; return how many."""
        booked = 0
        async with self._desk.lanes.work(), self._booking[venue]:
            while True:
                async with self._db.begin() as tx:
                    after = await self._books.orders.reached(tx, venue)
                news = await self._venues[venue].reports(after, BATCH)
                for _, group in groupby(news, key=_account):
                    mine = list(group)
                    for first in range(0, len(mine), TOGETHER):
                        await self._book_group(venue, mine[first : first + TOGETHER])
                booked += len(news)
                if len(news) < BATCH:
                    return booked

    async def _open(self, tx: Tx, intent: Intent, venue: str) -> Order | Refused:
        verdict = await self._desk.guardian.judge(tx, intent)
        if isinstance(verdict, Refused):
            return verdict
        order = life.created(verdict, venue, self._desk.clock.now())
        await self._books.orders.add(tx, order)
        await self._books.reservations.consume(tx, verdict)
        instrument = self._desk.instruments.find(intent.symbol)
        await self._books.ledger.post(tx, [life.hold(order, instrument)], order.created_at)
        await self._books.trail.record(
            tx, intent.account, "order.placed", order.id, after=_told(order)
        )
        return order

    async def _book_group(self, venue: str, reports: Sequence[VenueReport]) -> None:
        """Book reports of one account in one transaction."""
        async with self._db.begin() as tx:
            first = await self._books.orders.find(tx, reports[0].client_id)
        if first is None:
            raise Conflict(f"venue {venue} reports on an order we never placed: {reports[0]}")
        async with self._desk.lanes.lane(first.intent.account), self._db.begin() as tx:
            for report in reports:
                if await self._books.orders.advance(tx, venue, report):
                    await self._book_one(tx, report)

    async def _book_one(self, tx: Tx, report: VenueReport) -> None:
        order = await self._books.orders.get(tx, report.client_id)
        if report.fill is None:
            await self._save(tx, life.ended(order, report), None)
            return
        fill = report.fill
        order = life.filled(order, fill)
        instrument = self._desk.instruments.find(fill.symbol)
        await self._books.ledger.post(tx, life.settlement(order, fill, instrument), fill.at)
        await self._books.positions.apply(tx, fill)
        await self._save(tx, order, fill)

    async def _save(self, tx: Tx, order: Order, fill: Fill | None) -> None:
        """Save a moved order with what it frees: its reservation and its hold."""
        await self._books.orders.save(tx, order, fill)
        if fill is not None or order.state in FINAL:
            await self._books.reservations.keep(tx, order.id, order.remaining)
        if order.state in FINAL:
            instrument = self._desk.instruments.find(order.intent.symbol)
            left = life.release(order, instrument)
            if left:
                await self._books.ledger.post(tx, left, order.updated_at)


class Reconciliation:
    """Settles, with the venue's word, what we do not know: at start and from time to time."""

    def __init__(
        self, db: Transactions, orders: OrderStore, desk: Desk, execution: ExecutionService
    ) -> None:
        self._db, self._orders, self._desk, self._execution = db, orders, desk, execution

    async def settle(self, venues: Mapping[str, Venue]) -> int:
        """Ask each venue about orders without an answer, then book its reports.

        An order the venue never heard of is sent now: it was approved, durable and counted, and
        its own worst price still binds. Returns how many orders were settled.
        """
        async with self._db.begin() as tx:
            live = await self._orders.live(tx)
        settled = 0
        for order in live:
            waiting = order.state in ("created", "unknown")
            if waiting and not self._execution.sending(order.id):
                await self._execution.send(order)  # the same id: never a second order
                settled += 1
        for name in venues:
            await self._execution.book(name)
        return settled

    async def run(self, venues: Mapping[str, Venue], every_s: float = 2.0) -> None:
        """Settle again and again until cancelled; a venue that is away is asked again."""
        while True:
            await asyncio.sleep(every_s)
            try:
                await self.settle(venues)
            except (Unavailable, DBAPIError, OSError) as error:
                log.warning("reconcile.waiting", error=type(error).__name__)


def _account(report: VenueReport) -> str:
    return report.fill.account if report.fill else f"order {report.client_id}"


def _told(order: Order) -> Detail:
    """What the audit trail says of a new order; its receipt and facts say the rest."""
    intent = order.intent
    return {
        "symbol": intent.symbol,
        "side": intent.side,
        "type": intent.type,
        "qty": str(intent.qty),
        "venue": order.venue,
        "origin": intent.origin,
    }


def _same(order: Order, intent: Intent, venue: str) -> Order:
    """Return the known order when it is what was asked for; a market's price may have moved."""
    if (order.venue, _asked(order.intent)) != (venue, _asked(intent)):
        raise Conflict(
            f"another order has the id {public_name(intent.id)}",
            field="client_id",
            fix="choose a new client_id",
        )
    return order


def _asked(intent: Intent) -> tuple[object, ...]:
    price = intent.price if intent.type == "limit" else None
    how = (intent.type, intent.time_in_force, price)
    return (intent.account, intent.symbol, intent.side, intent.qty, *how)
