"""The real rooms from accounts to portfolio on a real database; only prices are set by hand."""

import asyncio
from decimal import Decimal as D
from typing import Any

from hydradesk.accounts.contracts import LOCAL, Account
from hydradesk.accounts.service.trail import OwnersTrail
from hydradesk.accounts.store.audit import AuditStore
from hydradesk.accounts.store.paper import AccountStore
from hydradesk.accounts.store.people import PeopleStore
from hydradesk.execution.contracts import Order
from hydradesk.execution.domain.intents import Wanted
from hydradesk.execution.domain.paper import PaperTerms
from hydradesk.execution.ports import Venue
from hydradesk.execution.service.orders import Books, Desk, ExecutionService, Reconciliation
from hydradesk.execution.service.paper import PaperVenue
from hydradesk.execution.store.orders import SqlOrderStore
from hydradesk.execution.store.paper import PaperStore
from hydradesk.infra.db import Database
from hydradesk.infra.lanes import Lanes
from hydradesk.kernel.ids import AccountId, OrderId, SessionId, Symbol
from hydradesk.kernel.time import DAY, HOUR, MINUTE, SECOND, SimClock, TimeNs
from hydradesk.ledger.store import LedgerStore
from hydradesk.market.contracts import Candle, Price, Session, SessionOpened
from hydradesk.market.domain.instruments import DEFAULT, USDT
from hydradesk.portfolio.service import Books as PaperBooks
from hydradesk.portfolio.service import Opener, Paper, PortfolioService, Surroundings
from hydradesk.portfolio.store import PortfolioStore, WithdrawalStore
from hydradesk.risk.contracts import Intent, Limits, Refused
from hydradesk.risk.domain import RiskBook
from hydradesk.risk.service import Archive, Outside, Profiles, RiskService
from hydradesk.risk.store import ProfileStore, RiskStore

ETH, BTC = Symbol("ETH-USDT"), Symbol("BTC-USDT")
START = TimeNs(19_900 * DAY + 9 * HOUR)
DEPOSIT = D(100_000)
LIMITS = Limits(
    order_max=D(50_000),
    gross_max=D(90_000),
    daily_loss_max=D(5_000),
    risk_per_trade=D("0.01"),
    price_age_max_ns=90 * SECOND,
    collar=D("0.05"),
)


def wish(**changes: Any) -> Wanted:
    """A plain order for half an ether."""
    asked: dict[str, Any] = {
        "id": OrderId("w1"),
        "account": AccountId("paper-s1-1"),
        "side": "buy",
        "type": "market",
        "qty": D("0.5"),
    }
    return Wanted(**asked | changes)


def intent(**changes: Any) -> Intent:
    """The same as an intent, at 2000."""
    asked: dict[str, Any] = {
        "id": OrderId("w1"),
        "account": AccountId("paper-s1-1"),
        "symbol": ETH,
        "side": "buy",
        "type": "limit",
        "qty": D("0.5"),
        "price": D(2000),
        "time_in_force": "gtc",
        "fee_rate": D("0.001"),
        "at": START,
        "price_at": START,
        "origin": "manual",
    }
    return Intent(**asked | changes)


def bar(number: int = 0, symbol: Symbol = ETH, **changes: Any) -> Candle:
    """The minute of the given number after START: down to 1990, up to 2020, closing at 2010."""
    values: dict[str, Any] = {
        "open": D(2000),
        "high": D(2020),
        "low": D(1990),
        "close": D(2010),
        "volume": D(100),
    }
    at = TimeNs(START + number * MINUTE)
    return Candle(symbol=symbol, timeframe="1m", open_time=at, **values | changes)


class Prices:
    """Last prices, as a test sets them."""

    def __init__(self) -> None:
        self.now: dict[Symbol, Price] = {}

    def set(self, symbol: Symbol, price: D, at: int, state: Any = "fresh") -> None:
        self.now[symbol] = Price(symbol=symbol, price=price, at=TimeNs(at), state=state)

    def last(self, symbol: Symbol) -> Price | None:
        return self.now.get(symbol)


