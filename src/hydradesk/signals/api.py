"""HTTP views of indicators, patterns and signals. Thin: read, translate; nothing later than now."""

from decimal import Decimal
from math import isnan
from typing import Annotated, Any, Literal, get_args

import msgspec
from fastapi import Depends, Query
from msgspec import Struct
from msgspec.structs import replace

from hydradesk.analysis.rows import Lean
from hydradesk.infra.http import Page, Principal, Routes, decode_cursor, encode_cursor, requires
from hydradesk.kernel.errors import Invalid, NotFound
from hydradesk.kernel.ids import SessionId, SignalId
from hydradesk.kernel.time import TimeNs, parse_time, rfc3339
from hydradesk.market.contracts import Instruments, Timeframe, timeframe_of
from hydradesk.signals.contracts import (
    Direction,
    Ended,
    Level,
    Levels,
    Reading,
    Sighting,
    Signal,
    Status,
)
from hydradesk.signals.ports import Desk
from hydradesk.signals.store import SqlSignals, Wanted

Reader = Annotated[Principal, Depends(requires("signals:read"))]
Text = Annotated[str | None, Query(max_length=64)]
Cursor = Annotated[str | None, Query(max_length=300)]

MOST_ROWS, MOST_ITEMS = 5_000, 500


def _stream(symbol: Text = None, timeframe: Text = None) -> tuple[str | None, str | None]:
    return symbol, timeframe


def _span(
    start: Annotated[str | None, Query(alias="from", max_length=40)] = None,
    end: Annotated[str | None, Query(alias="to", max_length=40)] = None,
) -> tuple[TimeNs | None, TimeNs | None]:
    since = None if start is None else parse_time(start, "from")
    until = None if end is None else parse_time(end, "to")
    if since is not None and until is not None and since > until:
        raise Invalid("from is later than to", field="from", fix="send a time not after `to`")
    return since, until


Filter = Annotated[tuple[str | None, str | None], Depends(_stream)]


class IndicatorView(Struct, frozen=True, kw_only=True):
    """One closed bar's indicators; null where not yet defined."""

    open_time: str
    rsi_14: float | None
    macd: float | None
    macd_signal: float | None
    macd_hist: float | None
    ema_9: float | None
    ema_21: float | None
    ema_50: float | None
    ema_200: float | None
    vwap_session: float | None
    vwap_20: float | None
    atr_14: float | None
    bb_upper: float | None
    bb_middle: float | None
    bb_lower: float | None
    relative_volume: float | None
    volume_spike: bool
    obv: float | None
    mfi_14: float | None


class PatternView(Struct, frozen=True, kw_only=True):
    """A candlestick pattern on one closed bar."""

    symbol: str
    timeframe: Timeframe
    open_time: str
    at: str
    pattern: str
    title: str
    direction: Lean
    strength: int
    description: str


class VoteView(Struct, frozen=True, kw_only=True):
    """One source's opinion; `direction` is -1, 0 or 1."""

    source: str
    direction: Literal[-1, 0, 1]
    weight: Decimal
    reason: str
    facts: dict[str, str]


class OutcomeView(Struct, frozen=True, kw_only=True):
    """What became of a BUY or SELL."""

    first_touched: Level | None
    ended_by: Ended
    best_target: int
    at: str
    price: Decimal
    return_pct: Decimal
    r_multiple: Decimal


class SignalView(Struct, frozen=True, kw_only=True):
    """One explained opinion on one closed bar."""

    id: str
    session: str
    symbol: str
    timeframe: Timeframe
    at: str
    price: Decimal
    direction: Direction
    confidence: Decimal
    risk_score: Decimal
    levels: Levels | None
    votes: tuple[VoteView, ...]
    reasoning: str
    expires_at: str
    status: Status
    version: int
    outcome: OutcomeView | None


class RecordView(Struct, frozen=True, kw_only=True):
    """How the BUYs and SELLs of one symbol and timeframe have done so far."""

    symbol: str
    timeframe: Timeframe
    made: int
    ended: int
    won: int
    mean_r: Decimal


def indicator_view(reading: Reading) -> IndicatorView:
    """Show one bar's indicators."""
    values: dict[str, Any] = {
        name: None if isnan(value) else value
        for name, value in msgspec.structs.asdict(reading.row).items()
    }
    return IndicatorView(open_time=rfc3339(reading.open_time), **values)


def pattern_view(sighting: Sighting) -> PatternView:
    """Show one pattern."""
    values = msgspec.structs.asdict(sighting)
    values |= {"open_time": rfc3339(sighting.open_time), "at": rfc3339(sighting.at)}
    return PatternView(**values)


def signal_view(signal: Signal) -> SignalView:
    """Show one signal."""
    values = msgspec.structs.asdict(signal)
    votes = (VoteView(**msgspec.structs.asdict(vote)) for vote in signal.votes)
    outcome = None
    if signal.outcome is not None:
        facts = msgspec.structs.asdict(signal.outcome)
        outcome = OutcomeView(**(facts | {"at": rfc3339(signal.outcome.at)}))
    values |= {
        "at": rfc3339(signal.at),
        "expires_at": rfc3339(signal.expires_at),
        "votes": tuple(votes),
        "outcome": outcome,
    }
    return SignalView(**values)


