"""Turns facts, ticks and open bars into messages on the stream.

The socket announces what has committed: a tap on the bus sees each fact in `pos` order, after
every consumer of this process has handled it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import structlog
from msgspec import Struct
from prometheus_client import Counter, Gauge
from sqlalchemy.exc import DBAPIError

from hydradesk.accounts.contracts import (
    ENTITLEMENTS,
    Account,
    AccountChanged,
    PersonChanged,
    person_of,
)
from hydradesk.doors.gateway.hub import OWNED, Hub
from hydradesk.doors.gateway.topics import CHANGED, CLASSES, OF_PERSON, owned
from hydradesk.execution.api import order_view, trade_view
from hydradesk.execution.contracts import OrderFilled, OrderMoved
from hydradesk.infra.outbox import Stamped
from hydradesk.kernel.errors import Unavailable
from hydradesk.kernel.events import Fact
from hydradesk.kernel.ids import PersonId, SessionId, Symbol
from hydradesk.kernel.time import rfc3339
from hydradesk.market.api import FeedView
from hydradesk.market.contracts import (
    BarClosed,
    Candle,
    Instruments,
    Prices,
    SessionOpened,
    Tick,
    Timeframe,
    timeframe_of,
)
from hydradesk.portfolio.api import PortfolioReader
from hydradesk.portfolio.contracts import PositionMoved
from hydradesk.risk.api import judgement_view
from hydradesk.risk.contracts import Halted, Judged, ProfileChanged
from hydradesk.signals.api import entitled_view, indicator_view, pattern_view
from hydradesk.signals.contracts import PatternSeen, Reading, SignalEnded, SignalMade

FLUSH_S = 0.1
"""Ticks, open bars, feed and portfolio go out at most ten times a second …"""
REPEAT = 50
"""… and prices, feed and a heartbeat at least every 50th flush: five seconds."""
REVALUE = 10
"""Worth follows the price at most every tenth flush: each time costs a look at the books."""
AT_ONCE = 20
"""How many people's worth is told in one flush: who waits is told in the next."""
LISTS = ("signals", "patterns", "indicators", "orders", "trades", "positions", "risk")

FACTS = Counter("hydradesk_facts", "Facts published", ["topic"])
CLIENTS = Gauge("hydradesk_stream_clients", "WebSocket clients connected")

log = structlog.get_logger("gateway")


class PriceView(Struct, frozen=True, kw_only=True):
    """The last price of one symbol."""

    symbol: str
    price: str
    at: str
    state: str


class BarView(Struct, frozen=True, kw_only=True):
    """A bar as it grows, and once more when it has closed."""

    open_time: str
    open: str
    high: str
    low: str
    close: str
    volume: str
    closed: bool


class Sources(Struct, frozen=True, kw_only=True):
    """Where the publisher looks."""

    feed: Callable[[], FeedView]
    prices: Prices
    open_bar: Callable[[Symbol, Timeframe], Candle | None]
    instruments: Instruments
    portfolio: PortfolioReader
    account: Callable[[PersonId], Awaitable[Account]]
    """Somebody's open paper account."""


