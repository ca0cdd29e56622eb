"""The only file that knows every concrete class: Settings in, a house that can be run out."""

from msgspec import Struct, structs
from sqlalchemy.exc import DBAPIError
from starlette.types import Scope

from hydradesk.accounts.api.administration import Glance
from hydradesk.accounts.contracts import DEMO_SCOPES, LOCAL, AccountChanged, PersonChanged
from hydradesk.accounts.service.trail import OwnersTrail
from hydradesk.accounts.store.paper import AccountStore
from hydradesk.app import exits, front
from hydradesk.app.exits import Exits
from hydradesk.app.hooks import HooksHouse, Rooms
from hydradesk.app.people import PeopleHouse
from hydradesk.app.remedies import Desk as RemedyDesk
from hydradesk.app.remedies import HouseRemedies
from hydradesk.app.settings import Settings
from hydradesk.doors.gateway.app import Door
from hydradesk.doors.gateway.graphql import graphql_routes
from hydradesk.doors.gateway.hub import Hub
from hydradesk.doors.gateway.idempotency import IdempotencyStore
from hydradesk.doors.gateway.publish import Publisher, Sources
from hydradesk.execution import api as execution_api
from hydradesk.execution.domain.paper import PaperTerms
from hydradesk.execution.ports import BarVenue
from hydradesk.execution.service.autotrade import AutoTrader
from hydradesk.execution.service.orders import Books, Desk, ExecutionService, Reconciliation
from hydradesk.execution.service.paper import PaperVenue
from hydradesk.execution.store.orders import SqlOrderStore
from hydradesk.execution.store.paper import PaperStore
from hydradesk.infra.bus import Bus, Consumer
from hydradesk.infra.clock import DeskClock, RandomIds, SystemClock
from hydradesk.infra.db import Database
from hydradesk.infra.health import Checks, HealthCheck, LoopLag, database, disk
from hydradesk.infra.http import Principal, Routes
from hydradesk.infra.lanes import Lanes
from hydradesk.infra.shared import MemoryShared, Shared
from hydradesk.kernel.errors import Unavailable
from hydradesk.kernel.ids import AccountId, PersonId, SessionId
from hydradesk.kernel.time import MILLISECOND, TimeNs, rfc3339
from hydradesk.ledger.store import LedgerStore
from hydradesk.market import api as market_api
from hydradesk.market.contracts import BarClosed, SessionOpened, StreamChanged, timeframe_of
from hydradesk.market.domain.instruments import DEFAULT, USDT
from hydradesk.market.ports import Feed
from hydradesk.market.service import Collector, MarketService, Setup
from hydradesk.market.store import SqlMarketStore
from hydradesk.portfolio import api as portfolio_api
from hydradesk.portfolio.service import Books as PaperBooks
from hydradesk.portfolio.service import Opener, Paper, PortfolioService, Surroundings
from hydradesk.portfolio.store import PortfolioStore, WithdrawalStore
from hydradesk.risk import api as risk_api
from hydradesk.risk.contracts import Halted, Limits, PlatformChanged, ProfileChanged
from hydradesk.risk.domain import RiskBook
from hydradesk.risk.service import Archive, Outside, Profiles, RiskService
from hydradesk.risk.store import ProfileStore, RiskStore
from hydradesk.signals import api as signals_api
from hydradesk.signals.contracts import SignalEnded, SignalMade
from hydradesk.signals.service import Brain
from hydradesk.signals.store import SqlSignals


class Databases(Struct, frozen=True):
    """One pool per database role."""

    app: Database
    system: Database


class Clocks(Struct, frozen=True):
    """The desk's clock can be replayed, the wall's never."""

    desk: DeskClock
    wall: SystemClock


class Outsiders(Struct, frozen=True):
    """What lives outside the house."""

    feed: Feed
    venue: BarVenue | None
    """A venue in another process; None: the paper venue in this one."""
    shared: Shared | None = None
    """What several processes share; None: this one shares with nobody."""