def routes(store: SqlSignals, desk: Desk, instruments: Instruments) -> Routes:
    """Build the routes; `desk` says which session is shown and where its present is."""
    api = Routes("", "signals")
    asker = _Asker(desk, instruments)
    _many(api, store, asker)
    _rows(api, store, asker)
    _single(api, store, desk)
    return api


def _rows(api: Routes, store: SqlSignals, asker: "_Asker") -> None:
    @api.add("GET", "/indicators", Page[IndicatorView])
    async def list_indicators(
        me: Reader,
        symbol: Annotated[str, Query(max_length=32)],
        timeframe: Annotated[str, Query(max_length=8)],
        span: Annotated[tuple[TimeNs | None, TimeNs | None], Depends(_span)],
        limit: int = 500,
        cursor: Cursor = None,
    ) -> Page[IndicatorView]:
        """Indicators of closed bars, oldest first; `next` leads to older ones."""
        after = decode_cursor(cursor, (int,))
        wanted = asker.ask((symbol, timeframe), _limit(limit, MOST_ROWS), after)
        if wanted is None:
            return Page([])
        rows = await store.readings(wanted, *span)
        following = encode_cursor(rows[0].open_time) if len(rows) == limit else None
        return Page([indicator_view(one) for one in rows], following)


def _many(api: Routes, store: SqlSignals, asker: "_Asker") -> None:
    @api.add("GET", "/patterns", Page[PatternView])
    async def list_patterns(
        me: Reader, stream: Filter, limit: int = 50, cursor: Cursor = None
    ) -> Page[PatternView]:
        """Candlestick patterns of the current session, newest first."""
        after = decode_cursor(cursor, (int, str, str, str))
        wanted = asker.ask(stream, _limit(limit, MOST_ITEMS), after)
        rows = [] if wanted is None else await store.sightings(wanted)
        following = None
        if len(rows) == limit:
            last = rows[-1]
            following = encode_cursor(last.at, last.symbol, last.timeframe, last.pattern)
        return Page([pattern_view(one) for one in rows], following)

    @api.add("GET", "/signals", Page[SignalView])
    async def list_signals(
        me: Reader,
        stream: Filter,
        direction: Text = None,
        status: Text = None,
        limit: int = 50,
        cursor: Cursor = None,
    ) -> Page[SignalView]:
        """Signals of the current session, newest first."""
        side, state = _one_of(direction, Direction, "direction"), _one_of(status, Status, "status")
        after = decode_cursor(cursor, (int, str))
        wanted = asker.ask(stream, _limit(limit, MOST_ITEMS), after)
        rows = []
        if wanted is not None:
            rows = await store.find(replace(wanted, direction=side, status=state))
        following = encode_cursor(rows[-1].at, rows[-1].id) if len(rows) == limit else None
        return Page([signal_view(one) for one in rows], following)


def _single(api: Routes, store: SqlSignals, desk: Desk) -> None:
    @api.add("GET", "/signals/stats", Page[RecordView])
    async def read_signal_stats(me: Reader) -> Page[RecordView]:
        """How the session's signals have done so far, by symbol and timeframe."""
        session = desk.session()
        rows = [] if session is None else await store.recorded(session, desk.now())
        return Page(
            [
                RecordView(symbol=symbol, timeframe=timeframe, **msgspec.structs.asdict(one))
                for symbol, timeframe, one in rows
            ]
        )

    @api.add("GET", "/signals/{signal_id}", SignalView)
    async def read_signal(me: Reader, signal_id: str) -> SignalView:
        """One signal with its votes, its reasoning and what became of it."""
        signal, now = await store.get(SignalId(signal_id)), desk.now()
        if signal.at > now:
            raise NotFound(f"no signal {signal_id[:80]!r} yet", field="id")
        if signal.outcome is not None and signal.outcome.at > now:  # of another session's future
            signal = replace(signal, outcome=None, status="active", version=signal.version - 1)
        return signal_view(signal)


class _Asker:
    """Checks what callers send and turns it into a question to the store."""

    def __init__(self, desk: Desk, instruments: Instruments) -> None:
        self._desk, self._instruments = desk, instruments

    def ask(
        self, stream: tuple[str | None, str | None], limit: int, after: list[Any] | None
    ) -> Wanted | None:
        """Ask within the current session, up to now; None when no session has begun."""
        symbol, timeframe = stream
        session: SessionId | None = self._desk.session()
        pair = None if symbol is None else self._instruments.find(symbol).symbol
        length = None if timeframe is None else timeframe_of(timeframe)
        if session is None:
            return None
        return Wanted(
            session=session,
            now=self._desk.now(),
            limit=limit,
            symbol=pair,
            timeframe=length,
            after=None if after is None else tuple(after),
        )


def _limit(limit: int, most: int) -> int:
    if not 1 <= limit <= most:
        raise Invalid(f"limit {limit} is out of range", field="limit", fix=f"send 1 to {most}")
    return limit


def _one_of(text: str | None, kind: Any, field: str) -> Any:  # noqa: ANN401  (a Literal, any)
    choices: tuple[str, ...] = get_args(kind)
    if text is not None and text not in choices:
        fix = f"use one of {', '.join(choices)}"
        raise Invalid(f"unknown {field} {text[:16]!r}", field=field, fix=fix)
    return text
