"""The stream's heart: dense numbers, resuming, snapshots without loss, slow clients alone."""

import asyncio
import json
from typing import Any

import pytest

from hydradesk.doors.gateway import hub as hub_module
from hydradesk.doors.gateway.hub import KEPT_MESSAGES, QUEUE_MESSAGES, Client, Hub
from hydradesk.kernel.errors import NotFound
from hydradesk.kernel.time import SECOND, SimClock


@pytest.fixture
def wall() -> SimClock:
    return SimClock(10**18)


@pytest.fixture
def hub(wall: SimClock) -> Hub:
    one = Hub(wall)
    one.provide("signals", one.recent)
    return one


async def said(client: Client) -> list[dict[str, Any]]:
    """What waits for a client; nothing is nothing."""
    try:
        return [json.loads(text) for text in await asyncio.wait_for(client.take(), 0.01)]
    except TimeoutError:
        return []


async def joined(hub: Hub, topic: str = "signals", after: int | None = None) -> Client:
    client = Client()
    hub.clients.add(client)
    await hub.subscribe(client, topic, after)
    return client


def first(hub: Hub) -> int:
    return hub._topic("signals").first


async def test_numbers_are_dense_and_a_message_is_encoded_once(hub: Hub) -> None:
    one, two = await joined(hub), await joined(hub)
    for number in range(5):
        hub.publish("signals", {"n": number})
    heard = await said(one)
    assert [m["type"] for m in heard] == ["snapshot"] + ["delta"] * 5
    assert [m["seq"] - first(hub) for m in heard] == [0, 1, 2, 3, 4, 5]
    assert [m["data"]["n"] for m in heard[1:]] == list(range(5)) and heard[1]["ts"].endswith("Z")
    assert await said(two) == heard


async def test_a_snapshot_has_the_last_fifty_oldest_first(hub: Hub) -> None:
    for number in range(60):
        hub.publish("signals", number)
    (snapshot,) = await said(await joined(hub))
    assert snapshot["data"] == {"items": list(range(10, 60))}
    assert snapshot["seq"] == first(hub) + 60


async def test_resuming_gives_exactly_what_was_missed(hub: Hub) -> None:
    await joined(hub)
    for number in range(10):
        hub.publish("signals", number)
    client = await joined(hub, after=first(hub) + 7)
    hub.publish("signals", 10)
    heard = await said(client)
    assert [(m["type"], m["data"]) for m in heard] == [("delta", n) for n in (7, 8, 9, 10)]
    assert await said(await joined(hub, after=first(hub) + 11)) == []


@pytest.mark.parametrize("after", [-1, 0, 10**6])
async def test_a_number_that_we_never_gave_gets_a_snapshot(hub: Hub, after: int) -> None:
    hub.publish("signals", "x")
    wanted = after if after <= 0 else first(hub) + after
    (answer,) = await said(await joined(hub, after=wanted))
    assert answer["type"] == "snapshot" and answer["data"] == {"items": ["x"]}


async def test_memory_ends_after_a_minute_and_a_thousand_messages(hub: Hub, wall: SimClock) -> None:
    hub.publish("signals", "old")
    at = first(hub)
    wall.advance(60 * SECOND)
    (message,) = await said(await joined(hub, after=at))
    assert message["type"] == "delta"
    wall.advance(1)
    (message,) = await said(await joined(hub, after=at))
    assert message["type"] == "snapshot"
    for number in range(KEPT_MESSAGES):
        hub.publish("signals", number)
    assert len(await said(await joined(hub, after=at + 1))) == KEPT_MESSAGES
    (message,) = await said(await joined(hub, after=at))
    assert message["type"] == "snapshot"


async def test_nobody_resumes_in_the_memory_of_another_run(hub: Hub, wall: SimClock) -> None:
    for number in range(5):
        hub.publish("signals", number)
    last = first(hub) + 3
    wall.advance(SECOND)
    again = Hub(wall)
    again.provide("signals", again.recent)
    for number in range(8):
        again.publish("signals", f"new {number}")
    (message,) = await said(await joined(again, after=last))
    assert message["type"] == "snapshot"


async def test_nothing_is_lost_or_doubled_between_snapshot_and_deltas(hub: Hub) -> None:
    state, go = [0], asyncio.Event()

    async def slow_snapshot(topic: str) -> object:
        value = state[0]
        await go.wait()
        return value

    hub.provide("count", slow_snapshot)
    client = Client()
    joining = asyncio.create_task(hub.subscribe(client, "count", None))
    await asyncio.sleep(0)
    for number in range(1, 4):  # while the snapshot is being taken
        state[0] = number
        hub.publish("count", number)
    go.set()
    await joining
    hub.publish("count", 4)
    snapshot, *deltas = await said(client)
    assert snapshot["data"] <= deltas[0]["data"] == 1
    assert [m["data"] for m in deltas] == [1, 2, 3, 4]
    assert [m["seq"] for m in deltas] == [snapshot["seq"] + n for n in (1, 2, 3, 4)]


