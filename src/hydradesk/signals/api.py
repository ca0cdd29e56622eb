"""HTTP views of indicators, patterns and signals. Thin: read, translate; nothing later than now."""

from decimal import Decimal
from math import isnan
from typing import Annotated, Any, Literal, get_args

import msgspec
from fastapi import Depends, Path, Query
from msgspec import Struct
from msgspec.structs import replace

from hydradesk.analysis.rows import Lean
from hydradesk.infra.http import Caller, Page, Routes, decode_cursor, encode_cursor
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

Text = Annotated[str | None, Query(max_length=64)]
Cursor = Annotated[str | None, Query(max_length=300, description="`next` of the last page")]
Name = Annotated[str, Path(description="The signal's id")]

ETH: Any = {"ETH-USDT": {"value": "ETH-USDT"}}
FIVE: Any = {"5m": {"value": "5m"}}

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


INDICATORS = IndicatorView(
    open_time="2025-06-24T01:40:00Z",
    rsi_14=53.76,
    macd=1.68,
    macd_signal=2.04,
    macd_hist=-0.36,
    ema_9=2406.58,
    ema_21=2405.75,
    ema_50=2393.36,
    ema_200=2326.02,
    vwap_session=2405.55,
    vwap_20=2404.93,
    atr_14=8.07,
    bb_upper=2413.32,
    bb_middle=2404.85,
    bb_lower=2396.38,
    relative_volume=0.67,
    volume_spike=False,
    obv=-331492.18,
    mfi_14=50.69,
)
PATTERN = PatternView(
    symbol="ETH-USDT",
    timeframe="5m",
    open_time="2025-06-24T01:40:00Z",
    at="2025-06-24T01:45:00Z",
    pattern="doji",
    title="Doji",
    direction="neutral",
    strength=89,
    description="Open and close are only 4 % of the range apart: nobody won.",
)
SIGNAL = SignalView(
    id="s0001.ETH-USDT.5m.1750728300000",
    session="s0001",
    symbol="ETH-USDT",
    timeframe="5m",
    at="2025-06-24T01:25:00Z",
    price=Decimal("2413.36"),
    direction="BUY",
    confidence=Decimal("66.7"),
    risk_score=Decimal("40.3"),
    levels=Levels(
        entry_low=Decimal("2401.29"),
        entry_high=Decimal("2425.43"),
        stop=Decimal("2401.25"),
        targets=(Decimal("2429.5"), Decimal("2437.57"), Decimal("2445.64")),
        risk_reward=Decimal(2),
    ),
    votes=(
        VoteView(
            source="indicators.macd",
            direction=1,
            weight=Decimal(2),
            reason="MACD crossed above its signal line",
            facts={"macd": "0.3515", "macd_signal": "0.3308"},
        ),
    ),
    reasoning="BUY ETH-USDT on 5m at 2413.36: MACD crossed above its signal line.",
    expires_at="2025-06-24T03:55:00Z",
    status="closed",
    version=2,
    outcome=OutcomeView(
        first_touched="target_1",
        ended_by="target_3",
        best_target=3,
        at="2025-06-24T02:31:00Z",
        price=Decimal("2445.64"),
        return_pct=Decimal("1.3376"),
        r_multiple=Decimal("2.67"),
    ),
)
RECORD = RecordView(
    symbol="ETH-USDT", timeframe="5m", made=8, ended=7, won=3, mean_r=Decimal("0.29")
)


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
    @api.add(
        "GET", "/indicators", Page[IndicatorView], example=Page([INDICATORS]), scope="market:read"
    )
    async def list_indicators(
        me: Caller,
        symbol: Annotated[str, Query(max_length=32, openapi_examples=ETH)],
        timeframe: Annotated[str, Query(max_length=8, openapi_examples=FIVE)],
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
    @api.add("GET", "/patterns", Page[PatternView], example=Page([PATTERN]), scope="market:read")
    async def list_patterns(
        me: Caller, stream: Filter, limit: int = 50, cursor: Cursor = None
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

    @api.add("GET", "/signals", Page[SignalView], example=Page([SIGNAL]), scope="signals:read")
    async def list_signals(
        me: Caller,
        stream: Filter,
        direction: Annotated[str | None, Query(max_length=64, description="BUY,SELL")] = None,
        status: Text = None,
        limit: int = 50,
        cursor: Cursor = None,
    ) -> Page[SignalView]:
        """Signals of the current session, newest first."""
        asked = direction.split(",") if direction else ()
        sides = tuple(_one_of(one, Direction, "direction") for one in asked)
        state = _one_of(status, Status, "status")
        after = decode_cursor(cursor, (int, str))
        wanted = asker.ask(stream, _limit(limit, MOST_ITEMS), after)
        if wanted is None:
            return Page([])
        rows = await store.find(replace(wanted, directions=sides, status=state))
        following = encode_cursor(rows[-1].at, rows[-1].id) if len(rows) == limit else None
        return Page([signal_view(_as_of(one, wanted.now)) for one in rows], following)


def _single(api: Routes, store: SqlSignals, desk: Desk) -> None:
    @api.add(
        "GET", "/signals/stats", Page[RecordView], example=Page([RECORD]), scope="signals:read"
    )
    async def read_signal_stats(me: Caller) -> Page[RecordView]:
        """How the session's signals have done so far, by symbol and timeframe."""
        session = desk.session()
        rows = [] if session is None else await store.recorded(session, desk.now())
        return Page(
            [
                RecordView(symbol=symbol, timeframe=timeframe, **msgspec.structs.asdict(one))
                for symbol, timeframe, one in rows
            ]
        )

    @api.add("GET", "/signals/{signal_id}", SignalView, example=SIGNAL, scope="signals:read")
    async def read_signal(me: Caller, signal_id: Name) -> SignalView:
        """One signal with its votes, its reasoning and what became of it."""
        signal, now = await store.get(SignalId(signal_id)), desk.now()
        if signal.at > now:
            raise NotFound(f"no signal {signal_id[:80]!r} yet", field="id")
        return signal_view(_as_of(signal, now))


def _as_of(signal: Signal, now: TimeNs) -> Signal:
    """Hide an ending that lies in the future: an older session may have gone further."""
    if signal.outcome is None or signal.outcome.at <= now:
        return signal
    return replace(signal, outcome=None, status="active", version=signal.version - 1)


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
