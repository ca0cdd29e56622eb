"""What the market service is given, and what it shows."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct

from hydradesk.accounts.contracts import Audit
from hydradesk.kernel.time import TimeNs
from hydradesk.market.contracts import Candle, Instruments, Session, StreamState, Tick


def ignore(_: Any) -> None:  # noqa: ANN401  (a listener for anything)
    """Listen to nothing."""


async def at_once() -> None:
    """Wait for nobody."""


class Listeners(Struct, kw_only=True):
    """Lossy callbacks for screens. They must not block; the outbox carries what matters."""

    on_tick: Callable[[Tick], None] = ignore
    """Each accepted price."""
    on_open_bar: Callable[[Candle], None] = ignore
    """Each bar still open, of each timeframe, whenever it grows."""
    on_feed: Callable[["FeedStatus"], None] = ignore
    """The feed's state, whenever it changes."""


class Setup(Struct, kw_only=True):
    """How a market runs.

    `sleep` is how time is waited for and `quiesce` returns when the outbox is drained and every
    lane idle: a replay waits for it before time moves on.
    """

    instruments: Instruments
    speed: float = 60
    """Desk seconds per wall second of a new session, 0.1 to 3600."""
    start: TimeNs | None = None
    """Begin a new session here; default: go on with the last one of this feed."""
    quiesce: Callable[[], Awaitable[None]] = at_once
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    audit: Audit | None = None
    """Where commands are recorded; None: nowhere, as in a market that stands alone."""
    poll: float = 2.0
    """Live: seconds between two looks at the exchange."""


class FeedStatus(Struct, frozen=True, kw_only=True):
    """The running session as it is now."""

    session: Session
    clock: TimeNs
    wall: TimeNs
    speed: float
    paused: bool
    ended: bool
    trouble: str
    """Why nothing comes in at the moment; empty when all is well."""
    streams: tuple[StreamState, ...]
