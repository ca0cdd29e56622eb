"""Opens paper accounts, keeps positions, values them."""

from decimal import Decimal

import msgspec
from msgspec import Struct

from hydradesk.accounts.contracts import Account, Accounts
from hydradesk.execution.contracts import Fill
from hydradesk.kernel.errors import Unavailable
from hydradesk.kernel.ids import AccountId, SessionId, Symbol, TransferId
from hydradesk.kernel.numbers import Amount, Asset
from hydradesk.kernel.time import DAY, Clock, TimeNs
from hydradesk.kernel.tx import Transactions, Tx
from hydradesk.ledger.contracts import OUTSIDE, Ledger, Transfer, book
from hydradesk.market.contracts import BarClosed, Instruments, Prices, SessionOpened
from hydradesk.portfolio import domain
from hydradesk.portfolio.contracts import EquityPoint, Position
from hydradesk.portfolio.ports import Canceller, CurrentSession, PortfolioBook
from hydradesk.risk.contracts import Exposure


class Paper(Struct, frozen=True, kw_only=True):
    """What a new paper account begins with."""

    deposit: Decimal
    asset: Asset
    auto_trade: bool


class Surroundings(Struct, frozen=True):
    """Where portfolio looks and asks."""

    accounts: Accounts
    ledger: Ledger
    instruments: Instruments
    prices: Prices
    session: CurrentSession
    clock: Clock


class PortfolioService:
    """Answers risk's ExposureReader and execution's Positions."""

    def __init__(
        self, db: Transactions, store: PortfolioBook, around: Surroundings, paper: Paper
    ) -> None:
        self._db, self._store, self._around, self._paper = db, store, around, paper
        self.canceller: Canceller | None = None
        """Execution, which is built after us; wiring sets it."""

    async def on_session(self, fact: SessionOpened) -> None:
        """Give a new session its own account with play money; older sessions' accounts close."""
        session = fact.session
        async with self._db.begin() as tx:
            known = await self._around.accounts.of_session(tx, session.id)
            for old in await self._around.accounts.open_ones(tx):
                if old.session != session.id:
                    await self._close(tx, old, session.start)
            if not known:
                account = self._fresh(session.id, 1, self._paper.auto_trade, session.start)
                await self._fund(tx, account, session.start)

    async def on_bar(self, fact: BarClosed) -> None:
        """Add a point to the equity curve for each minute, once the last symbol has closed it."""
        if fact.candle.timeframe != "1m":
            return
        at = fact.candle.close_time
        async with self._db.begin() as tx:
            for account in await self._around.accounts.of_session(tx, fact.session):
                if not account.closed:
                    point = await self._point(tx, account.id, at)
                    await self._store.add_point(tx, account.id, point)

    async def apply(self, tx: Tx, fill: Fill) -> None:
        """Move the position in the fill's transaction."""
        before = await self._store.position(tx, fill.account, fill.symbol)
        await self._store.save(tx, domain.applied(before or domain.opened(fill), fill))

    async def exposure(self, tx: Tx, account: AccountId, symbol: Symbol) -> Exposure:
        """Return the account's present exposure, valued at last prices."""
        now = await self._worth(tx, account)
        held = await self._store.position(tx, account, symbol)
        midnight = TimeNs(self._around.clock.now() // DAY * DAY)
        then = await self._store.point_at(tx, account, midnight)
        return Exposure(
            position=held.qty if held else Decimal(0),
            gross=now.exposure,
            cash=now.cash,
            equity=now.equity,
            equity_at_midnight=then.equity if then else self._paper.deposit,
        )

    async def current(self) -> Account:
        """Return the open account of the running session; Unavailable until there is one."""
        session = self._around.session.session()
        async with self._db.begin() as tx:
            mine = [] if session is None else await self._around.accounts.of_session(tx, session)
        for account in reversed(mine):
            if not account.closed:
                return account
        raise Unavailable(
            "the desk is still opening its paper account", fix="ask again in a second"
        )

    async def set_auto_trade(self, wanted: bool) -> Account:
        """Turn signals into intents for the current account, or stop doing so."""
        now = await self.current()
        async with self._db.begin() as tx:
            account = await self._around.accounts.get(tx, now.id)
            if account.auto_trade == wanted:
                return account
            account = msgspec.structs.replace(
                account, auto_trade=wanted, version=account.version + 1
            )
            await self._around.accounts.save(tx, account, self._around.clock.now())
        return account

    async def reset(self) -> Account:
        """Cancel what is live, close the account, open the session's next one."""
        old = await self.current()
        assert self.canceller is not None, "wiring sets it"
        await self.canceller.cancel_all(old.id)
        at = self._around.clock.now()
        async with self._db.begin() as tx:
            old = await self._around.accounts.get(tx, old.id)
            if old.closed:
                raise Unavailable("the account was reset meanwhile")
            await self._close(tx, old, at)
            account = self._fresh(old.session, old.number + 1, old.auto_trade, at)
            await self._fund(tx, account, at)
        return account

    async def worth(self, account: AccountId) -> tuple[domain.Worth, list[Position], Decimal]:
        """Return what an account is worth, its positions, and its worth at midnight."""
        async with self._db.begin(account) as tx:
            now = await self._worth(tx, account)
            held = await self._store.positions(tx, account)
            midnight = TimeNs(self._around.clock.now() // DAY * DAY)
            then = await self._store.point_at(tx, account, midnight)
        return now, held, then.equity if then else self._paper.deposit

    async def curve(self, account: AccountId, limit: int) -> list[EquityPoint]:
        """Return the last points of the equity curve, oldest first."""
        async with self._db.begin(account) as tx:
            return list(await self._store.points(tx, account, limit))

    async def _worth(self, tx: Tx, account: AccountId) -> domain.Worth:
        balances = await self._around.ledger.balances(tx, account)
        instruments = self._around.instruments.all
        last = {one.symbol: self._around.prices.last(one.symbol) for one in instruments}
        prices = {symbol: price.price for symbol, price in last.items() if price}
        return domain.worth(balances, instruments, prices, self._paper.asset.symbol)

    async def _point(self, tx: Tx, account: AccountId, at: TimeNs) -> EquityPoint:
        now = await self._worth(tx, account)
        return EquityPoint(at=at, equity=now.equity, cash=now.cash, exposure=now.exposure)

    def _fresh(self, session: SessionId, number: int, auto_trade: bool, at: TimeNs) -> Account:
        return Account(
            id=domain.account_name(session, number),
            session=session,
            number=number,
            opened_at=at,
            deposit=self._paper.deposit,
            asset=self._paper.asset.symbol,
            auto_trade=auto_trade,
        )

    async def _fund(self, tx: Tx, account: Account, at: TimeNs) -> None:
        """Save a new account and mint its play money, together."""
        if not await self._around.accounts.add(tx, account, at):
            return
        gift = Transfer(
            id=TransferId(f"deposit:{account.id}"),
            debit=book(OUTSIDE, "paper-mint"),
            credit=book(account.id, "cash"),
            amount=Amount.exactly(account.deposit, self._paper.asset),
            kind="deposit",
        )
        await self._around.ledger.post(tx, [gift], at)

    async def _close(self, tx: Tx, account: Account, at: TimeNs) -> None:
        closed = msgspec.structs.replace(account, closed=True, version=account.version + 1)
        await self._around.accounts.save(tx, closed, max(at, account.opened_at))
