"""Which feed the desk listens to."""

import asyncio

import structlog

from hydradesk.adapters.recordings import RecordingsFeed
from hydradesk.adapters.simulated import SimulatedFeed
from hydradesk.app.settings import Settings
from hydradesk.infra.clock import SystemClock
from hydradesk.kernel.errors import Unavailable
from hydradesk.kernel.time import parse_time
from hydradesk.market.domain.instruments import DEFAULT
from hydradesk.market.ports import Feed

PATIENCE_S = 5
"""How long `auto` waits for the exchange."""

log = structlog.get_logger("feeds")


async def choose(settings: Settings) -> Feed:
    """Return the feed that was asked for; `auto` takes the first that answers."""
    match settings.feed:
        case "ccxt":
            return _live(settings)
        case "replay":
            return _replay(settings)
        case "simulated":
            return _simulated(settings)
        case _:
            return await _first(settings)


async def _first(settings: Settings) -> Feed:
    """The exchange within five seconds, else recordings, else the simulation."""
    for build in (_live, _replay):
        feed = build(settings)
        try:
            async with asyncio.timeout(PATIENCE_S):
                await feed.open()
        except (Unavailable, TimeoutError) as error:
            log.info("feed.not_there", feed=feed.kind, name=feed.name, reason=str(error)[:200])
            await feed.close()
            continue
        return feed
    return _simulated(settings)


def _live(settings: Settings) -> Feed:
    from hydradesk.adapters.ccxt import CcxtFeed

    return CcxtFeed(settings.exchange, DEFAULT, SystemClock(), settings.exchange_url)


def _replay(settings: Settings) -> Feed:
    symbols = [one.symbol for one in DEFAULT.all]
    start = parse_time(settings.replay_start, "replay_start") if settings.replay_start else None
    return RecordingsFeed(settings.recordings_dir, symbols, start)


def _simulated(settings: Settings) -> Feed:
    return SimulatedFeed(DEFAULT.all, settings.seed)
