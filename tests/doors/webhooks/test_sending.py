"""Deliveries: signed, repeated, given up, replayed; a crash between attempts loses nothing."""

import asyncio

from sqlalchemy import text

from hydradesk.doors.webhooks import domain
from hydradesk.doors.webhooks.contracts import Delivery
from hydradesk.infra.db import Database, sql
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import DAY, HOUR, MINUTE, SECOND
from tests.doors.webhooks.conftest import ANN, BOB, NOW, Hooks, moved
from tests.doors.webhooks.targets import answer, serving
from tests.doors.webhooks.test_domain import accepts


async def one_due(hooks: Hooks) -> Delivery:
    """Subscribe Ann to orders and let one move."""
    await hooks.subscribe(ANN, "orders")
    await hooks.teller.on_order(moved())
    (only,) = await hooks.deliveries()
    return only


async def delivered(hooks: Hooks, me: PersonId) -> None:
    """Wait until a person's first delivery has arrived."""
    while (await hooks.deliveries(me))[0].state != "delivered":  # noqa: ASYNC110  (a database)
        await asyncio.sleep(0.01)


async def test_a_delivery_carries_a_signature_of_its_secret(hooks: Hooks) -> None:
    _, secret = await hooks.subscribe(ANN, "orders")
    await hooks.teller.on_order(moved())
    await hooks.send()
    (request,) = hooks.target.seen
    assert accepts(domain.read_secret(secret.text()), request.headers, request.body, NOW // SECOND)
    assert request.headers["content-type"] == "application/json"
    assert request.line.startswith("POST / ")


async def test_after_a_rotation_both_secrets_sign_for_a_day(hooks: Hooks) -> None:
    made, old = await hooks.subscribe(ANN, "orders")
    new, until = await hooks.service.rotate(ANN, made.id)
    assert until == NOW + DAY
    keys = [domain.read_secret(one.text()) for one in (old, new)]
    await hooks.teller.on_order(moved(1))
    await hooks.send()
    hooks.clock.advance(DAY + 1)
    await hooks.teller.on_order(moved(2))
    await hooks.send()
    both, single = hooks.target.seen
    assert len(both.headers["webhook-signature"].split(" ")) == 2
    assert all(accepts(key, both.headers, both.body, NOW // SECOND) for key in keys)
    later = (NOW + DAY) // SECOND
    assert len(single.headers["webhook-signature"].split(" ")) == 1
    assert accepts(keys[1], single.headers, single.body, later)


async def test_a_failure_is_repeated_with_the_same_id_and_a_fresh_timestamp(hooks: Hooks) -> None:
    await one_due(hooks)
    hooks.target.reply = lambda _: answer(500)
    await hooks.send()
    (waiting,) = await hooks.deliveries()
    assert (waiting.state, waiting.attempts, waiting.status) == ("retrying", 1, 500)
    assert waiting.due_at == NOW + 10 * SECOND and waiting.error == "the target answered 500"
    assert await hooks.send() == 0  # not before its time
    hooks.clock.advance(10 * SECOND)
    hooks.target.reply = lambda _: answer(200)
    assert await hooks.send() == 1
    (done,) = await hooks.deliveries()
    assert (done.state, done.attempts, done.error, done.due_at) == ("delivered", 2, None, None)
    first, second = hooks.target.seen
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == waiting.id
    assert first.body == second.body
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]


async def test_after_ten_attempts_it_is_dead_and_can_be_replayed(hooks: Hooks) -> None:
    await one_due(hooks)
    hooks.target.reply = lambda _: answer(503)
    for _ in range(10):
        assert await hooks.send() == 1
        hooks.clock.advance(12 * HOUR)
    assert await hooks.send() == 0
    (dead,) = await hooks.deliveries(state="dead")
    assert dead.attempts == 10 and dead.due_at is None
    hooks.target.reply = lambda _: answer(204)
    again = await hooks.service.replay(ANN, dead.id)
    assert (again.state, again.attempts) == ("pending", 0)
    assert await hooks.send() == 1
    (done,) = await hooks.deliveries()
    assert (done.state, done.id) == ("delivered", dead.id)
    assert len({one.headers["webhook-id"] for one in hooks.target.seen}) == 1


async def test_retry_after_is_honoured(hooks: Hooks) -> None:
    await one_due(hooks)
    hooks.target.reply = lambda _: answer(429, "Retry-After: 3600")
    await hooks.send()
    (waiting,) = await hooks.deliveries()
    assert waiting.due_at == NOW + HOUR


async def test_gone_ends_the_subscription(hooks: Hooks) -> None:
    made, _ = await hooks.subscribe(ANN, "orders")
    for number in range(8):
        await hooks.teller.on_order(moved(number))
    hooks.target.reply = lambda _: answer(410)
    await hooks.send()
    off = await hooks.service.read(ANN, made.id)
    assert not off.enabled and "410" in str(off.disabled_reason)
    assert {one.state for one in await hooks.deliveries()} == {"dead"}
    assert hooks.trail.names == ["webhooks.created", "webhooks.disabled"]
    await hooks.hear()
    await hooks.teller.on_order(moved(100))
    assert len(await hooks.deliveries()) == 8  # nothing further is written for it


async def test_five_days_of_failures_end_a_subscription(hooks: Hooks) -> None:
    made, _ = await hooks.subscribe(ANN, "orders")
    hooks.target.reply = lambda _: answer(500)
    for day in range(6):
        assert (await hooks.service.read(ANN, made.id)).enabled
        await hooks.teller.on_order(moved(day))
        await hooks.send()
        hooks.clock.advance(DAY)
    off = await hooks.service.read(ANN, made.id)
    assert not off.enabled and off.disabled_reason == "nothing was delivered for 5 days"


async def test_one_success_forgives_all_failures(hooks: Hooks) -> None:
    made, _ = await hooks.subscribe(ANN, "orders")
    for day in range(12):
        hooks.target.reply = lambda _, day=day: answer(204 if day % 4 == 3 else 500)  # type: ignore[misc]
        await hooks.teller.on_order(moved(day))
        await hooks.send()
        hooks.clock.advance(DAY)
    assert (await hooks.service.read(ANN, made.id)).enabled


async def test_a_desk_killed_in_an_attempt_makes_it_again(hooks: Hooks, db: Database) -> None:
    """The claim has committed, the answer is never noted: another sender takes over."""
    before = await one_due(hooks)
    hooks.target.hang.clear()
    await hooks.sender.start_due()
    await hooks.target.arrived.wait()
    for task in list(hooks.sender._tasks):
        task.cancel()  # what kill -9 leaves: nothing after the claim
    await asyncio.gather(*hooks.sender._tasks, return_exceptions=True)
    hooks.target.hang.set()
    (claimed,) = await hooks.deliveries()
    assert claimed.attempts == 1 and claimed.state == "pending"
    assert claimed.due_at == NOW + MINUTE
    hooks.sender = hooks.restarted()
    assert await hooks.send() == 0  # the lease of the dead one still runs
    hooks.clock.advance(MINUTE)
    assert await hooks.send() == 1
    (done,) = await hooks.deliveries()
    assert (done.state, done.attempts, done.id) == ("delivered", 2, before.id)
    assert [one.headers["webhook-id"] for one in hooks.target.seen] == [before.id] * 2


async def test_two_senders_share_the_work(hooks: Hooks) -> None:
    await hooks.subscribe(ANN, "orders")
    for number in range(20):
        await hooks.teller.on_order(moved(number))
    other = hooks.restarted()
    while await hooks.sender.start_due() + await other.start_due():
        await asyncio.gather(hooks.sender.settle(), other.settle())
    names = [one.headers["webhook-id"] for one in hooks.target.seen]
    assert len(names) == len(set(names)) == 20


async def test_a_slow_target_delays_nobody_else(hooks: Hooks) -> None:
    async with serving() as slow:
        hooks.allow(slow)
        await hooks.subscribe(ANN, "orders", server=slow)
        await hooks.subscribe(BOB, "orders")
        for number in range(50):
            await hooks.teller.on_order(moved(number))
        await hooks.teller.on_order(moved(1000, "paper-bob"))
        slow.hang.clear()
        await hooks.sender.start_due()
        await delivered(hooks, BOB)
        assert slow.most <= 4 and not any(
            one.state == "delivered" for one in await hooks.deliveries(ANN)
        )
        assert await hooks.sender.start_due() == 0  # its four places are taken
        slow.hang.set()
        await hooks.sender.settle()


async def test_a_target_that_became_private_is_not_called(hooks: Hooks, db: Database) -> None:
    made, _ = await hooks.subscribe(ANN, "orders")
    async with db.begin() as tx:
        moved_url = text("UPDATE webhooks_subscriptions SET url = 'https://10.0.0.1/'")
        await sql(tx).execute(moved_url)
    await hooks.teller.on_order(moved())
    await hooks.send()
    (waiting,) = await hooks.deliveries()
    assert waiting.state == "retrying" and "public" in str(waiting.error)
    assert waiting.status is None and hooks.target.seen == [] and made.enabled


async def test_what_is_long_done_is_forgotten(hooks: Hooks) -> None:
    await hooks.subscribe(ANN, "orders")
    await hooks.teller.on_order(moved(1))
    await hooks.send()
    hooks.clock.advance(6 * DAY)
    await hooks.sender.prune()
    assert len(await hooks.deliveries()) == 1
    hooks.clock.advance(2 * DAY)
    await hooks.sender.prune()
    assert await hooks.deliveries() == []


async def test_the_role_sends_what_comes_until_it_is_stopped(hooks: Hooks) -> None:
    await hooks.subscribe(ANN, "orders")
    role = asyncio.create_task(hooks.sender.run())
    await hooks.teller.on_order(moved())
    hooks.sender.wake()
    await delivered(hooks, ANN)
    role.cancel()
    await asyncio.gather(role, return_exceptions=True)
    assert role.cancelled() and len(hooks.target.seen) == 1


async def test_a_subscription_removed_during_an_attempt_takes_its_deliveries(
    hooks: Hooks,
) -> None:
    made, _ = await hooks.subscribe(ANN, "orders")
    await hooks.teller.on_order(moved())
    hooks.target.hang.clear()
    await hooks.sender.start_due()
    await hooks.target.arrived.wait()
    await hooks.service.remove(ANN, made.id)
    hooks.target.hang.set()
    await hooks.sender.settle()
    assert await hooks.deliveries() == []
