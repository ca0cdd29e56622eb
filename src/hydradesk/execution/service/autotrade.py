"""Turns signals into intents for accounts that asked for it: in on BUY, out when it ends.

Spot only: a BUY opens a position sized to its stop; a SELL, or the end of the signal that opened
it (stop, third target, expiry, reversal), closes it. One automatic position per symbol. Entries
and exits go through the same gate as everybody's orders.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import structlog

from hydradesk.accounts.contracts import Account, Accounts, private_name
from hydradesk.execution.contracts import Order
from hydradesk.execution.domain.intents import Wanted, worst_price
from hydradesk.execution.ports import OrderStore
from hydradesk.execution.service.orders import Desk, ExecutionService
from hydradesk.kernel.errors import Conflict
from hydradesk.kernel.ids import AccountId, OrderId, SignalId, Symbol
from hydradesk.kernel.numbers import MONEY, plain
from hydradesk.kernel.tx import Transactions
from hydradesk.market.contracts import Timeframe
from hydradesk.risk.contracts import Refused, Side, Sizing
from hydradesk.signals.contracts import Signal, SignalEnded, SignalMade

log = structlog.get_logger("autotrade")


class AutoTrader:
    """Hears signals, places orders. Idempotent: an order's id is its signal's."""

    def __init__(
        self,
        db: Transactions,
        execution: ExecutionService,
        orders: OrderStore,
        accounts: Accounts,
        desk: Desk,
        timeframe: Timeframe,
    ) -> None:
        self._db, self._execution, self._orders = db, execution, orders
        self._accounts, self._desk, self._timeframe = accounts, desk, timeframe
        self.allowed: Callable[[], bool] = lambda: True
        """Whether anybody's signals become entries at present; exits always do. Wiring sets it."""

    async def on_made(self, fact: SignalMade) -> None:
        """Enter on BUY, leave on SELL, and finish an exit that was refused before."""
        signal = fact.signal
        if signal.timeframe != self._timeframe:
            return
        listening, automatic = await self._listening(signal)
        for account in listening:
            for opened, ended in automatic.get(account.id, ()):
                if ended or signal.direction == "SELL":
                    await self._leave(account, signal.symbol, opened)
            if signal.direction == "BUY" and self.allowed():
                await self._enter(account, signal)

    async def on_ended(self, fact: SignalEnded) -> None:
        """Leave what this signal opened."""
        signal = fact.signal
        if signal.direction != "BUY":
            return  # only a BUY opens anything
        listening, automatic = await self._listening(signal)
        for account in listening:
            if signal.id in dict(automatic.get(account.id, ())):
                await self._leave(account, signal.symbol, signal.id)

    async def _listening(
        self, signal: Signal
    ) -> tuple[list[Account], Mapping[AccountId, Sequence[tuple[SignalId, bool]]]]:
        """Who trades signals, and what each has open: two queries, however many they are."""
        async with self._db.begin() as tx:
            accounts = await self._accounts.trading_signals(tx, signal.session)
            names = [one.id for one in accounts]
            return accounts, await self._orders.automatic(tx, names, signal.symbol)

    async def _enter(self, owner: Account, signal: Signal) -> None:
        account = owner.id
        async with self._db.begin() as tx:
            mine = await self._orders.find(
                tx, private_name(owner.person, account, f"{signal.id}-in")
            )
            busy = await self._orders.automatic(tx, [account], signal.symbol)
        if mine is not None or busy or signal.levels is None:
            return
        instrument = self._desk.instruments.find(signal.symbol)
        sizing = Sizing(
            account=account,
            symbol=signal.symbol,
            entry=signal.price,
            worst=worst_price("buy", signal.price, instrument),
            stop=signal.levels.stop,
            fee_rate=self._execution.fee_rate("paper"),
            lot=instrument.lot,
        )
        qty = await self._desk.guardian.size(sizing)
        if MONEY.multiply(qty, signal.price) < instrument.min_notional:
            log.info("autotrade.too_small", signal=signal.id, qty=str(qty))
            return
        async with self._db.begin() as tx:  # first the intention: an order without it is orphaned
            await self._orders.open_automatic(tx, account, signal.symbol, signal.id)
        if isinstance(await self._place(owner, signal.symbol, signal.id, "buy", qty), Refused):
            async with self._db.begin() as tx:
                await self._orders.close_automatic(tx, account, signal.symbol, signal.id)

    async def _leave(self, owner: Account, symbol: Symbol, signal: SignalId) -> None:
        account = owner.id
        async with self._db.begin() as tx:
            await self._orders.end_automatic(tx, account, symbol, signal)
            mine = await self._orders.of_signal(tx, account, signal)
        entries = [one for one in mine if _is(one, "buy")]
        for entry in entries:
            if not entry.done:
                await self._stop(account, entry.id)
        async with self._db.begin() as tx:
            mine = await self._orders.of_signal(tx, account, signal)
        if any(_is(one, "buy") and not one.done for one in mine):
            return  # the venue is silent: the next bar tries again
        free = await self._execution.free(account, self._desk.instruments.find(symbol))
        net = min(_net(mine), free)  # its owner may have sold some of it by hand
        if net > 0 and not any(_is(one, "sell") for one in mine):
            left = await self._place(owner, symbol, signal, "sell", net)
            if isinstance(left, Refused):
                log.warning("autotrade.exit_refused", signal=signal, rule=left.rule)
                return
        async with self._db.begin() as tx:
            await self._orders.close_automatic(tx, account, symbol, signal)

    async def _stop(self, account: AccountId, order: OrderId) -> None:
        try:
            await self._execution.cancel(order, account)
        except Conflict as error:
            log.info("autotrade.cancel_too_late", order=order, detail=str(error))

    async def _place(
        self, owner: Account, symbol: Symbol, signal: SignalId, side: Side, qty: Decimal
    ) -> Order | Refused:
        wanted = Wanted(
            id=private_name(owner.person, owner.id, f"{signal}-{'in' if side == 'buy' else 'out'}"),
            account=owner.id,
            side=side,
            type="market",
            qty=plain(qty),
            origin="signal",
            signal=signal,
        )
        return await self._execution.submit_wanted(wanted, symbol)


def _is(order: Order, side: Side) -> bool:
    return order.intent.side == side


def _net(orders: list[Order]) -> Decimal:
    """What a signal's orders hold together, base units."""
    net = Decimal(0)
    for one in orders:
        net = (MONEY.add if _is(one, "buy") else MONEY.subtract)(net, one.filled)
    return net
