"""What a person may do with their subscriptions and deliveries."""

from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct, structs

from hydradesk.accounts.contracts import (
    ENTITLEMENTS,
    Action,
    Audit,
    Feature,
    Features,
    People,
    Secret,
    Vault,
)
from hydradesk.doors.webhooks import domain
from hydradesk.doors.webhooks.contracts import Delivery, Event, State, Subscription
from hydradesk.doors.webhooks.ports import DeliveryBook, SubscriptionBook
from hydradesk.infra.outbound import Outbound
from hydradesk.kernel.errors import Conflict, Forbidden, Invalid
from hydradesk.kernel.ids import AccountId, IdSource, PersonId
from hydradesk.kernel.time import Clock, TimeNs, rfc3339
from hydradesk.kernel.tx import Transactions, Tx

FEATURE: Feature = "webhooks"


class TooMany(Forbidden):
    """The membership includes no further subscription (HTTP 403)."""

    code = "too_many_subscriptions"


class Around(Struct, frozen=True, kw_only=True):
    """What the services of webhooks share."""

    db: Transactions
    """As the system role."""
    reads: Transactions
    """As the app role, which sees one person's rows."""
    subscriptions: SubscriptionBook
    deliveries: DeliveryBook
    people: People
    vault: Vault
    audit: Audit
    features: Features
    outbound: Outbound
    clock: Clock
    ids: IdSource
    random: Callable[[int], bytes]
    """`secrets.token_bytes`, or a test's own."""


class Wanted(Struct, frozen=True, kw_only=True):
    """What a person asks of a subscription; None leaves a thing as it is."""

    url: str | None = None
    events: Sequence[Event] | None = None
    description: str | None = None
    enabled: bool | None = None


def place(subscription: str) -> str:
    """Say where a subscription's secret lives, for the vault."""
    return f"webhook:{subscription}"


def place_before(subscription: str) -> str:
    """Say where the secret before it lives."""
    return f"webhook-before:{subscription}"


