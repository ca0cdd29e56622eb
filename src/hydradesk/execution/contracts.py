"""What the rest of the house may know about execution."""

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from hydradesk.kernel.events import Fact
from hydradesk.kernel.ids import AccountId, FillId, OrderId, SessionId, SignalId, Symbol
from hydradesk.kernel.numbers import MONEY
from hydradesk.kernel.time import TimeNs
from hydradesk.market.contracts import Candle
from hydradesk.risk.contracts import Intent, OrderType, Side, TimeInForce

State = Literal[
    "created",
    "working",
    "partially_filled",
    "filled",
    "cancelled",
    "rejected",
    "expired",
    "unknown",
]
FINAL: frozenset[State] = frozenset({"filled", "cancelled", "rejected", "expired"})


class Order(Struct, frozen=True, kw_only=True):
    """One order and where it stands."""

    id: OrderId
    intent: Intent
    venue: str
    state: State
    created_at: TimeNs
    updated_at: TimeNs
    version: int = 1
    """Grows by one with every change; a save of a stale copy is refused."""
    filled: Decimal = Decimal(0)
    """Base units traded so far, 0..intent.qty."""
    paid: Decimal = Decimal(0)
    """Quote units traded so far, fees excluded: paid / filled is the average price."""
    fees: Decimal = Decimal(0)
    """Quote units of fees so far."""
    venue_id: str | None = None
    reason: str | None = None

    @property
    def remaining(self) -> Decimal:
        """Base units that may still trade."""
        return Decimal(0) if self.done else MONEY.subtract(self.intent.qty, self.filled)

    @property
    def done(self) -> bool:
        """True when nothing more can happen to it."""
        return self.state in FINAL


class OrderMoved(Fact, frozen=True, kw_only=True, tag="execution.order_moved.v1"):
    """An order changed state. Published by execution; read by risk's book, page, bots."""

    order: Order


class Fill(Struct, frozen=True, kw_only=True):
    """One trade of one order, as the venue reports it, perhaps more than once."""

    id: FillId
    order_id: OrderId
    account: AccountId
    symbol: Symbol
    side: Side
    qty: Decimal
    """Base units, > 0."""
    price: Decimal
    """Quote units per base unit."""
    fee: Decimal
    """Quote units, >= 0."""
    at: TimeNs
    """Desk time of the trade."""

    @property
    def notional(self) -> Decimal:
        """Quote units, fee excluded, exact."""
        return MONEY.multiply(self.qty, self.price)


class OrderFilled(Fact, frozen=True, kw_only=True, tag="execution.order_filled.v1"):
    """Some of an order traded. Published by execution; read by portfolio, page, bots."""

    fill: Fill
    origin: str
    """Who wanted the order: manual, signal, close …"""
    signal: SignalId | None


class Accepted(Struct, frozen=True, tag="accepted"):
    """The venue has the order."""

    venue_id: str


class Rejected(Struct, frozen=True, tag="rejected"):
    """The venue refused and will never fill it."""

    reason: str


class Unknown(Struct, frozen=True, tag="unknown"):
    """We cannot tell. Reconciliation asks the venue by our order id."""

    reason: str


Ack = Accepted | Rejected | Unknown


VenueState = Literal["working", "filled", "cancelled", "expired"]


class VenueOrder(Struct, frozen=True, kw_only=True):
    """What a venue says of one order when asked by our id."""

    client_id: OrderId
    venue_id: str
    filled: Decimal
    state: VenueState


class VenueReport(Struct, frozen=True, kw_only=True):
    """One line of a venue's dense, durable report log."""

    seq: int
    client_id: OrderId
    kind: Literal["fill", "cancelled", "expired"]
    at: TimeNs
    fill: Fill | None = None
    reason: str | None = None


class VenueTerms(Struct, frozen=True, kw_only=True):
    """What a venue charges and how long it takes to hear us."""

    fee_rate: Decimal
    """Fraction of the notional, the same for makers and takers."""


class Resting(Struct, frozen=True, kw_only=True):
    """One order as the paper venue keeps it."""

    client_id: OrderId
    venue_id: str
    account: AccountId
    symbol: Symbol
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    qty: Decimal
    price: Decimal
    """The limit, or for a market order the worst price acceptable."""
    sent_at: TimeNs
    over_until: TimeNs = TimeNs(0)
    """Close of the last bar the venue had been told when the order came: older bars are over."""
    filled: Decimal = Decimal(0)
    paid: Decimal = Decimal(0)
    """Quote units traded so far, fees excluded."""
    fees: Decimal = Decimal(0)
    fills: int = 0

    @property
    def remaining(self) -> Decimal:
        """Base units still wanted."""
        return MONEY.subtract(self.qty, self.filled)


class CancelRequest(Struct, frozen=True):
    """What a desk tells a venue in another process to cancel an order."""

    order: Order
    at: TimeNs


class BarNotice(Struct, frozen=True):
    """A closed bar, told to a venue in another process."""

    session: SessionId
    bar: Candle


class SessionNotice(Struct, frozen=True):
    """A new feed session, told to a venue in another process."""

    session: SessionId
    at: TimeNs
