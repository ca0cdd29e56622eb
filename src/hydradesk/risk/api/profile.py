"""HTTP views of who may risk how much. Thin: translate, call the service, translate back."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Annotated

from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field

from hydradesk.accounts.contracts import RiskLevel, person_of
from hydradesk.infra.http import Caller, Principal, Routes, StepUp
from hydradesk.kernel.numbers import parse_decimal
from hydradesk.kernel.time import MILLISECOND, Clock
from hydradesk.risk.contracts import BOUNDS, Bound, Limits
from hydradesk.risk.service import Known, Profiles

Text = Annotated[str | None, Field(default=None, max_length=64)]


class BoundsView(Struct, frozen=True, kw_only=True):
    """Four limits; notionals in quote units, risk_per_trade as a fraction of equity."""

    order_max: Decimal
    gross_max: Decimal
    daily_loss_max: Decimal
    risk_per_trade: Decimal


class RiskProfileView(Struct, frozen=True, kw_only=True):
    """What you may risk: the limits in force, what set each, and the platform's."""

    risk_level: RiskLevel
    limits: BoundsView
    platform: BoundsView
    own: dict[Bound, Decimal]
    """Those you have set yourself."""
    sources: dict[Bound, str]
    """`own`, `platform`, or the risk level that decides."""
    halted: bool
    note: str


class PlatformLimitsView(Struct, frozen=True, kw_only=True):
    """The platform's limits, and how often each tier may ask."""

    order_max: Decimal
    gross_max: Decimal
    daily_loss_max: Decimal
    risk_per_trade: Decimal
    price_age_max_ms: int
    collar: Decimal
    rates: dict[str, dict[str, str]]
    """Requests by tier and class of route, such as `100/minute`; empty without limits."""


class BoundsRequest(BaseModel):
    """Limits to set; decimals travel as strings. What is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"order_max": "5000"}})
    order_max: Text
    gross_max: Text
    daily_loss_max: Text
    risk_per_trade: Text

    def wanted(self) -> dict[Bound, Decimal | None]:
        """Return what was sent; null drops an own limit."""
        sent: dict[Bound, Decimal | None] = {}
        for name in BOUNDS:
            if name in self.model_fields_set:
                text = getattr(self, name)
                sent[name] = None if text is None else parse_decimal(text, name)
        return sent


BOUNDS_SHOWN = BoundsView(
    order_max=Decimal(12_500),
    gross_max=Decimal(100_000),
    daily_loss_max=Decimal(2_500),
    risk_per_trade=Decimal("0.005"),
)
PROFILE = RiskProfileView(
    risk_level="balanced",
    limits=BOUNDS_SHOWN,
    platform=BoundsView(
        order_max=Decimal(25_000),
        gross_max=Decimal(200_000),
        daily_loss_max=Decimal(5_000),
        risk_per_trade=Decimal("0.01"),
    ),
    own={},
    sources={"order_max": "balanced"},
    halted=False,
    note="Lowering counts at once; raising needs a fresh proof that it is you.",
)
PLATFORM = PlatformLimitsView(
    order_max=Decimal(25_000),
    gross_max=Decimal(200_000),
    daily_loss_max=Decimal(5_000),
    risk_per_trade=Decimal("0.01"),
    price_age_max_ms=90_000,
    collar=Decimal("0.05"),
    rates={"user": {"trading": "100/minute", "data": "1000/minute"}},
)


def profile_routes(
    profiles: Profiles, wall: Clock, refresh: Callable[[], Awaitable[None]]
) -> Routes:
    """Build the routes about one's own limits; step-up is judged by the wall clock."""
    api = Routes("/risk", "risk")

    @api.add("GET", "/profile", RiskProfileView, example=PROFILE, scope="risk:read")
    async def read_risk_profile(me: Caller) -> RiskProfileView:
        """The limits in force for you, and what set each."""
        return _shown(await profiles.look(person_of(me.account)), profiles.platform)

    @api.add("PUT", "/profile", RiskProfileView, example=PROFILE, scope="risk:write")
    async def change_risk_profile(me: Caller, request: BoundsRequest) -> RiskProfileView:
        """Set own limits, within the platform's; null leaves one to your risk level again.

        Lowering counts at once; raising needs a fresh proof that it is you.
        """
        person, wanted = person_of(me.account), request.wanted()
        _, raising = await profiles.proposed(person, wanted)
        if raising:
            _prove(me, wall)
        known = await profiles.change(person, wanted, raising=raising)
        await refresh()
        return _shown(known, profiles.platform)

    return api


def admin_routes(
    profiles: Profiles,
    rates: Callable[[], dict[str, dict[str, str]]],
    refresh: Callable[[], Awaitable[None]],
) -> Routes:
    """Build the routes about the platform's limits."""
    api = Routes("/admin", "admin")

    @api.add("GET", "/limits", PlatformLimitsView, example=PLATFORM, scope="admin:read")
    async def read_platform_limits(me: Caller) -> PlatformLimitsView:
        """The limits nobody may exceed, and how often each tier may ask."""
        return _platform(profiles.platform, rates())

    @api.add(
        "PUT", "/limits", PlatformLimitsView, example=PLATFORM, scope="admin:write", step_up=True
    )
    async def change_platform_limits(me: Caller, request: BoundsRequest) -> PlatformLimitsView:
        """Set the limits nobody may exceed; they count at once, also for who had set more."""
        wanted = {name: one for name, one in request.wanted().items() if one is not None}
        if wanted:
            await profiles.set_platform(wanted)
            await refresh()
        return _platform(profiles.platform, rates())

    return api


def _prove(me: Principal, wall: Clock) -> None:
    if me.role != "demo" and me.fresh_until < wall.now():
        raise StepUp(
            "raising a limit needs a fresh proof that it is you",
            fix="POST /api/auth/step-up, then repeat",
        )


def _bounds(limits: Limits) -> BoundsView:
    return BoundsView(**{name: getattr(limits, name) for name in BOUNDS})


def _shown(known: Known, platform: Limits) -> RiskProfileView:
    return RiskProfileView(
        risk_level=known.level,
        limits=_bounds(known.effective.limits),
        platform=_bounds(platform),
        own=known.profile.own,
        sources=known.effective.sources,
        halted=known.profile.halted is not None,
        note=PROFILE.note,
    )


def _platform(limits: Limits, rates: dict[str, dict[str, str]]) -> PlatformLimitsView:
    return PlatformLimitsView(
        **{name: getattr(limits, name) for name in BOUNDS},
        price_age_max_ms=limits.price_age_max_ns // MILLISECOND,
        collar=limits.collar,
        rates=rates,
    )
