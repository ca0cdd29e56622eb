"""The rules. Each looks at values and answers; none reads a clock, a cache or a database."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from msgspec import Struct

from hydradesk.kernel.ids import AccountId, OrderId, ReservationId, Symbol
from hydradesk.kernel.numbers import MONEY, plain, quotient
from hydradesk.kernel.time import MILLISECOND, TimeNs
from hydradesk.market.contracts import Price
from hydradesk.risk.contracts import (
    BOUNDS,
    Approved,
    Bound,
    Check,
    Exposure,
    Intent,
    Judgement,
    Limits,
    Refused,
    Side,
    Sizing,
    Verdict,
)


class Held(Struct, frozen=True, kw_only=True):
    """What one live order may still do to the account."""

    account: AccountId
    symbol: Symbol
    side: Side
    remaining: Decimal
    """Base units not yet traded."""
    price: Decimal

    @property
    def notional(self) -> Decimal:
        """Quote units at the worst acceptable price."""
        return MONEY.multiply(self.remaining, self.price)


class Case(Struct, frozen=True, kw_only=True):
    """Everything a rule may look at."""

    intent: Intent
    exposure: Exposure
    limits: Limits
    """Those in force for this person."""
    sources: Mapping[Bound, str] = {}
    """What set them; none means the platform."""
    price: Price | None
    in_flight: tuple[Held, ...]
    """Live orders of the same account."""
    halted: str | None
    """Why trading is halted, or None."""
    now: TimeNs

    def limit(self, name: Bound) -> str:
        """Write a limit as a refusal names it: how much, and whose it is."""
        value, source = getattr(self.limits, name), self.sources.get(name, "platform")
        if source == "platform":
            return f"the limit of {value}"
        return f"your own limit of {value}" if source == "own" else f"the {source} limit of {value}"

    @property
    def committed_sells(self) -> Decimal:
        """Base units of the symbol that live orders already sell."""
        return _sum(
            one.remaining
            for one in self.in_flight
            if one.side == "sell" and one.symbol == self.intent.symbol
        )

    @property
    def committed_buys(self) -> Decimal:
        """Quote units that live orders may still spend."""
        return _sum(one.notional for one in self.in_flight if one.side == "buy")

    @property
    def reduces(self) -> bool:
        """True when a full fill brings the position nearer to zero without crossing it."""
        free = MONEY.subtract(self.exposure.position, self.committed_sells)
        return self.intent.side == "sell" and self.intent.qty <= free


class Objection(Struct, frozen=True):
    """Why a rule says no, and what would pass."""

    detail: str
    fix: str


Rule = Callable[[Case], Objection | None]


def halted(case: Case) -> Objection | None:
    """While halted, only orders that reduce a position pass."""
    if case.halted is None or case.reduces:
        return None
    return Objection(f"trading is halted: {case.halted}", "resume trading, or only reduce")


def stale_price(case: Case) -> Objection | None:
    """Refuse to act on a price that is missing, old, or from a stream that is not fresh."""
    price = case.price
    if price is None:
        return Objection("there is no price yet", "wait for the first tick")
    if price.state != "fresh":
        return Objection(f"the price stream is {price.state}", "wait until the feed is fresh")
    age = case.now - min(price.at, case.intent.price_at)
    if age <= case.limits.price_age_max_ns:
        return None
    limit = case.limits.price_age_max_ns // MILLISECOND
    return Objection(
        f"the price is {age // MILLISECOND} ms old, more than {limit} ms", "wait for a new tick"
    )


def price_collar(case: Case) -> Objection | None:
    """Refuse a price too far on the wrong side of the market: most likely a slip of the hand."""
    if case.price is None:
        return None
    width = MONEY.multiply(case.price.price, case.limits.collar)
    if case.intent.side == "buy":
        bound = MONEY.add(case.price.price, width)
        wrong = case.intent.price > bound
    else:
        bound = MONEY.subtract(case.price.price, width)
        wrong = case.intent.price < bound
    if not wrong:
        return None
    return Objection(
        f"the price {case.intent.price} is beyond {plain(bound)}, the collar around the market",
        f"send a price up to {plain(bound)}"
        if case.intent.side == "buy"
        else f"send a price from {plain(bound)}",
    )


def order_size(case: Case) -> Objection | None:
    """Refuse one order that is too large; reductions always pass."""
    if case.reduces or case.intent.notional <= case.limits.order_max:
        return None
    return Objection(
        f"the order is worth {plain(case.intent.notional)}, over {case.limit('order_max')}",
        f"send a quantity worth at most {case.limits.order_max}",
    )


def gross_exposure(case: Case) -> Objection | None:
    """Refuse growth past the account's gross notional, counting orders in flight."""
    if case.intent.side == "sell":
        return None
    gross = MONEY.add(MONEY.add(case.exposure.gross, case.committed_buys), case.intent.notional)
    if gross <= case.limits.gross_max:
        return None
    return Objection(
        f"gross exposure would be {plain(gross)} with orders in flight, over "
        f"{case.limit('gross_max')}",
        "send a smaller quantity, or cancel open orders",
    )


