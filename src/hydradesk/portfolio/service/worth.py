"""Keeps positions and values accounts."""

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

from hydradesk.accounts.contracts import Accounts
from hydradesk.execution.contracts import Fill
from hydradesk.kernel.ids import AccountId, Symbol
from hydradesk.kernel.numbers import MONEY, plain
from hydradesk.kernel.time import DAY, Clock, TimeNs
from hydradesk.kernel.tx import Transactions, Tx
from hydradesk.ledger.contracts import Book, Ledger
from hydradesk.market.contracts import BarClosed, Instruments, Prices
from hydradesk.portfolio import domain
from hydradesk.portfolio.contracts import EquityPoint, Position
from hydradesk.portfolio.ports import PortfolioBook, Withdrawn
from hydradesk.portfolio.service.accounts import Paper
from hydradesk.risk.contracts import Exposure


class Surroundings(Struct, frozen=True):
    """Where portfolio looks and asks."""

    accounts: Accounts
    ledger: Ledger
    instruments: Instruments
    prices: Prices
    clock: Clock
    withdrawn: Withdrawn


class Start(Struct, frozen=True, kw_only=True):
    """What an account's present worth is held against, quote units."""

    at_midnight: Decimal
    """Its worth when the desk's UTC day began, less what has left since."""
    withdrawn: Decimal
    """What has ever left it, at the prices of then."""


class PortfolioService:
    """Answers risk's ExposureReader and execution's Positions."""

    def __init__(
        self,
        db: Transactions,
        reads: Transactions,
        store: PortfolioBook,
        around: Surroundings,
        paper: Paper,
    ) -> None:
        self._db, self._reads = db, reads
        self._store, self._around, self._paper = store, around, paper

    async def on_bar(self, fact: BarClosed) -> None:
        """Add a point to equity curves for each minute, once the last symbol has closed it.

        The local person's curve has every minute. Others' have those in which something was
        held: without a position nothing changes, and the last point stands.
        """
        if fact.candle.timeframe != "1m":
            return
        at = fact.candle.close_time
        async with self._db.begin() as tx:
            moving = await self._store.moving(tx)
            open_ones = await self._around.accounts.open_among(tx, moving)
            mine = [one.id for one in open_ones if one.session == fact.session]
            withdrawn = await self._around.withdrawn.of(tx, mine)
            balances = await self._around.ledger.balances_of(tx, mine)
            points = {
                one: self._point(balances.get(one, {}), withdrawn.get(one, Decimal(0)), at)
                for one in mine
            }
            await self._store.add_points(tx, points)
            await self._store.settle(tx, moving, keep=mine)

    async def apply(self, tx: Tx, fill: Fill) -> None:
        """Move the position in the fill's transaction."""
        before = await self._store.position(tx, fill.account, fill.symbol)
        await self._store.save(tx, domain.applied(before or domain.opened(fill), fill))

    async def exposure(self, tx: Tx, account: AccountId, symbol: Symbol) -> Exposure:
        """Return the account's present exposure, valued at last prices."""
        now = await self._worth(tx, account)
        held = await self._store.held(tx, account, symbol)
        midnight = TimeNs(self._around.clock.now() // DAY * DAY)
        start = await self._start(tx, account, midnight)
        return Exposure(
            position=held.qty if held else Decimal(0),
            gross=now.exposure,
            cash=now.cash,
            equity=now.equity,
            equity_at_midnight=start.at_midnight,
        )

    async def worth(self, account: AccountId) -> tuple[domain.Worth, list[Position], Start]:
        """Return what an account is worth, its positions, and what that is to be held against."""
        async with self._reads.begin(account) as tx:
            now = await self._worth(tx, account)
            held = await self._store.positions(tx, account)
            midnight = TimeNs(self._around.clock.now() // DAY * DAY)
            start = await self._start(tx, account, midnight)
        return now, held, start

    async def _start(self, tx: Tx, account: AccountId, midnight: TimeNs) -> Start:
        """Take off what has left since: a withdrawal is no loss."""
        then = await self._store.point_at(tx, account, midnight)
        left = (await self._around.withdrawn.of(tx, [account])).get(account, Decimal(0))
        before = MONEY.add(then.equity, then.withdrawn) if then else self._paper.deposit
        return Start(at_midnight=plain(MONEY.subtract(before, left)), withdrawn=left)

    async def curve(self, account: AccountId, limit: int) -> list[EquityPoint]:
        """Return the last points of the equity curve, oldest first."""
        async with self._reads.begin(account) as tx:
            return list(await self._store.points(tx, account, limit))

    async def _worth(self, tx: Tx, account: AccountId) -> domain.Worth:
        return self._valued(await self._around.ledger.balances(tx, account))

    def _valued(self, balances: Mapping[tuple[Book, str], int]) -> domain.Worth:
        instruments = self._around.instruments.all
        last = {one.symbol: self._around.prices.last(one.symbol) for one in instruments}
        prices = {symbol: price.price for symbol, price in last.items() if price}
        return domain.worth(balances, instruments, prices, self._paper.asset.symbol)

    def _point(
        self, balances: Mapping[tuple[Book, str], int], withdrawn: Decimal, at: TimeNs
    ) -> EquityPoint:
        now = self._valued(balances)
        return EquityPoint(
            at=at,
            equity=now.equity,
            cash=now.cash,
            exposure=now.exposure,
            withdrawn=withdrawn,
        )
