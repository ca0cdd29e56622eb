"""HTTP views of indicators, patterns and signals. Thin: read, translate; nothing later than now."""

from typing import Annotated, Any, get_args

import msgspec
from fastapi import Depends, Path, Query
from msgspec.structs import replace

from hydradesk.accounts.contracts import ENTITLEMENTS, Entitlements, MembershipRequired
from hydradesk.infra.http import Caller, Page, Routes, decode_cursor, encode_cursor
from hydradesk.kernel.errors import Invalid, NotFound
from hydradesk.kernel.ids import SessionId, SignalId
from hydradesk.kernel.time import TimeNs, parse_time
from hydradesk.market.contracts import Instruments, Timeframe, timeframe_of
from hydradesk.signals.api.views import (
    INDICATORS,
    PATTERN,
    RECORD,
    SIGNAL,
    IndicatorView,
    PatternView,
    RecordView,
    SignalView,
    entitled_view,
    indicator_view,
    pattern_view,
)
from hydradesk.signals.contracts import Direction, Signal, Status
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
        """Signals of the current session that your membership includes, newest first."""
        asked = direction.split(",") if direction else ()
        sides = tuple(_one_of(one, Direction, "direction") for one in asked)
        state = _one_of(status, Status, "status")
        after = decode_cursor(cursor, (int, str))
        wanted = asker.ask(stream, _limit(limit, MOST_ITEMS), after)
        if wanted is None:
            return Page([])
        entitled = ENTITLEMENTS[me.role]
        if wanted.timeframe is not None:
            _require(wanted.timeframe, entitled)
        seen = tuple(timeframe_of(one) for one in entitled.timeframes)
        rows = await store.find(replace(wanted, directions=sides, status=state, timeframes=seen))
        following = encode_cursor(rows[-1].at, rows[-1].id) if len(rows) == limit else None
        views = [entitled_view(_as_of(one, wanted.now), entitled) for one in rows]
        return Page([one for one in views if one is not None], following)


def _single(api: Routes, store: SqlSignals, desk: Desk) -> None:
    @api.add(
        "GET", "/signals/stats", Page[RecordView], example=Page([RECORD]), scope="signals:read"
    )
    async def read_signal_stats(me: Caller) -> Page[RecordView]:
        """How the session's signals have done so far, of the timeframes you may see."""
        session = desk.session()
        rows = [] if session is None else await store.recorded(session, desk.now())
        return Page(
            [
                RecordView(symbol=symbol, timeframe=timeframe, **msgspec.structs.asdict(one))
                for symbol, timeframe, one in rows
                if timeframe in ENTITLEMENTS[me.role].timeframes
            ]
        )

    @api.add("GET", "/signals/{signal_id}", SignalView, example=SIGNAL, scope="signals:read")
    async def read_signal(me: Caller, signal_id: Name) -> SignalView:
        """One signal with its votes, its reasoning and what became of it."""
        signal, now = await store.get(SignalId(signal_id)), desk.now()
        if signal.at > now:
            raise NotFound(f"no signal {signal_id[:80]!r} yet", field="id")
        entitled = ENTITLEMENTS[me.role]
        _require(signal.timeframe, entitled)
        view = entitled_view(_as_of(signal, now), entitled)
        assert view is not None, signal.timeframe
        return view


def _require(timeframe: Timeframe, entitled: Entitlements) -> None:
    if timeframe not in entitled.timeframes:
        raise MembershipRequired(
            f"signals of {timeframe} come with a membership",
            field="timeframe",
            fix=f"use one of {', '.join(entitled.timeframes)}, or become a member",
        )


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
