"""Signals' tables: market-wide, no tenant's. No other file writes them."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from math import isnan, nan
from typing import Any, TypeVar

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Identity,
    Index,
    Integer,
    Numeric,
    Select,
    String,
    Table,
    Text,
    func,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql

from hydradesk.analysis.rows import NAMES, IndicatorRow
from hydradesk.infra.db import Database, adding, insert_new, metadata, raw, sql
from hydradesk.kernel.errors import Conflict, NotFound
from hydradesk.kernel.ids import SessionId, SignalId, Symbol
from hydradesk.kernel.numbers import nearest, plain
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx
from hydradesk.market.contracts import LENGTH, Freshness, Session, Timeframe
from hydradesk.signals.contracts import (
    Direction,
    Following,
    Reading,
    Recorded,
    Sighting,
    Signal,
    Status,
    Taken,
)

sessions = Table(
    "signals_sessions",
    metadata,
    Column("id", String, primary_key=True),
    Column("seq", BigInteger, Identity(), nullable=False, unique=True),  # order of opening
    Column("body", Text, nullable=False),
)
streams = Table(
    "signals_streams",
    metadata,
    Column("session", String, primary_key=True),
    Column("symbol", String, primary_key=True),
    Column("state", String, nullable=False),
)
indicators = Table(
    "signals_indicators",
    metadata,
    Column("session", String, primary_key=True),
    Column("symbol", String, primary_key=True),
    Column("timeframe", String, primary_key=True),
    Column("open_time", BigInteger, primary_key=True),
    Column("warm_up", Boolean, nullable=False),  # a bar from before the session's start
    *(
        Column(name, Boolean, nullable=False) if name == "volume_spike" else Column(name, Double)
        for name in NAMES
    ),
)
patterns = Table(
    "signals_patterns",
    metadata,
    Column("session", String, primary_key=True),
    Column("symbol", String, primary_key=True),
    Column("timeframe", String, primary_key=True),
    Column("open_time", BigInteger, primary_key=True),
    Column("pattern", String, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("title", String, nullable=False),
    Column("direction", String, nullable=False),
    Column("strength", Integer, nullable=False),
    Column("description", Text, nullable=False),
    Index("signals_patterns_at", "session", "at"),
)
signals = Table(
    "signals_signals",
    metadata,
    Column("id", String, primary_key=True),
    Column("session", String, nullable=False),
    Column("symbol", String, nullable=False),
    Column("timeframe", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("direction", String, nullable=False),
    Column("status", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("first_touched", String),
    Column("best_target", Integer, nullable=False),
    Column("ended_by", String),
    Column("ended_at", BigInteger),
    Column("r_multiple", Numeric(20, 2)),
    Column("body", Text, nullable=False),
    Index("signals_signals_at", "session", "at", "id"),
    Index("signals_signals_stream", "session", "symbol", "timeframe", "at"),
    Index("signals_signals_status", "session", "status"),
)

_READING = ("session", "symbol", "timeframe", "open_time", "warm_up", *NAMES)
_SIGHTING = ("session", *Sighting.__struct_fields__)
_CENT = Decimal("0.01")
_SLICE = 100
_ADD_READING, _ADD_SIGHTING = adding(indicators, _READING), adding(patterns, _SIGHTING)
T = TypeVar("T")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows a reader asks for. `after` is the key of the last row of the page before."""

    session: SessionId
    now: TimeNs
    limit: int
    symbol: Symbol | None = None
    timeframe: Timeframe | None = None
    timeframes: tuple[Timeframe, ...] = ()  # any of these; none means all
    directions: tuple[Direction, ...] = ()
    status: Status | None = None
    after: tuple[Any, ...] | None = None


