"""Hears facts and writes what each subscription is to be told of them."""

from collections.abc import Callable

import msgspec
from msgspec import Struct, structs

from hydradesk.accounts.contracts import ENTITLEMENTS, PersonChanged
from hydradesk.doors.webhooks.contracts import Delivery, Event, SecurityNoted, SubscriptionChanged
from hydradesk.doors.webhooks.ports import Owners
from hydradesk.doors.webhooks.service.subscriptions import FEATURE, Around
from hydradesk.execution.api import order_view, trade_view
from hydradesk.execution.contracts import OrderFilled, OrderMoved
from hydradesk.kernel.errors import NotFound
from hydradesk.kernel.events import Fact
from hydradesk.kernel.ids import AccountId, PersonId
from hydradesk.kernel.time import rfc3339
from hydradesk.portfolio.contracts import Position, PositionMoved, WithdrawalMoved
from hydradesk.signals.api import signal_view
from hydradesk.signals.contracts import SignalEnded, SignalMade


class Message(Struct, frozen=True, kw_only=True):
    """What there is to say."""

    event: Event
    kind: str
    """The message's `type`."""
    fact: Fact
    data: object
    """The public view, as the API gives it."""


class Teller:
    """A consumer of the bus.

    Who listens to what is held in memory and follows SubscriptionChanged, so that a desk where
    nobody listens to a thing pays nothing for it.
    """

    def __init__(
        self,
        around: Around,
        owners: Owners,
        positions: Callable[[Position], object],
        wake: Callable[[], None],
    ) -> None:
        self._it, self._owners, self._positions, self._wake = around, owners, positions, wake
        self._listening: dict[Event, dict[PersonId, set[str]]] = {}
        self._roles: dict[PersonId, str] = {}
        """Of everybody who listens; without one who is not active."""

    async def load(self) -> None:
        """Learn who listens; call it before the bus delivers."""
        self._listening, self._roles = {}, {}
        async with self._it.db.begin() as tx:
            for name, person, events in await self._it.subscriptions.enabled(tx):
                self._listen(name, person, events)
                await self._know(person)

    async def on_subscription(self, fact: SubscriptionChanged) -> None:
        """Follow a change."""
        for people in self._listening.values():
            people.get(fact.person, set()).discard(fact.subscription)
        self._listen(fact.subscription, fact.person, fact.events)
        await self._know(fact.person)

    async def on_person(self, fact: PersonChanged) -> None:
        """Follow roles; who is suspended is told nothing, who is erased is forgotten."""
        if fact.status == "active":
            self._roles[fact.person] = fact.role
        else:
            self._roles.pop(fact.person, None)
        if fact.status == "erased":
            async with self._it.db.begin() as tx:
                for one in await self._it.subscriptions.of_person(tx, fact.person):
                    await self._it.subscriptions.remove(tx, one, self._it.clock.now())

    async def on_order(self, fact: OrderMoved) -> None:
        """Tell the owner that an order moved."""
        if self._anybody("orders"):
            said = Message(
                event="orders", kind="orders.moved", fact=fact, data=order_view(fact.order)
            )
            await self._owner(fact.order.intent.account, said)

    async def on_fill(self, fact: OrderFilled) -> None:
        """Tell the owner that something traded."""
        if self._anybody("fills"):
            view = trade_view(fact.fill, fact.origin, fact.signal)
            said = Message(event="fills", kind="fills.made", fact=fact, data=view)
            await self._owner(fact.fill.account, said)

    async def on_position(self, fact: PositionMoved) -> None:
        """Tell the owner what they hold now."""
        if self._anybody("positions"):
            view = self._positions(fact.position)
            said = Message(event="positions", kind="positions.moved", fact=fact, data=view)
            await self._owner(fact.position.account, said)

    async def on_withdrawal(self, fact: WithdrawalMoved) -> None:
        """Tell the owner how far a withdrawal has come."""
        data = {
            "id": fact.withdrawal,
            "asset": fact.asset,
            "qty": fact.qty,
            "state": fact.state,
        }
        said = Message(event="withdrawals", kind="withdrawals.moved", fact=fact, data=data)
        await self.tell(fact.person, said)

    async def on_signal(self, fact: SignalMade | SignalEnded) -> None:
        """Tell everybody whose membership shows this timeframe. A HOLD is told to nobody."""
        signal = fact.signal
        if not self._anybody("signals") or signal.direction == "HOLD":
            return
        kind = "signals.made" if isinstance(fact, SignalMade) else "signals.ended"
        whole = signal_view(signal)
        plain = structs.replace(whole, votes=())
        for person in list(self._listening["signals"]):
            may = ENTITLEMENTS.get(self._roles.get(person, ""))
            if may is not None and signal.timeframe in may.timeframes:
                data = whole if may.votes else plain
                await self.tell(person, Message(event="signals", kind=kind, fact=fact, data=data))

    async def on_security(self, fact: SecurityNoted) -> None:
        """Tell somebody what was done to their sign-in, keys or sessions."""
        data = {"action": fact.action, "target": fact.target, "ok": fact.ok}
        said = Message(event="security", kind="security.noted", fact=fact, data=data)
        await self.tell(fact.person, said)

    def listens(self, person: PersonId) -> bool:
        """Whether somebody wants to hear of their own security."""
        return bool(self._listening.get("security", {}).get(person))

    async def tell(self, person: PersonId, said: Message) -> None:
        """Write one delivery for each subscription of a person that listens."""
        names = self._listening.get(said.event, {}).get(person, set())
        if not names or person not in self._roles or not self._it.features.enabled(FEATURE):
            return
        body = msgspec.json.encode(
            {"type": said.kind, "timestamp": rfc3339(said.fact.at), "data": said.data}
        ).decode()
        now = self._it.clock.now()
        async with self._it.db.begin() as tx:
            for name in sorted(names):
                made = Delivery(
                    id=f"msg_{self._it.ids.new()}",
                    person=person,
                    subscription=name,
                    event=said.event,
                    kind=said.kind,
                    fact=said.fact.id,
                    body=body,
                    due_at=now,
                    created_at=now,
                )
                await self._it.deliveries.add(tx, made)
        self._wake()

    async def _owner(self, account: AccountId, said: Message) -> None:
        person = await self._owners.owner(account)
        if person is not None:
            await self.tell(person, said)

    def _anybody(self, event: Event) -> bool:
        return any(self._listening.get(event, {}).values())

    def _listen(self, name: str, person: PersonId, events: tuple[Event, ...]) -> None:
        for event in events:
            self._listening.setdefault(event, {}).setdefault(person, set()).add(name)

    async def _know(self, person: PersonId) -> None:
        if person in self._roles:
            return
        try:
            async with self._it.db.begin() as tx:
                known = await self._it.people.get(tx, person)
        except NotFound:
            return
        if known.status == "active":
            self._roles[person] = known.role
