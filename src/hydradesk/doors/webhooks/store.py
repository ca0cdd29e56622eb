"""The tables of outbound webhooks."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Identity,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql

from hydradesk.doors.webhooks.contracts import (
    Delivery,
    Event,
    State,
    Subscription,
    SubscriptionChanged,
)
from hydradesk.infra.db import OF_PERSON, metadata, raw, sql
from hydradesk.infra.outbox import emit
from hydradesk.kernel.errors import Conflict, NotFound
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx

subscriptions = Table(
    "webhooks_subscriptions",
    metadata,
    Column("id", String, primary_key=True),
    Column("person", String, nullable=False),
    Column("url", Text, nullable=False),
    Column("events", String, nullable=False),
    Column("description", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("disabled_reason", Text),
    Column("secret", Text, nullable=False),
    Column("previous", Text),
    Column("previous_until", BigInteger),
    Column("failing_since", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Index("webhooks_subscriptions_person", "person"),
    info=OF_PERSON,
)
deliveries = Table(
    "webhooks_deliveries",
    metadata,
    Column("number", BigInteger, Identity(), primary_key=True),
    Column("id", String, unique=True, nullable=False),
    Column("person", String, nullable=False),
    Column("subscription", String, nullable=False),
    Column("event", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("fact", String, nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String, nullable=False),
    Column("attempts", BigInteger, nullable=False),
    Column("due_at", BigInteger),
    Column("status", BigInteger),
    Column("error", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("delivered_at", BigInteger),
    UniqueConstraint("subscription", "fact", name="webhooks_deliveries_once"),
    Index("webhooks_deliveries_person", "person", "number"),
    Index("webhooks_deliveries_due", "subscription", "due_at", postgresql_where="due_at > 0"),
    info=OF_PERSON,
)

CLAIM = """
UPDATE webhooks_deliveries AS taken SET attempts = taken.attempts + 1, due_at = $5
FROM (
    SELECT waiting.number FROM webhooks_subscriptions AS s
    LEFT JOIN unnest($1::text[], $2::int[]) AS busy (name, running) ON busy.name = s.id
    CROSS JOIN LATERAL (
        SELECT number, due_at FROM webhooks_deliveries AS d
        WHERE s.enabled AND d.subscription = s.id AND d.due_at > 0 AND d.due_at <= $3
        ORDER BY d.due_at
        LIMIT greatest(CASE WHEN s.failing_since IS NULL THEN $4 ELSE 1 END
            - coalesce(busy.running, 0), 0)
        FOR UPDATE SKIP LOCKED
    ) AS waiting
    ORDER BY waiting.due_at LIMIT $6
) AS due
WHERE taken.number = due.number
RETURNING taken.*"""
"""A few of each subscription that has any due, fewer of one that fails: none waits for another's
target. `SKIP LOCKED` lets several processes send."""
EACH = 4
"""Attempts that run at once for one subscription."""

SEALED_OTHERWISE = """
SELECT id, secret, previous FROM webhooks_subscriptions
WHERE split_part(secret, '.', 2) <> $1 OR split_part(previous, '.', 2) <> $1
ORDER BY id LIMIT $2 FOR UPDATE"""

_FIELDS = Delivery.__struct_fields__


class SubscriptionStore:
    """Answers ports.SubscriptionBook."""

    async def of_person(self, tx: Tx, person: PersonId) -> Sequence[Subscription]:
        """Return a person's, oldest first."""
        mine = select(subscriptions).where(subscriptions.c.person == person)
        rows = await sql(tx).execute(mine.order_by(subscriptions.c.created_at, subscriptions.c.id))
        return [_subscription(row) for row in rows.mappings()]

    async def get(
        self, tx: Tx, person: PersonId, subscription: str, *, lock: bool = False
    ) -> Subscription:
        """Return one; NotFound also for somebody else's."""
        query = select(subscriptions).where(
            subscriptions.c.id == subscription, subscriptions.c.person == person
        )
        rows = await sql(tx).execute(query.with_for_update() if lock else query)
        row = rows.mappings().one_or_none()
        if row is None:
            raise NotFound("there is no such subscription")
        return _subscription(row)

    async def enabled(self, tx: Tx) -> Sequence[tuple[str, PersonId, tuple[Event, ...]]]:
        """Return what every subscription that is on listens to."""
        table = subscriptions.c
        query = select(table.id, table.person, table.events).where(table.enabled)
        return [(one.id, one.person, _events(one.events)) for one in await sql(tx).execute(query)]

    async def add(self, tx: Tx, one: Subscription, at: TimeNs) -> None:
        """Save a new one."""
        await sql(tx).execute(insert(subscriptions).values(_row(one)))
        await emit(tx, _changed(one, at))

    async def save(self, tx: Tx, one: Subscription, at: TimeNs) -> None:
        """Save a changed one (version + 1); Conflict when somebody changed it first."""
        table = subscriptions.c
        same = (table.id == one.id) & (table.version == one.version - 1)
        done = await sql(tx).execute(update(subscriptions).where(same).values(_row(one)))
        if done.rowcount != 1:
            raise Conflict("this subscription was changed a moment ago", fix="read it again")
        await emit(tx, _changed(one, at))

    async def remove(self, tx: Tx, one: Subscription, at: TimeNs) -> None:
        """Forget one and its deliveries."""
        await sql(tx).execute(delete(deliveries).where(deliveries.c.subscription == one.id))
        await sql(tx).execute(delete(subscriptions).where(subscriptions.c.id == one.id))
        gone = msgspec.structs.replace(one, enabled=False, version=one.version + 1)
        await emit(tx, _changed(gone, at))

    async def count_result(self, tx: Tx, subscription: str, *, failed_at: TimeNs | None) -> None:
        """Note that an attempt succeeded (None) or failed."""
        table = subscriptions.c
        wanted = (
            table.failing_since.is_not(None) if failed_at is None else table.failing_since.is_(None)
        )
        noted = update(subscriptions).where(table.id == subscription, wanted)
        await sql(tx).execute(noted.values(failing_since=failed_at))


