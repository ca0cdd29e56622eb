"""A live feed: time is the wall's; minutes are fetched after they close, gaps when they show."""

from collections.abc import Callable, Sequence

from hydradesk.kernel.errors import Unavailable
from hydradesk.kernel.ids import Symbol
from hydradesk.kernel.time import MINUTE, SECOND, Clock, TimeNs
from hydradesk.market.contracts import Candle, StreamChanged, Tick
from hydradesk.market.service.keeper import Keeper
from hydradesk.market.service.stream import Stream
from hydradesk.market.service.views import Setup

SETTLE = 1 * SECOND
"""An exchange needs a moment to write its closed bar."""
PATIENCE = 20 * SECOND
"""How long a minute waits for the bar of the last symbol before it closes with a gap."""
AT_ONCE = 720
"""Minutes fetched and played in one go when catching up."""
FOUND_AGAIN = 24 * 60 * MINUTE
"""Older gaps are not looked for any more."""


class Live:
    """Polls a feed: one `step` is one look.

    Minutes are played in order and none is skipped while the exchange can tell what was in it: an
    exchange that is away leaves `reached` where it is, and the streams go stale by age.
    """

    def __init__(
        self, keeper: Keeper, wall: Clock, setup: Setup, tell: Callable[[Stream, Tick], None]
    ) -> None:
        self._keeper, self._wall, self._setup, self._tell = keeper, wall, setup, tell

    async def step(self) -> Sequence[StreamChanged]:
        """Look once: at what closed, else at prices; then wait. Returns streams that changed."""
        try:
            if self._wall.now() >= self._keeper.progress.reached + MINUTE + SETTLE:
                changes = await self._catch_up()
            else:
                changes = []
            await self._prices()
        except Unavailable:
            await self._keeper.publish_changes()
            raise
        changes = [*changes, *await self._keeper.publish_changes()]
        next_close = self._keeper.progress.reached + MINUTE + SETTLE
        left = (next_close - self._wall.now()) / SECOND
        await self._setup.sleep(min(self._setup.poll, max(left, 0.2)))
        return changes

    async def _prices(self) -> None:
        for tick in await self._keeper.feed.ticks():
            stream = self._keeper.streams.get(tick.symbol)
            if stream is not None and stream.hear(tick, self._wall.now()):
                self._tell(stream, tick)

    async def _catch_up(self) -> list[StreamChanged]:
        start = self._keeper.progress.reached
        now = self._wall.now()
        end = min((now - SETTLE) // MINUTE * MINUTE, start + AT_ONCE * MINUTE)
        found: dict[int, dict[Symbol, Candle]] = {}
        for bar in await self._keeper.feed.bars(start, TimeNs(end)):
            found.setdefault(bar.open_time, {})[bar.symbol] = bar
        known_to = max(found, default=-1)
        changes: list[StreamChanged] = []
        for minute in range(start, end, MINUTE):
            bars = found.get(minute, {})
            if self._worth_waiting(minute, bars, known_to):
                break
            changes += await self._keeper.close_minute(TimeNs(minute + MINUTE), bars)
            await self._setup.quiesce()
        else:
            await self._fill_gaps()
        return changes

    def _worth_waiting(self, minute: int, bars: dict[Symbol, Candle], known_to: int) -> bool:
        """Whether the exchange may still tell more of this minute.

        A minute nobody traded in is believed only when a later one is known.
        """
        complete = len(bars) == len(self._keeper.streams)
        if complete or known_to > minute:
            return False
        return not bars or self._wall.now() - (minute + MINUTE) < PATIENCE

    async def _fill_gaps(self) -> None:
        since = self._wall.now() - FOUND_AGAIN
        holes = {
            (max(start, since // MINUTE * MINUTE), end)
            for stream in self._keeper.streams.values()
            for start, end in stream.gate.missing
            if end > since
        }
        for start, end in sorted(holes):
            bars = await self._keeper.feed.bars(TimeNs(start), TimeNs(end))
            self._keeper.backfill(bars)
