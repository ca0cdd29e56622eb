"""How a person's own limits and the platform's make the ones Guardian judges with."""

from collections.abc import Mapping
from decimal import Decimal

from msgspec.structs import replace

from hydradesk.accounts.contracts import LOCAL, RiskLevel
from hydradesk.kernel.errors import Invalid
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.numbers import MONEY, plain
from hydradesk.risk.contracts import BOUNDS, Bound, Effective, Limits, Profile

PART_OF: Mapping[RiskLevel, Decimal] = {
    "conservative": Decimal("0.25"),
    "balanced": Decimal("0.5"),
    "aggressive": Decimal(1),
}
"""What a risk level allows of the platform's limits, where a person has set none of their own."""


def effective(profile: Profile, level: RiskLevel, platform: Limits) -> Effective:
    """Return the limits in force for one person: never above the platform's."""
    bounds: dict[Bound, Decimal] = {}
    sources: dict[Bound, str] = {}
    for name in BOUNDS:
        most: Decimal = getattr(platform, name)
        own = profile.own.get(name)
        part = Decimal(1) if profile.person == LOCAL else PART_OF[level]
        wanted = plain(MONEY.multiply(most, part)) if own is None else own
        bounds[name] = min(most, wanted)
        sources[name] = "own" if own is not None and own <= most else level
        if bounds[name] == most and (own is None or own > most):
            sources[name] = "platform"
    return Effective(limits=with_bounds(platform, bounds), sources=sources)


def changed(profile: Profile, wanted: Mapping[Bound, Decimal | None], platform: Limits) -> Profile:
    """Set or, with None, drop own limits; Invalid names one that is beyond the platform's."""
    own = dict(profile.own)
    for name, value in wanted.items():
        most: Decimal = getattr(platform, name)
        if value is None:
            own.pop(name, None)
        elif not 0 < value <= most:
            raise Invalid(
                f"{name} is above zero and at most the platform's {most}",
                field=name,
                fix=f"send at most {most}",
            )
        else:
            own[name] = value
    return replace(profile, own=own, version=profile.version + 1)


def platform_with(platform: Limits, wanted: Mapping[Bound, Decimal]) -> Limits:
    """Set platform limits; Invalid names one that cannot be."""
    for name, value in wanted.items():
        most = Decimal(1) if name == "risk_per_trade" else Decimal("1e15")
        if not 0 < value <= most:
            raise Invalid(
                f"{name} is above zero and at most {most}",
                field=name,
                fix=f"send more than 0, at most {most}",
            )
    return with_bounds(platform, wanted)


def with_bounds(limits: Limits, bounds: Mapping[Bound, Decimal]) -> Limits:
    """Put other bounds into limits."""
    return replace(limits, **{str(name): value for name, value in bounds.items()})


def raises(before: Limits, after: Limits) -> bool:
    """Whether any limit grew: that needs a fresh proof of who asks."""
    return any(getattr(after, name) > getattr(before, name) for name in BOUNDS)


def untouched(person: PersonId) -> Profile:
    """Return the profile of somebody who never changed it."""
    return Profile(person=person, own={}, version=0)