class SealedSecrets:
    """Answers accounts' ports.SealedPlaces for the secrets of subscriptions."""

    async def sealed_otherwise(self, tx: Tx, key: str, limit: int) -> list[tuple[str, str]]:
        """Return (place, sealed text) of secrets not sealed with this data key, locked."""
        rows = await (await raw(tx)).fetch(SEALED_OTHERWISE, key, limit)
        return [
            (place, text)
            for row in rows
            for place, text in (
                (f"webhook:{row['id']}", row["secret"]),
                (f"webhook-before:{row['id']}", row["previous"]),
            )
            if text is not None and text.split(".")[1] != key
        ]

    async def reseal(self, tx: Tx, place: str, sealed: str) -> None:
        """Replace the sealed text of one secret."""
        kind, _, name = place.partition(":")
        column = "secret" if kind == "webhook" else "previous"
        mine = update(subscriptions).where(subscriptions.c.id == name)
        await sql(tx).execute(mine.values({column: sealed}))


class DeliveryStore:
    """Answers ports.DeliveryBook."""

    async def add(self, tx: Tx, one: Delivery) -> bool:
        """Save a new one; False when this fact was told to this subscription before."""
        once = postgresql.insert(deliveries).values(msgspec.structs.asdict(one))
        done = await sql(tx).execute(
            once.on_conflict_do_nothing(constraint="webhooks_deliveries_once")
        )
        return done.rowcount == 1

    async def get(self, tx: Tx, person: PersonId, delivery: str, *, lock: bool = False) -> Delivery:
        """Return one; NotFound also for somebody else's."""
        query = select(deliveries).where(deliveries.c.id == delivery, deliveries.c.person == person)
        rows = await sql(tx).execute(query.with_for_update() if lock else query)
        row = rows.mappings().one_or_none()
        if row is None:
            raise NotFound("there is no such delivery")
        return _delivery(row)

    async def page(
        self,
        tx: Tx,
        person: PersonId,
        subscription: str | None,
        state: State | None,
        before: int | None,
        limit: int,
    ) -> Sequence[tuple[int, Delivery]]:
        """Return some, newest first, with their page numbers."""
        table = deliveries.c
        query = select(deliveries).where(table.person == person)
        for column, wanted in ((table.subscription, subscription), (table.state, state)):
            if wanted is not None:
                query = query.where(column == wanted)
        if before is not None:
            query = query.where(table.number < before)
        rows = await sql(tx).execute(query.order_by(table.number.desc()).limit(limit))
        return [(row["number"], _delivery(row)) for row in rows.mappings()]

    async def claim(
        self, tx: Tx, now: TimeNs, until: TimeNs, busy: Mapping[str, int], limit: int
    ) -> Sequence[Delivery]:
        """Take deliveries that are due, few of each subscription, for us until `until`."""
        names, running = list(busy.keys()), list(busy.values())
        rows = await (await raw(tx)).fetch(CLAIM, names, running, now, EACH, until, limit)
        return [_delivery(row) for row in rows]

    async def save(self, tx: Tx, one: Delivery) -> None:
        """Save what became of it."""
        mine = update(deliveries).where(deliveries.c.id == one.id)
        await sql(tx).execute(mine.values(msgspec.structs.asdict(one)))

    async def bury(self, tx: Tx, subscription: str, error: str) -> None:
        """End everything that waits for a subscription."""
        table = deliveries.c
        waiting = update(deliveries).where(
            table.subscription == subscription, table.due_at.is_not(None)
        )
        await sql(tx).execute(waiting.values(state="dead", due_at=None, error=error))

    async def prune(self, tx: Tx, delivered_before: TimeNs, dead_before: TimeNs) -> int:
        """Forget what is long done with; returns how many."""
        table = deliveries.c
        old = or_(
            (table.state == "delivered") & (table.created_at < delivered_before),
            table.created_at < dead_before,  # nothing waits so long
        )
        return (await sql(tx).execute(delete(deliveries).where(old))).rowcount

    async def waiting(self, tx: Tx) -> int:
        """Return how many are not done with."""
        query = select(func.count()).where(deliveries.c.due_at > 0)
        return int(await sql(tx).scalar(query) or 0)


def _row(one: Subscription) -> dict[str, Any]:
    return msgspec.structs.asdict(one) | {"events": " ".join(one.events)}


def _subscription(row: Any) -> Subscription:  # noqa: ANN401  (a row)
    return Subscription(**dict(row) | {"events": _events(row["events"])})


def _delivery(row: Any) -> Delivery:  # noqa: ANN401  (a row)
    return Delivery(**{name: row[name] for name in _FIELDS})


def _events(text: str) -> tuple[Event, ...]:
    return msgspec.convert(tuple(text.split()), tuple[Event, ...])


def _changed(one: Subscription, at: TimeNs) -> SubscriptionChanged:
    return SubscriptionChanged(
        id=f"{one.id}:{one.version}",
        at=at,
        key=one.id,
        subscription=one.id,
        person=one.person,
        events=one.events if one.enabled else (),
    )
