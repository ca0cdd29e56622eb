"""How often somebody may do something: sliding windows, in memory or in Valkey.

The windows are those of the `limits` library. Its own memory storage looks at every key at every
hit; ours looks at one, and is bounded, so that a flood from many addresses stays cheap.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping

import structlog
from limits import RateLimitItem, parse
from limits.aio.storage import SlidingWindowCounterSupport, Storage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from msgspec import Struct

MAX_KEYS = 50_000
TROUBLE_S = 5
"""How long a store that failed is left alone; each process counts for itself meanwhile."""
Rules = Mapping[str, Mapping[str, RateLimitItem | None]]
"""By tier, then class; None: as often as they like."""

log = structlog.get_logger("rates")


class Windows(Storage, SlidingWindowCounterSupport):
    """Counts of the running and the previous window for each key; the oldest key goes first."""

    def __init__(self, most: int = MAX_KEYS) -> None:
        super().__init__(None)
        self._most = most
        self._kept: OrderedDict[str, tuple[int, int, int]] = OrderedDict()

    async def acquire_sliding_window_entry(
        self, key: str, limit: int, expiry: int, amount: int = 1
    ) -> bool:
        """Add to the running window unless that would be too much."""
        window, before, current, gone = self._look(key, expiry)
        if before * (1 - gone) + current + amount > limit:
            return False
        if key not in self._kept and len(self._kept) >= self._most:
            self._kept.popitem(last=False)
        self._kept[key] = (window, before, current + amount)
        return True

    async def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """Return counts and remaining seconds of the previous and the running window."""
        _, before, current, gone = self._look(key, expiry)
        left = (1 - gone) * expiry
        return before, left, current, left + expiry

    async def clear_sliding_window(self, key: str, expiry: int) -> None:
        """Forget a key."""
        self._kept.pop(key, None)

    async def clear(self, key: str) -> None:
        """Forget a key."""
        self._kept.pop(key, None)

    async def get(self, key: str) -> int:
        """Return the running window's count."""
        return self._kept.get(key, (0, 0, 0))[2]

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to the running window whatever it holds."""
        window, before, current, _ = self._look(key, expiry)
        self._kept[key] = (window, before, current + amount)
        return current + amount

    async def get_expiry(self, key: str) -> float:
        """Return when a key may be forgotten; windows know it only with their length."""
        return time.time()

    async def check(self) -> bool:
        """Memory is there."""
        return True

    async def reset(self) -> int:
        """Forget all."""
        gone = len(self._kept)
        self._kept.clear()
        return gone

    @property
    def base_exceptions(self) -> type[Exception]:
        """What this storage raises on its own account: nothing."""
        return ValueError

    def _look(self, key: str, expiry: int) -> tuple[int, int, int, float]:
        """Number of the running window, previous count, its count, and how much of it is gone."""
        window, gone = divmod(time.time() / expiry, 1)
        last, before, current = self._kept.get(key, (0, 0, 0))
        if last != int(window):
            before, current = (current if last == int(window) - 1 else 0), 0
        return int(window), before, current, gone


class Verdict(Struct, frozen=True):
    """Whether one more is allowed."""

    allowed: bool
    rule: RateLimitItem | None = None
    left: int = 0
    again_s: int = 0
    """Until when more is allowed, whole seconds."""


FREE = Verdict(True)


class Rates:
    """Counts who does what, in `storage`; when that fails, in memory."""

    def __init__(
        self,
        rules: Rules,
        storage: Storage | None = None,
        let_go: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.rules, self._let_go = rules, let_go
        self._own = SlidingWindowCounterRateLimiter(Windows())
        self._shared = SlidingWindowCounterRateLimiter(storage) if storage is not None else None
        self._trouble_until = 0.0

    async def hit(self, tier: str, kind: str, who: str, cost: int = 1) -> Verdict:
        """Count one more of a kind for somebody of a tier."""
        rule = self.rules.get(tier, {}).get(kind)
        if rule is None:
            return FREE
        if self._shared is not None and time.monotonic() >= self._trouble_until:
            try:
                return await self._judge(self._shared, rule, kind, who, cost)
            except Exception as error:  # noqa: BLE001  (whatever the store's client raises)
                self._trouble_until = time.monotonic() + TROUBLE_S
                log.warning("rates.store_away", error=type(error).__name__)
        return await self._judge(self._own, rule, kind, who, cost)

    async def close(self) -> None:
        """Let go of the store's connections."""
        if self._let_go is not None:
            await self._let_go()

    async def _judge(
        self,
        windows: SlidingWindowCounterRateLimiter,
        rule: RateLimitItem,
        kind: str,
        who: str,
        cost: int,
    ) -> Verdict:
        allowed = await windows.hit(rule, kind, who, cost=cost)
        stats = await windows.get_window_stats(rule, kind, who)
        wait = max(1, math.ceil(stats.reset_time - time.time()))
        return Verdict(allowed, rule, stats.remaining, min(wait, rule.get_expiry()))


class Flood:
    """A bucket for each source, looked at before anything else is known about a request."""

    def __init__(self, per_s: float, burst: float, most: int = MAX_KEYS) -> None:
        self.per_s, self.burst, self._most = per_s, burst, most
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._waved: dict[str, float] = {}

    def drops(self, source: str) -> bool:
        """Take a token; True when there was none."""
        now = time.monotonic()
        if self._waved and self._waved.get(source, 0.0) > now:
            return False
        tokens, at = self._buckets.get(source, (self.burst, now))
        tokens = min(self.burst, tokens + (now - at) * self.per_s)
        if tokens < 1:
            return True
        if source not in self._buckets and len(self._buckets) >= self._most:
            self._buckets.popitem(last=False)
        self._buckets[source] = (tokens - 1, now)
        return False

    def wave_through(self, source: str) -> None:
        """Somebody with no limit came from here: ask nothing of the source for a minute."""
        if len(self._waved) >= 1_000:
            self._waved.clear()
        self._waved[source] = time.monotonic() + 60


def rules_of(table: Mapping[str, Mapping[str, str] | str]) -> Rules:
    """Read `{"user": {"data": "1000/minute"}}`; ValueError names what is wrong."""
    return {
        tier: {} if isinstance(kinds, str) else {one: _rule(text) for one, text in kinds.items()}
        for tier, kinds in table.items()
        if not isinstance(kinds, str) or kinds == "off" or _wrong(kinds)
    }


def _rule(text: str) -> RateLimitItem | None:
    if text == "off":
        return None
    try:
        return parse(text)
    except ValueError:
        _wrong(text)
    return None


def _wrong(text: str) -> bool:
    raise ValueError(f"{text!r} is no limit such as 100/minute, or off")
