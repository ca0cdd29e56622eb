"""What the rest of the house may know about the portfolio."""

from decimal import Decimal
from typing import Literal, get_args

from msgspec import Struct

from hydradesk.kernel.events import Fact
from hydradesk.kernel.ids import AccountId, PersonId, Symbol
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


WithdrawalState = Literal["pending", "delayed", "approved", "done", "cancelled", "rejected"]
STATES: tuple[WithdrawalState, ...] = get_args(WithdrawalState)
FINAL_STATES: frozenset[WithdrawalState] = frozenset({"done", "cancelled", "rejected"})


class Withdrawal(Struct, frozen=True, kw_only=True):
    """Something on its way out. Instants are the wall clock's."""

    id: str
    person: PersonId
    account: AccountId
    asset: str
    qty: Decimal
    """Units of the asset."""
    address_id: str
    address: str
    """Where it goes; personal."""
    state: WithdrawalState
    value: Decimal
    """Quote units at the last price when it was asked for: what limits and review look at."""
    cost: Decimal | None
    """What a position's part had cost, to be put back with it; None for the quote asset."""
    created_at: TimeNs
    releases_at: TimeNs
    """It does not leave before."""
    reason: str | None = None
    decided_by: str | None = None
    """The administrator who decided."""
    version: int = 1


class WithdrawalMoved(Fact, frozen=True, kw_only=True, tag="portfolio.withdrawal_moved.v1"):
    """A withdrawal took a step. Published by portfolio; read by webhooks and page."""

    withdrawal: str
    person: PersonId
    account: AccountId
    asset: str
    qty: Decimal
    state: WithdrawalState


class EquityPoint(Struct, frozen=True, kw_only=True):
    """The account's worth at one instant, quote units at last prices."""

    at: TimeNs
    equity: Decimal
    cash: Decimal
    exposure: Decimal
    withdrawn: Decimal = Decimal(0)
    """What had left the account by then: not lost, but no longer here."""
