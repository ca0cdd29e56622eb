"""Guardian's rules and what they judge with. Pure."""

from hydradesk.risk.domain.profile import (
    changed,
    effective,
    platform_with,
    raises,
    untouched,
    with_bounds,
)
from hydradesk.risk.domain.rules import RULES, Case, Held, RiskBook, judge, size_to_stop

__all__ = [
    "RULES",
    "Case",
    "Held",
    "RiskBook",
    "changed",
    "effective",
    "judge",
    "platform_with",
    "raises",
    "size_to_stop",
    "untouched",
    "with_bounds",
]
