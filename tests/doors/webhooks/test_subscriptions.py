"""What a person may do with their subscriptions, and what is refused."""

import asyncio

import pytest
from sqlalchemy import text

from hydradesk.accounts.contracts import FeatureOff
from hydradesk.doors.webhooks.service.subscriptions import TooMany, Wanted
from hydradesk.infra.addresses import TargetRefused
from hydradesk.infra.db import Database, sql
from hydradesk.kernel.errors import Conflict, Invalid, NotFound
from tests.doors.webhooks.conftest import ANN, BOB, NOW, Hooks, moved


async def test_a_subscription_from_making_to_removal(hooks: Hooks) -> None:
    made, secret = await hooks.subscribe(ANN, "orders", "orders", "fills")
    assert made.events == ("orders", "fills") and made.created_at == NOW and made.enabled
    assert secret.text().startswith("whsec_")
    assert await hooks.service.read(ANN, made.id) == made
    assert await hooks.service.list(ANN) == [made]
    new = await hooks.service.change(
        ANN, made.id, Wanted(description="mine", events=("signals",), enabled=False)
    )
    assert (new.description, new.events, new.enabled, new.url) == (
        "mine",
        ("signals",),
        False,
        made.url,
    )
    again = await hooks.service.change(ANN, made.id, Wanted(enabled=True))
    assert again.enabled and again.events == ("signals",)
    await hooks.service.remove(ANN, made.id)
    assert await hooks.service.list(ANN) == []
    assert hooks.trail.names == [
        "webhooks.created",
        "webhooks.changed",
        "webhooks.changed",
        "webhooks.removed",
    ]
    assert all(one.chain == ANN for one in hooks.trail.actions)
    assert made.url not in str([(one.before, one.after) for one in hooks.trail.actions])


async def test_everything_of_somebody_else_is_not_found(hooks: Hooks) -> None:
    made, _ = await hooks.subscribe(ANN, "orders")
    await hooks.teller.on_order(moved())
    (mine,) = await hooks.deliveries(ANN)
    name = made.id
    for job in (
        hooks.service.read(BOB, name),
        hooks.service.change(BOB, name, Wanted(enabled=False)),
        hooks.service.remove(BOB, name),
        hooks.service.rotate(BOB, name),
        hooks.service.test(BOB, name),
        hooks.service.replay(BOB, mine.id),
        hooks.service.read(ANN, "sub_none"),
        hooks.service.replay(ANN, "msg_none"),
    ):
        with pytest.raises(NotFound):
            await job
    assert await hooks.service.list(BOB) == [] == await hooks.deliveries(BOB)
    assert await hooks.deliveries(BOB, subscription=name) == []
    assert await hooks.service.read(ANN, name) == made


async def test_the_membership_says_how_many(hooks: Hooks) -> None:
    await hooks.subscribe(BOB, "orders")
    with pytest.raises(TooMany):
        await hooks.subscribe(BOB, "orders")
    jobs = [hooks.subscribe(ANN, "orders", path=f"/{one}") for one in range(9)]
    done = await asyncio.gather(*jobs, return_exceptions=True)
    assert sum(isinstance(one, TooMany) for one in done) == 4  # five, however many ask at once
    assert len(await hooks.service.list(ANN)) == 5


async def test_refused_addresses_leave_no_trace(hooks: Hooks) -> None:
    made, _ = await hooks.subscribe(ANN, "orders")
    for url in ("http://example.com/", "https://10.0.0.1/", "https://nowhere.example/", ""):
        with pytest.raises(TargetRefused):
            await hooks.service.create(ANN, Wanted(url=url, events=("orders",)))
        with pytest.raises(TargetRefused):
            await hooks.service.change(ANN, made.id, Wanted(url=url))
    with pytest.raises(Invalid):
        await hooks.service.change(ANN, made.id, Wanted(events=()))
    assert await hooks.service.list(ANN) == [made]
    assert hooks.trail.names == ["webhooks.created"]


async def test_what_is_switched_off_ends_what_waits_and_sends_nothing(hooks: Hooks) -> None:
    made, _ = await hooks.subscribe(ANN, "orders")
    await hooks.teller.on_order(moved())
    await hooks.service.change(ANN, made.id, Wanted(enabled=False))
    assert await hooks.send() == 0
    (dead,) = await hooks.deliveries()
    assert dead.state == "dead"
    for job in (hooks.service.replay(ANN, dead.id), hooks.service.test(ANN, made.id)):
        with pytest.raises(Conflict):
            await job
    await hooks.service.change(ANN, made.id, Wanted(enabled=True))
    await hooks.service.replay(ANN, dead.id)
    with pytest.raises(Conflict):
        await hooks.service.replay(ANN, dead.id)  # it waits already
    assert await hooks.send() == 1


async def test_a_test_goes_the_way_of_everything(hooks: Hooks) -> None:
    made, _ = await hooks.subscribe(ANN, "orders")
    sent = await hooks.service.test(ANN, made.id)
    assert await hooks.send() == 1
    (told,) = hooks.told()
    assert told["type"] == "test.ping" and told["data"]["subscription"] == made.id
    assert [one.id for one in await hooks.deliveries(state="delivered")] == [sent.id]


async def test_pages_of_deliveries(hooks: Hooks) -> None:
    made, _ = await hooks.subscribe(ANN, "orders")
    for number in range(5):
        await hooks.teller.on_order(moved(number))
    rows = await hooks.service.deliveries(ANN, (made.id, "pending"), None, 3)
    rest = await hooks.service.deliveries(ANN, (made.id, "pending"), rows[-1][0], 3)
    assert [one.fact for _, one in [*rows, *rest]] == [f"o{n}:1" for n in (4, 3, 2, 1, 0)]
    assert await hooks.service.deliveries(ANN, (None, "dead"), None, 3) == []


async def test_the_switch_of_the_desk(hooks: Hooks) -> None:
    made, _ = await hooks.subscribe(ANN, "orders")
    hooks.switches.off.add("webhooks")
    for job in (
        hooks.service.create(ANN, Wanted(url="https://example.com", events=("orders",))),
        hooks.service.test(ANN, made.id),
        hooks.service.change(ANN, made.id, Wanted(enabled=True)),
    ):
        with pytest.raises(FeatureOff):
            await job
    await hooks.service.remove(ANN, made.id)  # to leave is always possible


async def test_secrets_lie_in_the_database_only_sealed(hooks: Hooks, db: Database) -> None:
    made, secret = await hooks.subscribe(ANN, "orders")
    await hooks.service.rotate(ANN, made.id)
    await hooks.teller.on_order(moved())
    await hooks.send()
    async with db.begin() as tx:
        for table in ("webhooks_subscriptions", "webhooks_deliveries", "outbox"):
            rows = str((await sql(tx).execute(text(f"SELECT t::text FROM {table} AS t"))).all())
            assert rows != "[]" and secret.text() not in rows and "whsec_" not in rows
    assert secret.text() not in repr(made) + repr(hooks.trail.actions)
