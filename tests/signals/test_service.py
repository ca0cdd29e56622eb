"""The brain on a real database: once per bar, all or nothing, and the same after a restart."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from sqlalchemy import delete, func, select

from hydradesk.infra.db import Database, sql
from hydradesk.infra.outbox import outbox
from hydradesk.kernel.errors import Conflict
from hydradesk.kernel.ids import AccountId, SessionId
from hydradesk.kernel.time import HOUR, TimeNs
from hydradesk.kernel.tx import Tx
from hydradesk.market.contracts import Candle, StreamChanged, StreamState
from hydradesk.signals.contracts import Reading, Signal, SignalEnded, SignalMade, Taken
from hydradesk.signals.domain.mind import Mind
from hydradesk.signals.service import SHOWN_BARS, SLICE, Brain
from hydradesk.signals.store import SqlSignals, indicators, patterns, sessions, signals, streams
from tests.signals.bars import ETH, INSTRUMENTS, StoredCandles, closed, opened
from tests.signals.conftest import START

TABLES = (sessions, streams, indicators, patterns, signals, outbox)
S1 = SessionId("s1")


class Heard(list[tuple[SessionId, Reading]]):
    """An indicator tap that keeps what it hears."""

    def __call__(self, session: SessionId, reading: Reading) -> None:
        self.append((session, reading))


def brain(db: Database, bars: list[Candle], heard: Heard | None = None) -> Brain:
    tap = Heard() if heard is None else heard
    return Brain(db, SqlSignals(db), StoredCandles(bars), INSTRUMENTS, tap)


async def dump(db: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Everything stored, but for numbers that a sequence gave."""
    found = {}
    async with db.begin() as tx:
        for table in TABLES:
            columns = [one for one in table.columns if one.name not in ("seq", "pos")]
            rows = (await sql(tx).execute(select(*columns))).all()
            found[table.name] = sorted(tuple(row) for row in rows)
        told = select(outbox.c.fact_id).order_by(outbox.c.seq)
        found["order"] = [(one,) for one in await sql(tx).scalars(told)]
    return found


async def wipe(db: Database) -> None:
    async with db.begin() as tx:
        for table in TABLES:
            await sql(tx).execute(delete(table))


async def count(db: Database, table: Any) -> int:
    async with db.begin() as tx:
        return int(await sql(tx).scalar(select(func.count()).select_from(table)))


async def test_a_day_of_real_bars_is_stored_and_told(
    db: Database, bars: list[Candle], day: list[Candle]
) -> None:
    heard = Heard()
    mine = brain(db, bars, heard)
    await mine.on_session(opened(START))
    for bar in day:
        await mine.on_bar(closed(bar))
    async with db.begin() as tx:
        rows = (await sql(tx).execute(select(outbox.c.topic, outbox.c.body))).all()
        status = Counter((await sql(tx).scalars(select(signals.c.status))).all())
    topics = Counter(topic for topic, _ in rows)
    assert topics["signals.signal_made.v1"] == len(day) == await count(db, signals)
    made = [msgspec.json.decode(b, type=SignalMade) for t, b in rows if "made" in t]
    ended = [msgspec.json.decode(b, type=SignalEnded) for t, b in rows if "ended" in t]
    acted = [one for one in made if one.signal.direction != "HOLD"]
    assert 30 < len(ended) <= len(acted) and status["active"] == len(acted) - len(ended)
    assert [reading.open_time for _, reading in heard] == [bar.open_time for bar in day]
    store = SqlSignals(db)
    for fact in ended[:20]:
        assert await store.get(fact.signal.id) == fact.signal


async def test_a_restart_changes_no_byte(
    db: Database, bars: list[Candle], day: list[Candle]
) -> None:
    """Killed and started again at odd places, with facts delivered twice: the same database."""
    some = [bar for bar in day if bar.close_time <= START + 6 * HOUR]
    whole = brain(db, bars)
    await whole.on_session(opened(START))
    for bar in some:
        await whole.on_bar(closed(bar))
    wanted = await dump(db)
    assert len({row[-1] for row in wanted["signals_signals"]}) == len(some)
    await wipe(db)
    mine = brain(db, bars)
    await mine.on_session(opened(START))
    for index, bar in enumerate(some):
        if index in (1, 57, 58, 200, 333):
            mine = brain(db, bars)
            for again in some[max(0, index - 5) : index]:  # the cursor was not saved in time
                await mine.on_bar(closed(again))
            await mine.on_session(opened(START))
        await mine.on_bar(closed(bar))
    assert await dump(db) == wanted


async def test_twice_is_once(db: Database, bars: list[Candle], day: list[Candle]) -> None:
    heard = Heard()
    mine = brain(db, bars, heard)
    await mine.on_session(opened(START))
    for bar in day[:20]:
        await mine.on_bar(closed(bar))
    before = await dump(db)
    await mine.on_session(opened(START))
    for bar in day[:20]:
        await mine.on_bar(closed(bar))
    assert await dump(db) == before and len(heard) == 20


