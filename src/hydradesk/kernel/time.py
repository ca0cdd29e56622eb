"""Time is a value that is passed in. Only infra.clock reads the machine's clock."""

from datetime import UTC, datetime, timedelta
from typing import NewType, Protocol

from hydradesk.kernel.errors import Invalid

TimeNs = NewType("TimeNs", int)
"""Nanoseconds since 1970-01-01T00:00:00Z."""

MICROSECOND = 1_000
MILLISECOND = 1_000_000
SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

LAST = 2**63 - 1
"""The farthest instant that 64 bits hold, in the year 2262."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Where services learn the time; tests and backtests pass a SimClock."""

    def now(self) -> TimeNs:
        """Return the present instant."""
        ...


class SimClock:
    """A clock that moves only when told to."""

    def __init__(self, start: int = 0) -> None:
        self._now = start

    def now(self) -> TimeNs:
        """Return the simulated instant."""
        return TimeNs(self._now)

    def advance(self, ns: int) -> None:
        """Move time forward; it never goes back."""
        if ns < 0:
            raise ValueError("time never goes back")
        self._now += ns


def rfc3339(at: int) -> str:
    """Write an instant as RFC 3339 UTC: milliseconds when there are any, else whole seconds."""
    seconds, rest = divmod(at, SECOND)
    moment = _EPOCH + timedelta(seconds=seconds)
    text = moment.isoformat()[:19]  # strftime takes four times as long
    return f"{text}.{rest // MILLISECOND:03d}Z" if rest >= MILLISECOND else f"{text}Z"


def parse_time(text: str, field: str = "time") -> TimeNs:
    """Read RFC 3339 or a plain date (UTC midnight); Invalid names the field."""
    fix = "send e.g. 2025-06-24T00:00:00Z"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f"{field} is not a time: {text[:50]!r}", field=field, fix=fix) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    at = (moment - _EPOCH) // timedelta(microseconds=1) * MICROSECOND
    if not -LAST <= at <= LAST:
        raise Invalid(f"{field} is too far away: {text[:50]!r}", field=field, fix=fix)
    return TimeNs(at)
