"""Which feed the desk listens to."""

import structlog

from hydradesk.adapters.recordings import RecordingsFeed
from hydradesk.app.settings import Settings
from hydradesk.kernel.ids import Symbol
from hydradesk.kernel.time import parse_time
from hydradesk.market.ports import Feed

log = structlog.get_logger("feeds")


async def choose(settings: Settings) -> Feed:
    """Open the feed that was asked for."""
    symbols = [Symbol(one) for one in settings.symbols]
    start = parse_time(settings.replay_start, "replay_start") if settings.replay_start else None
    return RecordingsFeed(settings.recordings_dir, symbols, start)