class SqlSignals:
    """Writes inside the caller's transaction; reads in its own."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def open(self, tx: Tx, session: Session) -> bool:
        """Note a new session; False when it is known."""
        body = msgspec.json.encode(session).decode()
        return await insert_new(tx, sessions, id=session.id, body=body)

    async def latest(self, tx: Tx) -> Session | None:
        """Return the session that was opened last."""
        newest = select(sessions.c.body).order_by(sessions.c.seq.desc()).limit(1)
        body = await sql(tx).scalar(newest)
        return None if body is None else msgspec.json.decode(body, type=Session)

    async def taken(
        self, tx: Tx, session: SessionId, symbol: Symbol, timeframe: Timeframe
    ) -> set[TimeNs]:
        """Return the open times of the session's own bars that were stored, without warm-up."""
        mine = _stream(select(indicators.c.open_time), session, symbol, timeframe)
        return set(await sql(tx).scalars(mine.where(indicators.c.warm_up.is_(False))))

    async def active(self, tx: Tx, session: SessionId) -> list[Following]:
        """Return the signals that are followed, oldest first."""
        columns = (signals.c.body, signals.c.first_touched, signals.c.best_target)
        mine = (
            select(*columns)
            .where(signals.c.session == session, signals.c.status == "active")
            .order_by(signals.c.at, signals.c.id)
        )
        return [
            Following(signal=_signal(body), first_touched=first, best_target=best)
            for body, first, best in (await sql(tx).execute(mine)).all()
        ]

    async def last_stopped(self, tx: Tx, session: SessionId) -> list[Signal]:
        """Return, for each symbol and timeframe, the signal that was stopped out last."""
        mine = (
            select(signals.c.body)
            .ext(postgresql.distinct_on(signals.c.symbol, signals.c.timeframe))
            .where(signals.c.session == session, signals.c.ended_by == "stop")
            .order_by(signals.c.symbol, signals.c.timeframe, signals.c.ended_at.desc())
        )
        return [_signal(body) for body in await sql(tx).scalars(mine)]

    async def troubled(self, tx: Tx, session: SessionId) -> set[Symbol]:
        """Return the symbols whose stream is stale or broken."""
        mine = select(streams.c.symbol)
        mine = mine.where(streams.c.session == session, streams.c.state != "fresh")
        return set(await sql(tx).scalars(mine))

    async def mark(self, tx: Tx, session: SessionId, symbol: Symbol, state: Freshness) -> None:
        """Note how far a stream can be trusted."""
        row = postgresql.insert(streams).values(session=session, symbol=symbol, state=state)
        key, new = ["session", "symbol"], {"state": row.excluded.state}
        await sql(tx).execute(row.on_conflict_do_update(index_elements=key, set_=new))

    async def save_past(
        self, tx: Tx, session: SessionId, readings: Sequence[Reading], seen: Sequence[Sighting]
    ) -> None:
        """Store the warm-up's indicators and patterns by COPY, in slices that hold no loop long."""
        connection = await raw(tx)
        for some in _slices(readings):
            rows = [tuple(_row(session, one, warm_up=True).values()) for one in some]
            await connection.copy_records_to_table(indicators.name, records=rows, columns=_READING)
        for few in _slices(seen):
            rows = [(session, *msgspec.structs.astuple(one)) for one in few]
            await connection.copy_records_to_table(patterns.name, records=rows, columns=_SIGHTING)

    async def save(self, tx: Tx, session: SessionId, taken: Taken) -> None:
        """Store all that one bar brought; Conflict when somebody else moved a signal first."""
        connection = await raw(tx)
        row = _row(session, taken.reading, warm_up=False).values()
        await connection.execute(_ADD_READING, *row)
        if taken.sightings:
            rows = [(session, *msgspec.structs.astuple(one)) for one in taken.sightings]
            await connection.executemany(_ADD_SIGHTING, rows)
        for following in taken.moved:
            await _touch(tx, following)
        for signal in taken.ended:
            await _end(tx, signal)
        if taken.signal is not None:
            columns = _columns(taken.signal)
            await connection.execute(adding(signals, [*columns]), *columns.values())

    async def get(self, signal: SignalId) -> Signal:
        """Return one; NotFound."""
        async with self._db.begin() as tx:
            body = await sql(tx).scalar(select(signals.c.body).where(signals.c.id == signal))
        if body is None:
            raise NotFound(f"no signal {signal[:80]!r}", field="id", fix="see GET /api/signals")
        return _signal(body)

    async def find(self, wanted: Wanted) -> list[Signal]:
        """Return signals, newest first; `after` is (at, id)."""
        mine = _filtered(select(signals.c.body), signals, wanted)
        if wanted.directions:
            mine = mine.where(signals.c.direction.in_(wanted.directions))
        if wanted.status is not None:
            mine = mine.where(signals.c.status == wanted.status)
        if wanted.timeframes:
            mine = mine.where(signals.c.timeframe.in_(wanted.timeframes))
        mine = mine.where(signals.c.at <= wanted.now)
        key = tuple_(signals.c.at, signals.c.id)
        if wanted.after is not None:
            mine = mine.where(key < wanted.after)
        mine = mine.order_by(signals.c.at.desc(), signals.c.id.desc()).limit(wanted.limit)
        async with self._db.begin() as tx:
            return [_signal(body) for body in await sql(tx).scalars(mine)]

    async def sightings(self, wanted: Wanted) -> list[Sighting]:
        """Return patterns, newest first; `after` is (at, symbol, timeframe, pattern)."""
        columns = [patterns.c[name] for name in Sighting.__struct_fields__]
        mine = _filtered(select(*columns), patterns, wanted).where(patterns.c.at <= wanted.now)
        parts = (patterns.c.at, patterns.c.symbol, patterns.c.timeframe, patterns.c.pattern)
        if wanted.after is not None:
            mine = mine.where(tuple_(*parts) < wanted.after)
        mine = mine.order_by(*(part.desc() for part in parts)).limit(wanted.limit)
        async with self._db.begin() as tx:
            rows = (await sql(tx).execute(mine)).mappings().all()
        return [Sighting(**row) for row in rows]

    async def readings(
        self, wanted: Wanted, start: TimeNs | None = None, end: TimeNs | None = None
    ) -> list[Reading]:
        """Return the last rows of one stream, oldest first; `after` is (open_time,), exclusive.

        Args:
            wanted: symbol and timeframe must be named.
            start: open time of the earliest bar wanted.
            end: no bar that closes after this.
        """
        assert wanted.symbol is not None and wanted.timeframe is not None, wanted
        opened = indicators.c.open_time
        length = LENGTH[wanted.timeframe]
        last = min(wanted.now, end) if end is not None else wanted.now
        columns = (opened, *(indicators.c[name] for name in NAMES))
        mine = _stream(select(*columns), wanted.session, wanted.symbol, wanted.timeframe)
        mine = mine.where(opened <= last - length)
        if start is not None:
            mine = mine.where(opened >= start)
        if wanted.after is not None:
            mine = mine.where(opened < wanted.after[0])
        async with self._db.begin() as tx:
            rows = (await sql(tx).execute(mine.order_by(opened.desc()).limit(wanted.limit))).all()
        symbol, timeframe = wanted.symbol, wanted.timeframe
        return [
            Reading(symbol=symbol, timeframe=timeframe, open_time=opened, row=_values(values))
            for opened, *values in reversed(rows)
        ]

    async def recorded(
        self, session: SessionId, now: TimeNs
    ) -> list[tuple[Symbol, Timeframe, Recorded]]:
        """Return how good the BUYs and SELLs of each symbol and timeframe have been so far."""
        ended = signals.c.ended_at <= now
        r = signals.c.r_multiple
        counted = (
            func.count(),
            func.count().filter(ended),
            func.count().filter(ended, r > 0),
            func.avg(r).filter(ended),
        )
        group = (signals.c.symbol, signals.c.timeframe)
        mine = (
            select(*group, *counted)
            .where(signals.c.session == session, signals.c.direction != "HOLD")
            .where(signals.c.at <= now)
            .group_by(*group)
            .order_by(*group)
        )
        async with self._db.begin() as tx:
            rows = (await sql(tx).execute(mine)).all()
        return [
            (symbol, timeframe, _recorded(made, over, won, mean))
            for symbol, timeframe, made, over, won, mean in rows
        ]