def inventory(case: Case) -> Objection | None:
    """Spot cannot be sold short: a sell needs the asset, less what live orders already sell."""
    if case.intent.side == "buy" or case.reduces:
        return None
    free = MONEY.subtract(case.exposure.position, case.committed_sells)
    return Objection(
        f"only {plain(free)} is free to sell", f"sell at most {plain(free)}, or cancel open sells"
    )


def cash(case: Case) -> Objection | None:
    """A buy needs free cash at its worst price; what live orders hold is not free."""
    cost = case.intent.cost
    if case.intent.side == "sell" or cost <= case.exposure.cash:
        return None
    return Objection(
        f"the order may cost {plain(cost)} with fees, and {plain(case.exposure.cash)} is free",
        f"send a quantity that costs at most {plain(case.exposure.cash)} with fees",
    )


def daily_loss(case: Case) -> Objection | None:
    """After losing too much since midnight, only reductions pass."""
    if case.reduces:
        return None
    lost = MONEY.subtract(case.exposure.equity_at_midnight, case.exposure.equity)
    if lost < case.limits.daily_loss_max:
        return None
    return Objection(
        f"{plain(lost)} was lost since midnight, {case.limit('daily_loss_max')} is reached",
        "wait for the next day, or only reduce",
    )


RULES: tuple[Rule, ...] = (
    halted,
    stale_price,
    price_collar,
    order_size,
    inventory,
    cash,
    gross_exposure,
    daily_loss,
)


def judge(case: Case, receipt: str) -> tuple[Verdict, Judgement]:
    """Ask every rule, in order; the first objection decides, all answers are kept."""
    answers = [(rule.__name__, rule(case)) for rule in RULES]
    checks = tuple(
        Check(rule=name, ok=no is None, detail=no.detail if no else "") for name, no in answers
    )
    name, no = next(((name, no) for name, no in answers if no), (None, None))
    judgement = Judgement(
        id=receipt,
        intent=case.intent,
        approved=no is None,
        rule=name,
        detail=no.detail if no else "",
        checks=checks,
        at=case.now,
        limits={name: case.limit(name) for name in BOUNDS},
    )
    if no is None or name is None:
        return Approved(case.intent, ReservationId(receipt), checks), judgement
    return Refused(case.intent, name, no.detail, no.fix, receipt, checks), judgement


def size_to_stop(sizing: Sizing, exposure: Exposure, limits: Limits, committed: Decimal) -> Decimal:
    """Return the quantity that loses `risk_per_trade` of equity from entry to stop, fees included.

    Capped by free cash, by the order limit and by what gross exposure leaves; rounded down to
    the lot. 0 when the stop is not below the entry or nothing is left.
    """
    fees = MONEY.multiply(MONEY.add(sizing.entry, sizing.stop), sizing.fee_rate)
    at_risk = MONEY.add(MONEY.subtract(sizing.entry, sizing.stop), fees)
    if sizing.stop >= sizing.entry or at_risk <= 0:
        return Decimal(0)
    cost = MONEY.multiply(sizing.worst, MONEY.add(Decimal(1), sizing.fee_rate))
    room = MONEY.subtract(MONEY.subtract(limits.gross_max, exposure.gross), committed)
    caps = (
        quotient(MONEY.multiply(exposure.equity, limits.risk_per_trade), at_risk, sizing.lot),
        quotient(exposure.cash, cost, sizing.lot),
        quotient(limits.order_max, sizing.worst, sizing.lot),
        quotient(room, sizing.worst, sizing.lot),
    )
    return plain(max(Decimal(0), min(caps)))


class RiskBook:
    """What all live orders reserve, in memory, equal to what has committed.

    Between a look and its reservation other accounts may be judged, never the same one: its lane
    is held until the commit.
    """

    def __init__(self) -> None:
        self._held: dict[AccountId, dict[OrderId, Held]] = {}

    def in_flight(self, account: AccountId) -> tuple[Held, ...]:
        """Return what the account's live orders may still do."""
        return tuple(self._held.get(account, {}).values())

    def put(self, order: OrderId, held: Held) -> None:
        """Set what an order may still do; nothing left frees it."""
        mine = self._held.setdefault(held.account, {})
        if held.remaining > 0:
            mine[order] = held
        else:
            mine.pop(order, None)


def _sum(values: Iterable[Decimal]) -> Decimal:
    total = Decimal(0)
    for value in values:
        total = MONEY.add(total, value)
    return total