async def test_asking_again_starts_anew_and_doubles_nothing(hub: Hub) -> None:
    go = asyncio.Event()

    async def slow_snapshot(topic: str) -> object:
        await go.wait()
        return "all"

    client = await joined(hub)
    hub.publish("signals", 1)
    hub.provide("signals", slow_snapshot)
    again = asyncio.create_task(hub.subscribe(client, "signals", None))
    await asyncio.sleep(0)
    hub.publish("signals", 2)
    go.set()
    await again
    hub.publish("signals", 3)
    heard = [(m["type"], m["data"]) for m in await said(client)]
    assert heard[1:] == [("delta", 1), ("snapshot", "all"), ("delta", 2), ("delta", 3)]


async def test_a_slow_client_is_dropped_and_the_others_do_not_notice(hub: Hub) -> None:
    slow, quick = await joined(hub), await joined(hub)
    heard: list[Any] = []
    for number in range(QUEUE_MESSAGES + 10):
        hub.publish("signals", number)
        heard += await said(quick) if number % 500 == 0 else []
    heard += await said(quick)
    assert len(heard) == QUEUE_MESSAGES + 11 and quick.dropped is None
    assert slow.dropped is not None and slow.overflow.is_set()
    assert len(await said(slow)) == QUEUE_MESSAGES


async def test_few_large_messages_fill_a_queue_too(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "QUEUE_BYTES", 10_000)
    slow = await joined(hub)
    for _ in range(30):
        hub.publish("signals", "x" * 1_000)
    assert slow.dropped is not None


async def test_who_left_hears_nothing_and_leaves_nothing_behind(hub: Hub, wall: SimClock) -> None:
    client = await joined(hub)
    await said(client)
    hub.unsubscribe(client, "signals")
    hub.publish("signals", 1)
    assert await said(client) == []
    await hub.subscribe(client, "signals", None)
    hub.leave(client)
    hub.publish("signals", 2)
    hub.heartbeat()
    assert len(await said(client)) == 1 and not hub.clients
    assert hub.listened("signals")  # it may come back and ask for what it missed
    wall.advance(60 * SECOND)
    assert not hub.listened("signals")


async def test_topics_that_never_spoke_are_forgotten(hub: Hub) -> None:
    async def refuse(topic: str) -> object:
        raise NotFound("no such symbol")

    hub.provide("candles", refuse)
    client = Client()
    for number in range(100):
        topic = f"candles:X{number}:1m"
        with pytest.raises(NotFound):
            await hub.subscribe(client, topic, None)
        hub.unsubscribe(client, topic)
        hub.unsubscribe(client, f"nothing-{number}")
    assert hub._topics == {} and client.topics == set()


def test_only_some_topics_have_names(hub: Hub) -> None:
    hub.provide("candles", hub.recent)
    assert hub.known("signals") and hub.known("candles:ETH-USDT:1m")
    assert not hub.known("signals:x") and not hub.known("") and not hub.known("nothing")


async def test_of_ticks_only_the_latest_goes_out_at_a_flush(hub: Hub) -> None:
    client = await joined(hub)
    for number in range(5):
        hub.publish_latest("signals", number)
    hub.flush()
    hub.flush()
    assert [m["data"] for m in (await said(client))[1:]] == [4]


async def test_a_topics_past_waits_a_minute_for_its_last_listener(hub: Hub, wall: SimClock) -> None:
    client = await joined(hub)
    hub.publish_latest("signals", 1)
    hub.flush()
    last = (await said(client))[-1]["seq"]
    hub.leave(client)
    wall.advance(30 * SECOND)
    hub.publish_latest("signals", 2)
    hub.flush()
    (message,) = await said(await joined(hub, after=last))
    assert message["type"] == "delta" and message["seq"] == last + 1


async def test_unheard_ticks_lose_their_past_and_a_resuming_client_learns_it(
    hub: Hub, wall: SimClock
) -> None:
    client = await joined(hub)
    hub.publish_latest("signals", 1)
    hub.flush()
    last = (await said(client))[-1]["seq"]
    hub.leave(client)
    wall.advance(61 * SECOND)
    assert not hub.listened("signals")
    hub.publish_latest("signals", 2)
    hub.flush()
    (message,) = await said(await joined(hub, after=last))
    assert message["type"] == "snapshot" and message["seq"] == last + 1


async def test_a_heartbeat_reaches_everybody(hub: Hub) -> None:
    client = await joined(hub)
    await said(client)
    hub.heartbeat()
    (beat,) = await said(client)
    assert (beat["type"], beat["topic"]) == ("heartbeat", None)