async def test_the_chart_has_history(db: Database, bars: list[Candle]) -> None:
    await brain(db, bars).on_session(opened(START))
    async with db.begin() as tx:
        query = select(indicators.c.timeframe, func.count(), func.max(indicators.c.open_time))
        rows = (await sql(tx).execute(query.group_by(indicators.c.timeframe))).all()
    found = {timeframe: (rows, last) for timeframe, rows, last in rows}
    assert found["1m"] == (SHOWN_BARS, START - 60 * 10**9)
    assert found["1h"][0] == SHOWN_BARS and found["4h"][0] == 31_000 // 240
    assert await count(db, patterns) > 100 and await count(db, outbox) == 0


class FailingOnce:
    """A database that fails at the last moment of its nth transaction."""

    def __init__(self, db: Database, fail_at: int) -> None:
        self._db, self._left = db, fail_at

    @asynccontextmanager
    async def begin(self, account: AccountId | None = None) -> AsyncIterator[Tx]:
        async with self._db.begin(account) as tx:
            yield tx
            self._left -= 1
            if self._left == 0:
                raise ConnectionError("the database went away")


async def test_a_failed_bar_leaves_nothing_and_is_taken_when_it_comes_again(
    db: Database, bars: list[Candle], day: list[Candle]
) -> None:
    mine = brain(db, bars)
    await mine.on_session(opened(START))
    for bar in day[:60]:
        await mine.on_bar(closed(bar))
    wanted = await dump(db)
    await wipe(db)
    broken = Brain(
        FailingOnce(db, fail_at=40), SqlSignals(db), StoredCandles(bars), INSTRUMENTS, Heard()
    )
    await broken.on_session(opened(START))
    failed = 0
    for bar in day[:60]:
        try:
            await broken.on_bar(closed(bar))
        except ConnectionError:
            failed += 1
            await broken.on_bar(closed(bar))  # the bus delivers it again
    assert failed == 1 and await dump(db) == wanted


async def test_no_signal_from_what_cannot_be_trusted(
    db: Database, bars: list[Candle], day: list[Candle]
) -> None:
    def stream(state: Any) -> StreamChanged:
        what = StreamState(
            symbol=ETH, state=state, reason="", last_at=START, bars=0, duplicates=0,
            out_of_order=0, gaps=0, backfilled=0, spikes=0,
        )  # fmt: skip
        return StreamChanged(id=f"x{state}", at=START, key=ETH, session=S1, stream=what)

    mine = brain(db, bars)
    await mine.on_session(opened(START))
    await mine.on_bar(closed(day[0], tradable=False))
    assert await count(db, signals) == 0
    await mine.on_stream(stream("stale"))
    await mine.on_bar(closed(day[1]))
    mine = brain(db, bars)  # a restart does not make it fresh
    await mine.on_bar(closed(day[2]))
    assert await count(db, signals) == 0
    await mine.on_stream(stream("fresh"))
    await mine.on_bar(closed(day[3]))
    assert await count(db, signals) == 1
    async with db.begin() as tx:
        own = select(func.count()).where(indicators.c.warm_up.is_(False))
        assert await sql(tx).scalar(own) == 4


async def test_bars_of_a_session_that_is_over_are_ignored(
    db: Database, bars: list[Candle], day: list[Candle]
) -> None:
    mine = brain(db, bars)
    await mine.on_session(opened(START))
    await mine.on_session(opened(TimeNs(START - HOUR), "s2"))
    await mine.on_bar(closed(day[0], "s1"))
    assert await count(db, signals) == 0
    await mine.on_bar(closed(next(b for b in bars if b.close_time > START - HOUR), "s2"))
    assert await count(db, signals) == 1


async def test_a_rolled_back_session_leaves_no_history(db: Database, bars: list[Candle]) -> None:
    """COPY runs beside SQLAlchemy: it must be in the same transaction."""
    broken = FailingOnce(db, fail_at=1)
    mine = Brain(broken, SqlSignals(db), StoredCandles(bars), INSTRUMENTS, Heard())
    with pytest.raises(ConnectionError):
        await mine.on_session(opened(START))
    assert (
        await count(db, indicators) == await count(db, patterns) == await count(db, sessions) == 0
    )


async def test_a_signal_moved_by_another_is_not_overwritten(
    db: Database, bars: list[Candle]
) -> None:
    """Two brains on one database cannot both end a signal."""
    mind = Mind(S1, INSTRUMENTS)
    ended: list[tuple[Taken, Signal]] = []
    store = SqlSignals(db)
    for bar in bars[:3000]:
        taken = mind.take(bar, tradable=True)
        ended += [(taken, one) for one in taken.ended]
        async with db.begin() as tx:
            await store.save(tx, S1, taken)
        if ended:
            break
    taken, over = ended[0]
    empty = msgspec.structs.replace(
        taken, sightings=[], signal=None, moved=[], ended=[over],
        reading=msgspec.structs.replace(taken.reading, open_time=TimeNs(1)),
    )  # fmt: skip
    with pytest.raises(Conflict):
        async with db.begin() as tx:
            await store.save(tx, S1, empty)
    assert await store.get(over.id) == over


async def test_warming_up_leaves_the_loop_to_others(db: Database, bars: list[Candle]) -> None:
    """The past is learned in slices: another task has its turn between any two of them."""
    turns, done = 0, False

    async def other() -> None:
        nonlocal turns
        while not done:
            await asyncio.sleep(0)
            turns += 1

    task = asyncio.create_task(other())
    await brain(db, bars).on_session(opened(START))
    done = True
    await task
    assert turns >= 2_000 / SLICE
