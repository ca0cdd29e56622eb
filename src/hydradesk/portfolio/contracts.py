"""What the rest of the house may know about the portfolio."""

from decimal import Decimal

from msgspec import Struct

from hydradesk.kernel.events import Fact
from hydradesk.kernel.ids import AccountId, Symbol
from hydradesk.kernel.time import TimeNs


class Position(Struct, frozen=True, kw_only=True):
    """What one account holds of one symbol."""

    account: AccountId
    symbol: Symbol
    qty: Decimal
    """Signed base units."""
    cost: Decimal
    """Quote units paid for what is still held, fees excluded; cost / qty is the average price."""
    realised: Decimal
    """Quote units won or lost by closed parts, fees excluded."""
    fees: Decimal
    """Quote units of fees so far."""
    opened_at: TimeNs
    updated_at: TimeNs
    version: int = 1


class PositionMoved(Fact, frozen=True, kw_only=True, tag="portfolio.position_moved.v1"):
    """A fill changed a position. Published by portfolio; read by the page and bots."""

    position: Position


class EquityPoint(Struct, frozen=True, kw_only=True):
    """The account's worth at one instant, quote units at last prices."""

    at: TimeNs
    equity: Decimal
    cash: Decimal
    exposure: Decimal