def _slices(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    return (rows[start : start + _SLICE] for start in range(0, len(rows), _SLICE))


async def _touch(tx: Tx, following: Following) -> None:
    """An active signal reached a target and goes on; it is not a new version of the signal."""
    done = await sql(tx).execute(
        update(signals)
        .where(signals.c.id == following.signal.id, signals.c.status == "active")
        .values(first_touched=following.first_touched, best_target=following.best_target)
    )
    if done.rowcount != 1:
        raise Conflict(f"signal {following.signal.id} is not active")


async def _end(tx: Tx, signal: Signal) -> None:
    before = (signals.c.id == signal.id, signals.c.version == signal.version - 1)
    done = await sql(tx).execute(update(signals).where(*before).values(_columns(signal)))
    if done.rowcount != 1:
        raise Conflict(f"signal {signal.id} is not at version {signal.version - 1}")


def _columns(signal: Signal) -> dict[str, object]:
    outcome = signal.outcome
    return {
        "id": signal.id,
        "session": signal.session,
        "symbol": signal.symbol,
        "timeframe": signal.timeframe,
        "at": signal.at,
        "direction": signal.direction,
        "status": signal.status,
        "version": signal.version,
        "first_touched": outcome.first_touched if outcome else None,
        "best_target": outcome.best_target if outcome else 0,
        "ended_by": outcome.ended_by if outcome else None,
        "ended_at": outcome.at if outcome else None,
        "r_multiple": outcome.r_multiple if outcome else None,
        "body": msgspec.json.encode(signal).decode(),
    }


def _row(session: SessionId, reading: Reading, *, warm_up: bool) -> dict[str, object]:
    values: dict[str, object] = {
        "session": session,
        "symbol": reading.symbol,
        "timeframe": reading.timeframe,
        "open_time": reading.open_time,
        "warm_up": warm_up,
    }
    for name, value in zip(NAMES, msgspec.structs.astuple(reading.row), strict=True):
        values[name] = None if isnan(value) else value
    return values


def _values(values: Sequence[Any]) -> IndicatorRow:
    filled: list[Any] = [nan if value is None else value for value in values]
    return IndicatorRow(*filled)


def _signal(body: str) -> Signal:
    return msgspec.json.decode(body, type=Signal)


def _recorded(made: int, ended: int, won: int, mean: Decimal | None) -> Recorded:
    mean_r = plain(nearest(mean, _CENT)) if mean is not None else Decimal(0)
    return Recorded(made=made, ended=ended, won=won, mean_r=mean_r)


def _stream(
    query: Select[Any], session: SessionId, symbol: Symbol, timeframe: Timeframe
) -> Select[Any]:
    return query.where(
        indicators.c.session == session,
        indicators.c.symbol == symbol,
        indicators.c.timeframe == timeframe,
    )


def _filtered(query: Select[Any], table: Table, wanted: Wanted) -> Select[Any]:
    query = query.where(table.c.session == wanted.session)
    if wanted.symbol is not None:
        query = query.where(table.c.symbol == wanted.symbol)
    if wanted.timeframe is not None:
        query = query.where(table.c.timeframe == wanted.timeframe)
    return query