class House:
    """Rooms wired as the desk wires them."""

    def __init__(self, db: Database, venue: Venue | None = None, limits: Limits = LIMITS) -> None:
        self.db, self.clock, self.prices = db, SimClock(START), Prices()
        self.session_id: SessionId | None = SessionId("s1")
        self.lanes, self.orders, self.ledger = Lanes(), SqlOrderStore(), LedgerStore()
        self.accounts, self.book = AccountStore(), RiskBook()
        self.reservations = RiskStore(self.book)
        around = Surroundings(
            self.accounts, self.ledger, DEFAULT, self.prices, self.clock, WithdrawalStore()
        )
        self.portfolio_store = PortfolioStore()
        paper = Paper(deposit=DEPOSIT, asset=USDT, auto_trade=True)
        self.portfolio = PortfolioService(db, db, self.portfolio_store, around, paper)
        self.audit = AuditStore(self.clock, self.clock, bytes)
        trail = OwnersTrail(self.audit, self.accounts)
        kept = PaperBooks(self.accounts, self.ledger, self, self.clock, trail)
        self.trading = Opener(db, kept, paper)
        archive = Archive(ProfileStore(), PeopleStore(), self.audit, self.clock)
        self.profiles = Profiles(db, archive, limits)
        outside = Outside(self.portfolio, self.prices, self.clock, self.audit, self.profiles, db)
        self.risk = RiskService(db, self.reservations, self.book, outside)
        self.paper = PaperVenue(db, PaperStore(), DEFAULT, PaperTerms())
        self.venues: dict[str, Venue] = {"paper": venue or self.paper}
        self.desk = Desk(self.risk, DEFAULT, self.prices, self.clock, self.lanes)
        books = Books(self.orders, self.ledger, self.portfolio, self.reservations, trail)
        self.execution = ExecutionService(db, books, self.desk, self.venues)
        self.trading.canceller = self.execution
        self.reconciliation = Reconciliation(db, self.orders, self.desk, self.execution)
        self.me = AccountId("paper-s1-1")

    def session(self) -> SessionId | None:
        """Answer portfolio's CurrentSession."""
        return self.session_id

    async def open(self, name: str = "s1") -> Account:
        """Begin a feed session: its paper account, its prices."""
        self.session_id = SessionId(name)
        now = self.clock.now()
        session = Session(
            id=self.session_id, feed="replay", source="exchange", name="test", start=now, end=None
        )
        await self.paper.open_session(session.id, now)
        await self.execution.book("paper")
        fact = SessionOpened(id=f"{name}:1", at=now, key="session", session=session)
        await self.trading.on_session(fact)
        self.prices.set(ETH, D(2000), now)
        self.prices.set(BTC, D(30_000), now)
        account = await self.trading.account(LOCAL)
        self.me = account.id
        return account

    async def order(self, symbol: Symbol = ETH, **changes: Any) -> Order | Refused:
        """Ask for an order."""
        return await self.execution.submit_wanted(wish(account=self.me, **changes), symbol)

    async def placed(self, symbol: Symbol = ETH, **changes: Any) -> Order:
        """Ask for an order that must be approved."""
        order = await self.order(symbol, **changes)
        assert isinstance(order, Order), order
        return order

    async def placed_by(self, account: AccountId, name: OrderId, **changes: Any) -> Order:
        """Have somebody's order placed."""
        asked = wish(account=account, id=name, **changes)
        order = await self.execution.submit_wanted(asked, ETH)
        assert isinstance(order, Order), order
        return order

    async def play(self, candle: Candle, *, book: bool = True) -> None:
        """Close a bar: time moves, the venue serves it, its reports are booked."""
        self.clock.advance(max(0, candle.close_time - self.clock.now()))
        self.prices.set(candle.symbol, candle.close, candle.close_time)
        for symbol, price in list(self.prices.now.items()):
            self.prices.set(symbol, price.price, candle.close_time)
        await self.paper.on_bar(self.session_id or SessionId("s1"), candle)
        if book:
            await self.execution.book("paper")

    async def stored(self, name: str = "w1") -> Order:
        async with self.db.begin() as tx:
            return await self.orders.read(tx, OrderId(name))

    async def books(self, account: str | None = None) -> dict[str, int]:
        """Balances by `book asset`, without empty ones."""
        async with self.db.begin() as tx:
            mine = await self.ledger.balances(tx, AccountId(account or self.me))
        return {f"{name.split('/')[1]} {asset}": q for (name, asset), q in mine.items() if q}

    async def totals(self) -> set[int]:
        """Sums of all books: {0} or nothing."""
        async with self.db.begin() as tx:
            return set((await self.ledger.totals(tx)).values())

    async def at_once(self, *jobs: Any) -> list[Any]:
        """Run jobs together; errors are results."""
        return await asyncio.gather(*jobs, return_exceptions=True)
