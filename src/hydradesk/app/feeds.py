"""Which feed the desk listens to."""

import structlog

from hydradesk.adapters.ccxt import CcxtFeed
from hydradesk.adapters.recordings import Recorder, RecordingsFeed
from hydradesk.adapters.simulated import SimulatedFeed
from hydradesk.app.settings import Settings
from hydradesk.infra.clock import SystemClock
from hydradesk.kernel.time import parse_time
from hydradesk.market.domain.instruments import DEFAULT
from hydradesk.market.ports import Feed
from hydradesk.market.service.choice import choose as first_that_opens

log = structlog.get_logger("feeds")


async def choose(settings: Settings) -> Feed:
    """Return the feed that was asked for; `auto` takes the first that answers within 5 s."""
    match settings.feed:
        case "ccxt":
            return _live(settings)
        case "replay":
            return _replay(settings)
        case "simulated":
            return _simulated(settings)
        case _:
            choice = await first_that_opens(
                [_live(settings), _replay(settings), _simulated(settings)]
            )
            log.info("feed.chosen", reasons=choice.reasons)
            return choice.feed


def _live(settings: Settings) -> Feed:
    """The exchange; what it says is recorded, so that the day can be replayed."""
    symbols = [one.symbol for one in DEFAULT.all]
    feed = CcxtFeed(symbols, SystemClock(), settings.exchange, settings.exchange_url)
    return Recorder(feed, settings.data_dir / "recordings")


def _replay(settings: Settings) -> Feed:
    symbols = [one.symbol for one in DEFAULT.all]
    start = parse_time(settings.replay_start, "replay_start") if settings.replay_start else None
    return RecordingsFeed(settings.recordings_dir, symbols, start)


def _simulated(settings: Settings) -> Feed:
    return SimulatedFeed(DEFAULT.all, settings.seed)