class SubscriptionService:
    """Everything below /api/webhooks. Callers see what is theirs, and NotFound for the rest."""

    def __init__(self, around: Around, wake: Callable[[], None]) -> None:
        self._it, self._wake = around, wake

    async def list(self, me: PersonId) -> Sequence[Subscription]:
        """Return a person's subscriptions, oldest first."""
        async with self._it.reads.begin(AccountId(me)) as tx:
            return await self._it.subscriptions.of_person(tx, me)

    async def read(self, me: PersonId, subscription: str) -> Subscription:
        """Return one."""
        async with self._it.reads.begin(AccountId(me)) as tx:
            return await self._it.subscriptions.get(tx, me, subscription)

    async def create(self, me: PersonId, wanted: Wanted) -> tuple[Subscription, Secret]:
        """Make one; returns it and its secret, which is shown this once.

        Raises:
            TargetRefused: the address may not be called.
            TooMany: the membership includes no further one.
        """
        self._switched_on()
        url = await self._checked(wanted.url or "")
        secret, now = self._secret(), self._it.clock.now()
        async with self._it.db.begin() as tx:
            person = await self._it.people.locked(tx, me)  # two at once: one after the other
            most = ENTITLEMENTS[person.role].webhooks
            if len(await self._it.subscriptions.of_person(tx, me)) >= most:
                raise TooMany(f"your membership includes {most} subscriptions")
            name = f"sub_{self._it.ids.new()}"
            made = Subscription(
                id=name,
                person=me,
                url=url,
                events=_once(wanted.events or ()),
                description=wanted.description or "",
                secret=await self._it.vault.seal(tx, secret, place(name)),
                created_at=now,
            )
            await self._it.subscriptions.add(tx, made, now)
            await self._record(tx, "webhooks.created", made)
        return made, secret

    async def change(self, me: PersonId, subscription: str, wanted: Wanted) -> Subscription:
        """Change what was asked; to switch one on again forgets its failures."""
        if wanted.url is not None:
            wanted = structs.replace(wanted, url=await self._checked(wanted.url))
        if wanted.enabled:
            self._switched_on()
        now = self._it.clock.now()
        async with self._it.db.begin() as tx:
            old = await self._it.subscriptions.get(tx, me, subscription, lock=True)
            new = _changed(old, wanted)
            await self._it.subscriptions.save(tx, new, now)
            if not new.enabled:
                await self._it.deliveries.bury(tx, new.id, "the subscription was switched off")
            await self._record(tx, "webhooks.changed", new)
        return new

    async def remove(self, me: PersonId, subscription: str) -> None:
        """Forget one and what was told to it."""
        async with self._it.db.begin() as tx:
            one = await self._it.subscriptions.get(tx, me, subscription, lock=True)
            await self._it.subscriptions.remove(tx, one, self._it.clock.now())
            await self._record(tx, "webhooks.removed", one)

    async def rotate(self, me: PersonId, subscription: str) -> tuple[Secret, TimeNs]:
        """Give it a new secret; the old one signs beside it for a day. Returns both facts."""
        secret, now = self._secret(), self._it.clock.now()
        until = TimeNs(now + domain.OVERLAP_NS)
        async with self._it.db.begin() as tx:
            old = await self._it.subscriptions.get(tx, me, subscription, lock=True)
            before = await self._it.vault.open(tx, old.secret, place(old.id))
            new = structs.replace(
                old,
                secret=await self._it.vault.seal(tx, secret, place(old.id)),
                previous=await self._it.vault.seal(tx, before, place_before(old.id)),
                previous_until=until,
                version=old.version + 1,
            )
            await self._it.subscriptions.save(tx, new, now)
            await self._record(tx, "webhooks.rotated", new)
        return secret, until

    async def test(self, me: PersonId, subscription: str) -> Delivery:
        """Send something harmless, the way everything is sent."""
        self._switched_on()
        now, name = self._it.clock.now(), self._it.ids.new()
        body = msgspec.json.encode(
            {
                "type": "test.ping",
                "timestamp": rfc3339(now),
                "data": {"subscription": subscription, "message": "This is a test."},
            }
        )
        async with self._it.db.begin() as tx:
            one = await self._it.subscriptions.get(tx, me, subscription)
            _on(one)
            made = Delivery(
                id=f"msg_{name}",
                person=me,
                subscription=one.id,
                event="test",
                kind="test.ping",
                fact=f"test:{name}",
                body=body.decode(),
                due_at=now,
                created_at=now,
            )
            await self._it.deliveries.add(tx, made)
        self._wake()
        return made

    async def deliveries(
        self,
        me: PersonId,
        which: tuple[str | None, State | None],
        before: int | None,
        limit: int,
    ) -> Sequence[tuple[int, Delivery]]:
        """Return deliveries, newest first, of one subscription and in one state where given."""
        async with self._it.reads.begin(AccountId(me)) as tx:
            return await self._it.deliveries.page(tx, me, *which, before, limit)

    async def replay(self, me: PersonId, delivery: str) -> Delivery:
        """Send again what was delivered or given up: same id, same body.

        Raises:
            Conflict: it is still being tried, or its subscription is off.
        """
        self._switched_on()
        now = self._it.clock.now()
        async with self._it.db.begin() as tx:
            one = await self._it.deliveries.get(tx, me, delivery, lock=True)
            if one.due_at is not None:
                raise Conflict("this delivery is still being tried", fix="wait for its end")
            _on(await self._it.subscriptions.get(tx, me, one.subscription))
            again = structs.replace(one, state="pending", attempts=0, due_at=now)
            await self._it.deliveries.save(tx, again)
        self._wake()
        return again

    def _switched_on(self) -> None:
        self._it.features.require(FEATURE)

    async def _checked(self, url: str) -> str:
        return (await self._it.outbound.check(url)).url

    def _secret(self) -> Secret:
        return Secret(domain.write_secret(self._it.random(domain.SECRET_BYTES)))

    async def _record(self, tx: Tx, action: str, one: Subscription) -> None:
        said = Action(
            chain=one.person,
            action=action,
            target=one.id,
            after={"events": " ".join(one.events), "enabled": one.enabled},
            personal={"url": one.url},
        )
        await self._it.audit.record(tx, said)


def _changed(old: Subscription, wanted: Wanted) -> Subscription:
    new = structs.replace(
        old,
        url=old.url if wanted.url is None else wanted.url,
        events=old.events if wanted.events is None else _once(wanted.events),
        description=old.description if wanted.description is None else wanted.description,
        version=old.version + 1,
    )
    if wanted.enabled is None:
        return new
    return structs.replace(new, enabled=wanted.enabled, disabled_reason=None, failing_since=None)


def _once(events: Sequence[Event]) -> tuple[Event, ...]:
    if not events:
        raise Invalid("name at least one kind of event", field="events", fix='e.g. ["orders"]')
    return tuple(dict.fromkeys(events))


def _on(one: Subscription) -> None:
    if not one.enabled:
        raise Conflict("this subscription is off", fix="switch it on first")