class Publisher:
    """Feeds the hub. `tap` hears facts, the market's listeners call the `on_` methods."""

    def __init__(self, hub: Hub, sources: Sources) -> None:
        self._hub, self._sources = hub, sources
        CLIENTS.set_function(lambda: len(hub.clients))
        self._waiting: dict[PersonId, None] = {}
        """Whose worth has changed since they were told, who waits longest first."""
        self._flat: set[PersonId] = set()
        """Who is known to hold nothing: prices do not change what they are worth."""
        self._price_moved = False
        self._ticked: set[Symbol] = set()
        self._kinds: dict[str, tuple[type[Fact], Callable[[Any], None]]] = {}
        for kind, handler in (
            (BarClosed, self._bar_closed),
            (SessionOpened, self._session_opened),
            (SignalMade, self._signal),
            (SignalEnded, self._signal),
            (PatternSeen, self._pattern),
            (OrderMoved, self._order),
            (OrderFilled, self._filled),
            (PositionMoved, self._position),
            (AccountChanged, self._account_changed),
            (PersonChanged, self._person_changed),
            (Judged, self._judged),
            (Halted, self._halted),
            (ProfileChanged, self._profile),
        ):
            self._kinds[str(kind.__struct_config__.tag)] = (kind, handler)
        for name in LISTS:
            hub.provide(name, hub.recent)
        hub.provide("feed", self._feed_snapshot)
        hub.provide("prices", self._prices_snapshot)
        hub.provide("candles", self._candle_snapshot)
        hub.provide("portfolio", self._portfolio_snapshot)

    def tap(self, fact: Stamped) -> None:
        """Count a fact, and publish what it means to the page."""
        FACTS.labels(fact.topic).inc()
        known = self._kinds.get(fact.topic)
        if known is not None:
            kind, handler = known
            handler(msgspec.json.decode(fact.body, type=kind))

    def on_tick(self, tick: Tick) -> None:
        """Publish a price at the next flush."""
        self._ticked.add(tick.symbol)
        self._price_moved = True

    def on_open_bar(self, bar: Candle) -> None:
        """Publish a growing bar at the next flush."""
        topic = f"candles:{bar.symbol}:{bar.timeframe}"
        if self._hub.listened(topic):
            self._hub.publish_latest(topic, _bar(bar, closed=False))

    def on_feed(self, status: object) -> None:
        """Publish the feed's state at the next flush."""
        self._hub.publish_latest("feed", self._sources.feed())

    def on_indicators(self, session: SessionId, reading: Reading) -> None:
        """Publish one row of indicators."""
        topic = f"indicators:{reading.symbol}:{reading.timeframe}"
        if self._hub.listened(topic):
            self._hub.publish(topic, indicator_view(reading))

    async def run(self) -> None:
        """Flush, and repeat what must not grow old, until cancelled."""
        turn = 0
        while True:
            await asyncio.sleep(FLUSH_S)
            turn += 1
            if turn % REPEAT == 0:
                self._repeat()
            if turn % REVALUE == 0 and self._price_moved:
                self._price_moved = False
                self._revalue()
            await self._publish_worth()
            self._publish_prices()
            self._hub.flush()

    def _repeat(self) -> None:
        self._hub.heartbeat()
        try:
            self._hub.publish_latest("feed", self._sources.feed())
        except Unavailable:
            return
        self._ticked.update(one.symbol for one in self._sources.instruments.all)

    def _revalue(self) -> None:
        """Have the worth told again to everybody who listens and holds something."""
        for person in self._hub.listeners("portfolio"):
            if person not in self._flat:
                self._waiting[PersonId(person)] = None

    async def _publish_worth(self) -> None:
        for person in list(self._waiting)[:AT_ONCE]:
            del self._waiting[person]
            if not self._hub.listened(owned("portfolio", person)):
                continue
            try:
                await self._publish_one(person)
            except (Unavailable, DBAPIError, OSError) as error:
                self._waiting[person] = None
                log.warning("publish.waiting", error=type(error).__name__)
                return

    async def _publish_one(self, person: PersonId) -> None:
        account = await self._sources.account(person)
        self._flat.add(person)  # unless we see otherwise, or hear of it meanwhile
        self._hub.publish(owned("portfolio", person), await self._sources.portfolio.view(account))
        for row in await self._sources.portfolio.positions(account.id):
            if row.qty:  # worth something else at the new price
                self._flat.discard(person)
                self._hub.publish(owned("positions", person), row)

    def _publish_prices(self) -> None:
        ticked, self._ticked = self._ticked, set()
        for symbol in sorted(ticked):
            price = self._price(symbol)
            if price is not None:
                self._hub.publish("prices", price)

    def _price(self, symbol: Symbol) -> PriceView | None:
        last = self._sources.prices.last(symbol)
        if last is None:
            return None
        return PriceView(
            symbol=symbol, price=str(last.price), at=rfc3339(last.at), state=last.state
        )

    async def _feed_snapshot(self, topic: str) -> object:
        return self._sources.feed()

    async def _prices_snapshot(self, topic: str) -> object:
        prices = [self._price(one.symbol) for one in self._sources.instruments.all]
        return {"items": [one for one in prices if one]}

    async def _candle_snapshot(self, topic: str) -> object:
        _, _, rest = topic.partition(":")
        symbol, _, timeframe = rest.partition(":")
        known = self._sources.instruments.find(symbol)
        bar = self._sources.open_bar(known.symbol, timeframe_of(timeframe))
        return None if bar is None else _bar(bar, closed=False)

    async def _portfolio_snapshot(self, topic: str) -> object:
        person = PersonId(topic.partition(OWNED)[2])
        return await self._sources.portfolio.view(await self._sources.account(person))

    def _bar_closed(self, fact: BarClosed) -> None:
        bar = fact.candle
        self._hub.publish(f"candles:{bar.symbol}:{bar.timeframe}", _bar(bar, closed=True))
        self._revalue()

    def _session_opened(self, fact: SessionOpened) -> None:
        self._hub.forget(LISTS)
        self._hub.publish_latest("feed", self._sources.feed())
        self._flat.clear()
        self._revalue()

    def _account_changed(self, fact: AccountChanged) -> None:
        if fact.account.closed:
            self._hub.forget(OF_PERSON, fact.account.person)
        self._waiting[fact.account.person] = None

    def _person_changed(self, fact: PersonChanged) -> None:
        """End what somebody listens to who is not, or no longer as much, entitled to it."""
        for client in self._hub.clients:
            if client.me.person == fact.person:
                if fact.status != "active":
                    client.end("this person may no longer sign in")
                elif fact.role != client.me.role:
                    client.end(CHANGED)

    def _signal(self, fact: SignalMade | SignalEnded) -> None:
        for role in CLASSES:
            view = entitled_view(fact.signal, ENTITLEMENTS[role])
            if view is not None:
                self._hub.publish(owned("signals", role), view)

    def _pattern(self, fact: PatternSeen) -> None:
        self._hub.publish("patterns", pattern_view(fact.sighting))

    def _order(self, fact: OrderMoved) -> None:
        person = person_of(fact.order.intent.account)
        self._hub.publish(owned("orders", person), order_view(fact.order))

    def _filled(self, fact: OrderFilled) -> None:
        person = person_of(fact.fill.account)
        view = trade_view(fact.fill, fact.origin, fact.signal)
        self._hub.publish(owned("trades", person), view)
        self._waiting[person] = None

    def _position(self, fact: PositionMoved) -> None:
        person = person_of(fact.position.account)
        self._flat.discard(person)
        view = self._sources.portfolio.position(fact.position)
        self._hub.publish(owned("positions", person), view)

    def _judged(self, fact: Judged) -> None:
        view = msgspec.to_builtins(judgement_view(fact.judgement))
        person = person_of(fact.judgement.intent.account)
        self._hub.publish(owned("risk", person), {"kind": "judged"} | view)

    def _halted(self, fact: Halted) -> None:
        said = {"kind": "halted", "halted": fact.halted, "reason": fact.reason}
        for person in self._hub.listeners("risk"):
            self._hub.publish(owned("risk", person), said)

    def _profile(self, fact: ProfileChanged) -> None:
        """A person's own halt is a halt to them."""
        if fact.halts:
            why = fact.profile.halted
            said = {"kind": "halted", "halted": why is not None, "reason": why or ""}
            self._hub.publish(owned("risk", fact.profile.person), said)


def _bar(bar: Candle, *, closed: bool) -> BarView:
    return BarView(
        open_time=rfc3339(bar.open_time),
        open=str(bar.open),
        high=str(bar.high),
        low=str(bar.low),
        close=str(bar.close),
        volume=str(bar.volume),
        closed=closed,
    )
