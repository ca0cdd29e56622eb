"""What the market needs from outside: a feed to listen to and a place to keep what it heard."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from hydradesk.kernel.ids import SessionId, Symbol
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx
from hydradesk.market.contracts import (
    BarClosed,
    Bars,
    Candle,
    FeedKind,
    FeedSpan,
    Session,
    SessionProgress,
    Source,
    StreamChanged,
    Tick,
    Timeframe,
)


class Feed(Protocol):
    """Where bars come from: an exchange, recordings or a seed.

    A feed whose kind is not `live` is paced by the desk: it is asked for a minute whenever the
    desk is ready for it, and answers the same each time.
    """

    @property
    def kind(self) -> FeedKind:
        """Live, replay or simulated."""
        ...

    @property
    def source(self) -> Source:
        """Where its candles are stored; invented ones never mix with real ones."""
        ...

    @property
    def name(self) -> str:
        """For people, and what makes a restart continue: exchange, folder or seed."""
        ...

    async def open(self) -> FeedSpan:
        """Connect; say what there is. Unavailable when nothing can be had."""
        ...

    async def bars(self, start: TimeNs, end: TimeNs) -> Sequence[Candle]:
        """Return closed 1m bars with start <= open_time < end, by time, then by symbol.

        A missing bar is a gap, not an error; Unavailable when the feed cannot answer now.
        """
        ...

    def history(
        self, symbol: Symbol, timeframe: Timeframe, end: TimeNs, limit: int
    ) -> AsyncIterator[Bars]:
        """Yield what is known of the last `limit` bars that had closed at `end`.

        Blocks are oldest first and may be of a shorter timeframe, to be resampled by the market;
        all blocks of one answer are of one timeframe.
        """
        ...

    async def ticks(self) -> Sequence[Tick]:
        """Return last prices now, live feeds only; Unavailable when it cannot answer."""
        ...

    async def close(self) -> None:
        """Let go of files and connections."""
        ...


class MarketStore(Protocol):
    """Answered by market's own store."""

    async def next_session_id(self, tx: Tx) -> SessionId:
        """Return the name of the next session: s0001, s0002 …"""
        ...

    async def begin_session(
        self, tx: Tx, session: Session, progress: SessionProgress, at: TimeNs
    ) -> None:
        """Save a new session and emit SessionOpened."""
        ...

    async def last_session(self, tx: Tx) -> tuple[Session, SessionProgress] | None:
        """Return the session opened last, or None on an empty desk."""
        ...

    async def save_progress(self, tx: Tx, session: SessionId, progress: SessionProgress) -> None:
        """Save how far a session came."""
        ...

    async def append(
        self,
        tx: Tx,
        source: Source,
        bars: Sequence[BarClosed],
        changes: Sequence[StreamChanged],
    ) -> None:
        """Store the bars and emit the facts, in the order given; changes of streams come first."""
        ...

    async def patch(self, tx: Tx, source: Source, candles: Sequence[Candle]) -> None:
        """Store single bars found late, without a fact."""
        ...

    async def add(self, tx: Tx, source: Source, blocks: Sequence[Bars]) -> int:
        """Store bars in bulk, leaving those already there; return how many are new."""
        ...

    async def before(
        self, source: Source, symbol: Symbol, timeframe: Timeframe, end: TimeNs, limit: int
    ) -> list[Candle]:
        """Return the last `limit` bars that had closed at `end` and now, oldest first."""
        ...

    async def between(
        self, source: Source, symbol: Symbol, timeframe: Timeframe, start: TimeNs, end: TimeNs
    ) -> list[Candle]:
        """Return bars with start <= open_time, close_time <= end, closed by now; oldest first."""
        ...

    async def count(
        self, source: Source, symbol: Symbol, timeframe: Timeframe, start: TimeNs, end: TimeNs
    ) -> int:
        """Return how many bars with start <= open_time < end are stored."""
        ...