class House:
    """Every room, connected. `app.serve` runs it."""

    def __init__(
        self, settings: Settings, databases: Databases, clocks: Clocks, outside: Outsiders
    ) -> None:
        self.settings, self.databases, self.clocks = settings, databases, clocks
        self.ids, self.lanes, self.lag = RandomIds(), Lanes(), LoopLag()
        self.shared: Shared = outside.shared or MemoryShared(clocks.wall)
        self.hub = Hub(clocks.wall)
        self.people = PeopleHouse(
            settings, databases.app, databases.system, clocks.wall, self.shared, clocks.desk
        )
        system, desk = databases.system, clocks.desk
        self.market_store = SqlMarketStore(system, desk)
        self.market = self._market(outside.feed)
        self.collector = Collector(system, self.market_store, outside.feed, DEFAULT, desk)
        self.orders, self.accounts = SqlOrderStore(), AccountStore()
        self.ledger, self.portfolio_store = LedgerStore(), PortfolioStore()
        self.trading, self.portfolio = self._trading()
        self.people.trade_on(self.trading)
        self.risk_store = RiskStore(book := RiskBook())
        archive = Archive(ProfileStore(), self.people.store, self.people.audit, desk)
        self.profiles = Profiles(system, archive, _limits(settings))
        facts = Outside(
            self.portfolio, self.market, desk, self.people.audit, self.profiles, databases.app
        )
        self.risk = RiskService(system, self.risk_store, book, facts)
        self.venue: BarVenue = outside.venue or PaperVenue(
            system, PaperStore(), DEFAULT, PaperTerms()
        )
        self.venues = {self.venue.name: self.venue}
        around = Desk(self.risk, DEFAULT, self.market, desk, self.lanes)
        trail = OwnersTrail(self.people.audit, self.accounts)
        books = Books(self.orders, self.ledger, self.portfolio, self.risk_store, trail)
        self.execution = ExecutionService(system, books, around, self.venues)
        self.trading.canceller = self.execution
        self.people.office.incidents.remedies = self._remedies()
        self.reconciliation = Reconciliation(system, self.orders, around, self.execution)
        timeframe = timeframe_of(settings.auto_timeframe)
        self.autotrader = AutoTrader(
            system, self.execution, self.orders, self.accounts, around, timeframe
        )
        self.reader = portfolio_api.PortfolioReader(self.portfolio, self.market, desk)
        sources = Sources(
            feed=lambda: market_api.feed_view(self.market),
            prices=self.market,
            open_bar=self.market.open_bar,
            instruments=DEFAULT,
            portfolio=self.reader,
            account=self.trading.account,
        )
        self.exits = self._exits()
        self.publisher = Publisher(self.hub, sources)
        self.signals = SqlSignals(system)
        self.brain = Brain(
            system, self.signals, self.market_store, DEFAULT, self.publisher.on_indicators
        )
        self.hooks = self._hooks()
        self._listen()
        self.bus = Bus(system, self._consumers(), [self.publisher.tap])
        self.idempotency = IdempotencyStore(system, clocks.wall, self.ids.new())

    def routes(self) -> list[Routes]:
        """Every room's routes."""
        reader = execution_api.OrderReader(self.databases.app, self.orders, DEFAULT)
        return [
            market_api.routes(self.market, self.market_store),
            signals_api.routes(self.signals, _Running(self), DEFAULT),
            execution_api.order_routes(self.execution, reader, DEFAULT, self.ids),
            execution_api.trade_routes(reader),
            portfolio_api.position_routes(self.reader),
            execution_api.position_routes(self.execution, self.ids),
            portfolio_api.routes(self.portfolio, self.reader, self.trading, self.bus.drain),
            risk_api.routes(self.risk, self.profiles, self.bus.drain),
            risk_api.profile_routes(self.profiles, self.clocks.wall, self.bus.drain),
            risk_api.admin_routes(
                self.profiles, lambda: front.rate_texts(self.settings), self.bus.drain
            ),
            *self.people.routes(),
            graphql_routes(front.graphql(self.settings, self.people.records.features)),
            *self.exits.routes(self.bus.drain),
            self.hooks.routes(),
        ]

    def door(self) -> Door:
        """Describe the HTTP door."""
        return Door(
            routes=self.routes(),
            hub=self.hub,
            identify=self._identify,
            checks=self.checks(),
            new_id=self.ids.new,
            now=self.clocks.wall.now,
            idempotency=self.idempotency,
            rules=front.rules(self.settings, self.people.defence.is_locked),
            rates=front.rates(self.settings),
            metrics_token=self.settings.metrics_token,
        )

    def checks(self) -> Checks:
        """Every part's probe."""
        return Checks(
            {
                "database": database(self.databases.system),
                "disk": disk(self.settings.data_dir),
                "feed": self._feed_probe,
                "clock": self._clock_probe,
                "loop": self.lag.probe,
                "shared": self._shared_probe,
            }
        )

    async def quiesce(self) -> None:
        """Return when the outbox is drained and every lane idle: time may move on."""
        await self.bus.drain()
        await self.lanes.idle()
        await self.bus.drain()

    def _remedies(self) -> HouseRemedies:
        async def halted() -> bool:
            async with self.databases.system.begin() as tx:
                return await self.risk_store.halt(tx) is not None

        async def stop(person: PersonId) -> str:
            account = await self.trading.set_auto_trade(person, wanted=False)
            ended = await self.execution.cancel_all(account.id)
            return f"{len(ended)} orders cancelled, signals no longer traded"

        people = self.people
        people.office.glance = structs.replace(people.office.glance, halted=halted)
        desk = RemedyDesk(stop, self.risk.halt, self.ledger)
        return HouseRemedies(
            self.databases.system, people.records.keeper, people.keyring, people.defence, desk
        )

    def _market(self, feed: Feed) -> MarketService:
        setup = Setup(
            instruments=DEFAULT,
            speed=self.settings.speed,
            quiesce=self.quiesce,
            audit=self.people.audit,
        )
        wall, desk = self.clocks.wall, self.clocks.desk
        return MarketService(self.databases.system, self.market_store, feed, desk, wall, setup)

    def _trading(self) -> tuple[Opener, PortfolioService]:
        desk = self.clocks.desk
        paper = Paper(
            deposit=self.settings.deposit,
            asset=USDT,
            auto_trade=self.settings.auto_trade,
            demo=self.settings.demo,
        )
        trail = OwnersTrail(self.people.audit, self.accounts)
        books = PaperBooks(self.accounts, self.ledger, _Running(self), desk, trail)
        around = Surroundings(
            self.accounts, self.ledger, DEFAULT, self.market, desk, WithdrawalStore()
        )
        app, system = self.databases.app, self.databases.system
        service = PortfolioService(system, app, self.portfolio_store, around, paper)
        return Opener(system, books, paper), service

    async def _person_changed(self, fact: PersonChanged) -> None:
        await self.exits.withdrawals.on_person(fact)  # what comes back, comes to an open account
        await self.trading.on_person(fact)

    async def _is_halted(self) -> bool:
        return self.risk.halted is not None

    def _exits(self) -> Exits:
        """Connect what leaves, and what people's side wants to know of trading."""
        self.people.keyring.endings.listeners.append(self.hub.look_again)
        self.autotrader.allowed = lambda: self.people.records.features.enabled("auto_trade")
        desk = exits.Desk(
            ledger=self.ledger,
            positions=self.portfolio_store,
            trading=self.trading,
            instruments=DEFAULT,
            prices=self.market,
            clock=self.clocks.desk,
        )
        made = Exits(self.settings, self.people, desk)
        self.people.office.glance = Glance(withdrawals=made.pending, halted=self._is_halted)
        return made

    def _consumers(self) -> list[Consumer]:
        """Who hears what, in the order in which each fact is told.

        A closed bar first fills orders that rest, then moves the equity curve, then makes
        signals, whose orders meet the next bar.
        """
        return [
            Consumer("people").on(PersonChanged, self.people.keyring.endings.on_person),
            Consumer("risk")
            .on(Halted, self.risk.on_halted)
            .on(ProfileChanged, self.profiles.on_profile)
            .on(PlatformChanged, self.profiles.on_platform)
            .on(PersonChanged, self.profiles.on_person),
            Consumer("venue").on(SessionOpened, self._venue_session).on(BarClosed, self._venue_bar),
            Consumer("portfolio")
            .on(SessionOpened, self.trading.on_session)
            .on(AccountChanged, self.trading.on_account)
            .on(PersonChanged, self._person_changed)
            .on(BarClosed, self.portfolio.on_bar),
            Consumer("brain")
            .on(SessionOpened, self.brain.on_session)
            .on(StreamChanged, self.brain.on_stream)
            .on(BarClosed, self.brain.on_bar),
            Consumer("autotrader")
            .on(SignalMade, self.autotrader.on_made)
            .on(SignalEnded, self.autotrader.on_ended),
            self.hooks.consumer(),
        ]

    def _hooks(self) -> HooksHouse:
        rooms = Rooms(people=self.people, accounts=self.accounts, position=self.reader.position)
        return HooksHouse(self.settings, self.databases.app, self.databases.system, rooms)

    async def _venue_session(self, fact: SessionOpened) -> None:
        await self.venue.open_session(fact.session.id, fact.session.start)
        await self.execution.book(self.venue.name)

    async def _venue_bar(self, fact: BarClosed) -> None:
        minute = fact.candle.timeframe == "1m"
        if minute and await self.venue.on_bar(fact.session, fact.candle):
            await self.execution.book(self.venue.name)

    def _listen(self) -> None:
        self.market.listeners.on_tick = self.publisher.on_tick
        self.market.listeners.on_open_bar = self.publisher.on_open_bar
        self.market.listeners.on_feed = self.publisher.on_feed

    async def _identify(self, scope: Scope) -> Principal:
        """Say who is calling: with --demo the local person, else who can show it."""
        return await (self._local() if self.settings.demo else self.people.identify(scope))

    async def _local(self) -> Principal:
        """Everybody on loopback is the one local person, trading the running session."""
        try:
            account = await self.trading.of(LOCAL)
        except (Unavailable, DBAPIError, OSError):
            account = AccountId("")
        return Principal(person=LOCAL, account=account, role="demo", scopes=DEMO_SCOPES)

    async def _feed_probe(self) -> HealthCheck:
        status = self.market.status()
        bad = [one for one in status.streams if one.state != "fresh"]
        words = "; ".join(f"{one.symbol} {one.state}: {one.reason}" for one in bad)
        said = status.trouble or words or f"{status.session.name}, all streams fresh"
        return HealthCheck(
            name="feed",
            ok=not status.trouble and not any(one.state == "broken" for one in bad),
            detail=f"{status.session.feed}: {said}",
        )

    async def _shared_probe(self) -> HealthCheck:
        return HealthCheck(name="shared", ok=True, detail=await self.shared.ping())

    async def _clock_probe(self) -> HealthCheck:
        status = self.market.status()
        behind = status.wall - status.clock if status.session.feed == "live" else 0
        detail = f"desk {rfc3339(status.clock)}, wall {rfc3339(status.wall)}"
        return HealthCheck(name="clock", ok=abs(behind) < 5_000 * MILLISECOND, detail=detail)


class _Running:
    """Answers portfolio's CurrentSession and signals' Desk."""

    def __init__(self, house: House) -> None:
        self._house = house

    def now(self) -> TimeNs:
        """Return the desk's instant."""
        return self._house.clocks.desk.now()

    def session(self) -> SessionId | None:
        """Return the running feed session, or None before there is one."""
        try:
            return self._house.market.session.id
        except Unavailable:
            return None


def _limits(settings: Settings) -> Limits:
    return Limits(
        order_max=settings.order_max,
        gross_max=settings.gross_max,
        daily_loss_max=settings.daily_loss_max,
        risk_per_trade=settings.risk_per_trade,
        price_age_max_ns=settings.price_age_max_ms * MILLISECOND,
        collar=settings.collar,
    )
