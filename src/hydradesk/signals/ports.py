"""What signals needs from outside."""

from collections.abc import Sequence
from typing import Protocol

from hydradesk.kernel.ids import SessionId, Symbol
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx
from hydradesk.market.contracts import Freshness, Session, Timeframe
from hydradesk.signals.contracts import Context, Following, Reading, Sighting, Signal, Taken, Vote


class VoteSource(Protocol):
    """Anything with an opinion on a closed bar: a rule, a model, a text, a webhook.

    It is called within the brain's own turn, so it must answer from memory and at once, and it must
    be a function of the context alone: the same context, the same votes. What needs time (a model
    server, a news feed) prepares its answer elsewhere and brings it in as a fact.
    """

    def __call__(self, context: Context, /) -> list[Vote]:
        """Return its votes, none when it has no opinion."""
        ...


class IndicatorTap(Protocol):
    """Hears each closed bar's indicators, after they are stored. Lossy: it may drop them."""

    def __call__(self, session: SessionId, reading: Reading, /) -> None:
        """Take note; must not block."""
        ...


class Desk(Protocol):
    """Where the desk stands. Answered by market's service."""

    def session(self) -> SessionId | None:
        """Return the current session, None before the first one."""
        ...

    def now(self) -> TimeNs:
        """Return the desk's instant; nothing later may be shown."""
        ...


class Memory(Protocol):
    """What the brain has stored. Every call works inside the caller's transaction."""

    async def open(self, tx: Tx, session: Session) -> bool:
        """Note a new session; False when it is known."""
        ...

    async def latest(self, tx: Tx) -> Session | None:
        """Return the session that was opened last."""
        ...

    async def taken(
        self, tx: Tx, session: SessionId, symbol: Symbol, timeframe: Timeframe
    ) -> set[TimeNs]:
        """Return the open times of the session's own bars that were stored, without warm-up."""
        ...

    async def active(self, tx: Tx, session: SessionId) -> list[Following]:
        """Return the signals that are followed."""
        ...

    async def last_stopped(self, tx: Tx, session: SessionId) -> list[Signal]:
        """Return, for each symbol and timeframe, the signal that was stopped out last."""
        ...

    async def troubled(self, tx: Tx, session: SessionId) -> set[Symbol]:
        """Return the symbols whose stream is stale or broken."""
        ...

    async def mark(self, tx: Tx, session: SessionId, symbol: Symbol, state: Freshness) -> None:
        """Note how far a stream can be trusted."""
        ...

    async def save_past(
        self, tx: Tx, session: SessionId, readings: Sequence[Reading], seen: Sequence[Sighting]
    ) -> None:
        """Store the warm-up's indicators and patterns, for the chart."""
        ...

    async def save(self, tx: Tx, session: SessionId, taken: Taken) -> None:
        """Store all that one bar brought; Conflict when somebody else moved a signal first."""
        ...
