"""What the rest of the house may know about risk."""

from decimal import Decimal
from typing import Literal, Protocol, get_args

from msgspec import Struct

from hydradesk.kernel.errors import Invalid
from hydradesk.kernel.events import Fact
from hydradesk.kernel.ids import AccountId, OrderId, PersonId, ReservationId, SignalId, Symbol
from hydradesk.kernel.numbers import MONEY
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx

Side = Literal["buy", "sell"]
OrderType = Literal["market", "limit"]
TimeInForce = Literal["gtc", "ioc", "fok"]


class Intent(Struct, frozen=True, kw_only=True):
    """An order somebody would like to place. Nobody has agreed to it yet."""

    id: OrderId
    account: AccountId
    symbol: Symbol
    side: Side
    type: OrderType
    qty: Decimal
    """Base units, > 0."""
    price: Decimal
    """Quote units per base unit: the limit, or for a market order the worst price acceptable."""
    time_in_force: TimeInForce
    fee_rate: Decimal
    """The most the venue may charge, as a fraction of what trades."""
    at: TimeNs
    """Desk time at which it was wanted."""
    price_at: TimeNs
    """When the market price behind `price` was observed."""
    origin: str
    """manual, signal, close …: who wants it."""
    signal: SignalId | None = None

    def __post_init__(self) -> None:
        if ":" in self.id or "/" in self.id:
            raise Invalid(
                "an order id holds no colon and no slash: facts and transfers join ids with them",
                field="client_id",
                fix="use letters, digits, '-', '_' and '.'",
            )

    @property
    def notional(self) -> Decimal:
        """Quote units at the worst acceptable price."""
        return MONEY.multiply(self.qty, self.price)

    @property
    def cost(self) -> Decimal:
        """Quote units at the worst acceptable price, the highest fee included."""
        return MONEY.multiply(self.notional, MONEY.add(Decimal(1), self.fee_rate))


class Limits(Struct, frozen=True, kw_only=True):
    """What one account may do. Notionals in quote units."""

    order_max: Decimal
    gross_max: Decimal
    daily_loss_max: Decimal
    """Largest fall of equity since UTC midnight of the desk clock."""
    risk_per_trade: Decimal
    """Part of equity that a signal's trade may lose at its stop, as a fraction."""
    price_age_max_ns: int
    collar: Decimal
    """Largest distance of a price from the last one, as a fraction."""


Bound = Literal["order_max", "gross_max", "daily_loss_max", "risk_per_trade"]
BOUNDS: tuple[Bound, ...] = get_args(Bound)
"""The limits that a person may set for themselves, within the platform's."""


class Profile(Struct, frozen=True, kw_only=True):
    """What one person allows themselves."""

    person: PersonId
    own: dict[Bound, Decimal]
    """Own limits; where there is none, the person's risk level decides."""
    halted: str | None = None
    """Why this person trades nothing but reductions, or None."""
    version: int = 1


class Effective(Struct, frozen=True, kw_only=True):
    """The limits in force for one person, and what set each."""

    limits: Limits
    sources: dict[Bound, str]
    """`own`, `platform`, or the risk level: conservative, balanced, aggressive."""


class Sizing(Struct, frozen=True, kw_only=True):
    """How much to buy so that a stop costs a fixed part of the equity."""

    account: AccountId
    symbol: Symbol
    entry: Decimal
    """Price at which the order is expected to fill."""
    worst: Decimal
    """Price beyond which it does not fill: what cash and limits must bear."""
    stop: Decimal
    fee_rate: Decimal
    lot: Decimal


class Exposure(Struct, frozen=True, kw_only=True):
    """What the account holds at one instant, valued at last prices."""

    position: Decimal
    """Signed base units of the intent's symbol."""
    gross: Decimal
    """Value of all positions, quote units, signs dropped."""
    cash: Decimal
    """Free quote units: holds are not in it."""
    equity: Decimal
    equity_at_midnight: Decimal
    """Equity when the desk's present UTC day began."""


class Check(Struct, frozen=True, kw_only=True):
    """One rule's answer, kept for the receipt."""

    rule: str
    ok: bool
    detail: str


class Approved(Struct, frozen=True):
    """Risk said yes, once. Only risk builds it, and only a stored reservation makes it count."""

    intent: Intent
    reservation: ReservationId
    """Also the name of the stored judgement."""
    checks: tuple[Check, ...]


class Refused(Struct, frozen=True):
    """Risk said no, and why."""

    intent: Intent
    rule: str
    detail: str
    fix: str
    receipt: str
    checks: tuple[Check, ...]


Verdict = Approved | Refused


class Judgement(Struct, frozen=True, kw_only=True):
    """One verdict as it is stored: what was asked, every rule's answer, what came of it."""

    id: str
    intent: Intent
    approved: bool
    rule: str | None
    """The rule that refused; None when approved."""
    detail: str
    checks: tuple[Check, ...]
    at: TimeNs
    limits: dict[Bound, str] = {}
    """The person's limits it was judged by, and whose they were."""


class Judged(Fact, frozen=True, kw_only=True, tag="risk.judged.v1"):
    """Risk judged an intent. Published by risk; read by the page and the receipts."""

    judgement: Judgement


class Halted(Fact, frozen=True, kw_only=True, tag="risk.halted.v1"):
    """Trading was halted or resumed. Published by risk; read by the page and bots."""

    halted: bool
    reason: str
    version: int


class ProfileChanged(Fact, frozen=True, kw_only=True, tag="risk.profile_changed.v1"):
    """A person changed their own limits, halted or resumed. Published by risk; read by the page."""

    profile: Profile
    halts: bool
    """Whether it is about a halt."""


class PlatformChanged(Fact, frozen=True, kw_only=True, tag="risk.platform_changed.v1"):
    """An administrator set the platform's limits. Published by risk; read by risk elsewhere."""

    limits: dict[Bound, Decimal]


class Reservations(Protocol):
    """Where execution uses up a yes and gives back what it no longer needs."""

    async def consume(self, tx: Tx, approved: Approved) -> None:
        """Use the reservation in the order's transaction; Conflict when unknown, other or used."""
        ...

    async def keep(self, tx: Tx, order: OrderId, remaining: Decimal) -> None:
        """Shrink what an order reserves to `remaining` base units; 0 frees it."""
        ...


class Guardian(Protocol):
    """The one question the house asks before any order."""

    async def judge(self, tx: Tx, intent: Intent) -> Verdict:
        """Store the verdict and, for a yes, its reservation in the caller's transaction.

        Call it inside the account's lane, and commit before the lane ends. A refusal is a value,
        not an error.
        """
        ...

    async def size(self, sizing: Sizing) -> Decimal:
        """Return base units, on the lot, that risk the configured part of equity; may be 0."""
        ...
