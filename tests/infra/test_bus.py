"""Every consumer hears every fact in one order, whatever fails in between."""

import asyncio

import pytest
from sqlalchemy import select

from hydradesk.infra.bus import Bus, Consumer
from hydradesk.infra.db import Database, sql
from hydradesk.infra.outbox import Stamped, cursors, emit
from hydradesk.kernel.events import Fact
from hydradesk.kernel.time import TimeNs


class Rang(Fact, frozen=True, kw_only=True, tag="test.bell_rang.v1"):
    """A bell rang."""


class Fell(Fact, frozen=True, kw_only=True, tag="test.leaf_fell.v1"):
    """A leaf fell."""


class Ears(Consumer):
    """Notes what it hears; may fail, or answer with facts of its own."""

    def __init__(self, name: str, db: Database) -> None:
        super().__init__(name)
        self.db, self.heard = db, list[str]()
        self.fail_on: str | None = None
        self.echo = False
        self.on(Rang, self.hear)

    async def hear(self, fact: Rang) -> None:
        if fact.id == self.fail_on:
            raise ConnectionError("the database went away")
        self.heard.append(fact.id)
        if self.echo and not fact.id.startswith("echo"):
            await say(self.db, f"echo-{fact.id}")


async def say(db: Database, *names: str, kind: type[Fact] = Rang) -> None:
    async with db.begin() as tx:
        await emit(tx, *(kind(id=name, at=TimeNs(0), key="bell") for name in names))


async def stored(db: Database) -> dict[str, int]:
    async with db.begin() as tx:
        rows = (await sql(tx).execute(select(cursors.c.consumer, cursors.c.pos))).all()
    return {str(name): int(pos) for name, pos in rows}


async def test_every_consumer_hears_every_fact_of_its_kind_once(db: Database) -> None:
    one, two, deaf = Ears("one", db), Ears("two", db), Consumer("deaf")
    taps: list[Stamped] = []
    bus = Bus(db, [one, two, deaf], [taps.append])
    await say(db, "a", "b")
    await say(db, "leaf", kind=Fell)
    await bus.drain()
    await bus.drain()
    assert one.heard == two.heard == ["a", "b"]
    assert [tap.pos for tap in taps] == [1, 2, 3]
    assert await stored(db) == {"one": 3, "two": 3, "deaf": 3}


async def test_what_handlers_emit_comes_after_what_was_there(db: Database) -> None:
    ears = Ears("one", db)
    ears.echo = True
    await say(db, "a", "b")
    await Bus(db, [ears], []).drain()
    assert ears.heard == ["a", "b", "echo-a", "echo-b"]


async def test_a_delivery_that_failed_half_way_goes_on_where_it_stopped(db: Database) -> None:
    first, second = Ears("first", db), Ears("second", db)
    taps: list[Stamped] = []
    bus = Bus(db, [first, second], [taps.append])
    second.fail_on = "b"
    await say(db, "a", "b", "c")
    with pytest.raises(ConnectionError):
        await bus.drain()
    second.fail_on = None
    await bus.drain()  # nothing new was emitted, and still the rest is owed
    assert first.heard == ["a", "b", "c"] == second.heard
    assert [tap.pos for tap in taps] == [1, 2, 3]


async def test_a_restart_delivers_what_was_missed(db: Database) -> None:
    before = Ears("one", db)
    await say(db, "a")
    await Bus(db, [before], []).drain()
    await say(db, "b", "c")
    after = Ears("one", db)
    bus = Bus(db, [after], [])
    await bus.load()
    await bus.drain()
    assert after.heard == ["b", "c"]


async def test_a_death_before_the_cursor_was_saved_delivers_again(db: Database) -> None:
    before = Ears("one", db)
    before.fail_on = "c"  # a and b were handled, and nobody wrote that down
    await say(db, "a", "b", "c")
    with pytest.raises(ConnectionError):
        await Bus(db, [before], []).drain()
    after = Ears("one", db)
    bus = Bus(db, [after], [])
    await bus.load()
    await bus.drain()
    assert after.heard == ["a", "b", "c"]


async def test_two_buses_on_one_outbox_both_hear_everything(db: Database) -> None:
    one, two = Ears("one", db), Ears("two", db)
    buses = [Bus(db, [one], []), Bus(db, [two], [])]
    for turn in range(6):
        await say(db, *(f"{turn}-{number}" for number in range(5)))
        await asyncio.gather(*(bus.drain() for bus in buses))
    for bus in buses:
        await bus.drain()
    assert len(one.heard) == 30 and one.heard == two.heard


async def test_more_than_one_page_waits(db: Database) -> None:
    ears = Ears("one", db)
    names = [f"n{number:04}" for number in range(2_345)]
    await say(db, *names)
    await Bus(db, [ears], []).drain()
    assert ears.heard == names


async def test_the_running_bus_wakes_up_by_itself_and_rides_out_an_outage(db: Database) -> None:
    ears, woken = Ears("one", db), asyncio.Event()

    async def hear(fact: Rang) -> None:
        await Ears.hear(ears, fact)
        woken.set()

    ears.on(Rang, hear)
    bus = Bus(db, [ears], [])
    running = asyncio.create_task(bus.run())
    async with asyncio.timeout(5):
        await say(db, "a")
        await woken.wait()
        woken.clear()
        ears.fail_on = "b"
        await say(db, "b")
        await asyncio.sleep(0.1)
        assert not running.done()
        ears.fail_on = None
        await woken.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert ears.heard == ["a", "b"]
