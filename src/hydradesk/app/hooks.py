"""Wires outbound webhooks. Part of the house."""

import secrets
from collections.abc import Callable, Coroutine
from typing import Any

from msgspec import Struct

from hydradesk.accounts.contracts import PersonChanged
from hydradesk.accounts.store.paper import AccountStore
from hydradesk.app.people import PeopleHouse
from hydradesk.app.settings import Settings
from hydradesk.doors.webhooks import api
from hydradesk.doors.webhooks.contracts import SecurityNoted, SubscriptionChanged
from hydradesk.doors.webhooks.domain import Terms
from hydradesk.doors.webhooks.service.sender import Sender
from hydradesk.doors.webhooks.service.subscriptions import Around, SubscriptionService
from hydradesk.doors.webhooks.service.teller import Teller
from hydradesk.doors.webhooks.store import DeliveryStore, SealedSecrets, SubscriptionStore
from hydradesk.execution.contracts import OrderFilled, OrderMoved
from hydradesk.infra.bus import Consumer
from hydradesk.infra.clock import RandomIds
from hydradesk.infra.db import Database
from hydradesk.infra.http import Routes
from hydradesk.infra.outbound import Outbound, Rules, SystemNames
from hydradesk.kernel.ids import AccountId, PersonId
from hydradesk.kernel.time import DAY
from hydradesk.portfolio.contracts import Position, PositionMoved, WithdrawalMoved
from hydradesk.signals.contracts import SignalEnded, SignalMade


class Rooms(Struct, frozen=True, kw_only=True):
    """What webhooks need of the rooms."""

    people: PeopleHouse
    accounts: AccountStore
    position: Callable[[Position], object]


class HooksHouse:
    """Outbound webhooks, connected."""

    def __init__(self, settings: Settings, app: Database, system: Database, rooms: Rooms) -> None:
        people = rooms.people
        self._system, self._accounts = system, rooms.accounts
        self._whose: dict[AccountId, PersonId] = {}
        self.outbound = Outbound(
            Rules(ports=settings.webhook_ports, local=settings.webhook_local_hosts), SystemNames()
        )
        around = Around(
            db=system,
            reads=app,
            subscriptions=SubscriptionStore(),
            deliveries=DeliveryStore(),
            people=people.store,
            vault=people.keyring.vault,
            audit=people.audit,
            features=people.records.features,
            outbound=self.outbound,
            clock=people.clock,
            ids=RandomIds(),
            random=secrets.token_bytes,
        )
        terms = Terms(disable_ns=settings.webhook_disable_days * DAY)
        self.sender = Sender(around, terms, secrets.SystemRandom().random)
        self.service = SubscriptionService(around, self.sender.wake)
        self.teller = Teller(around, self, rooms.position, self.sender.wake)
        people.announcer.listens = self.teller.listens
        people.keyring.sealed.append(SealedSecrets())

    def routes(self) -> Routes:
        """What people may do with their subscriptions."""
        return api.routes(self.service)

    def consumer(self) -> Consumer:
        """What of the desk's facts is told on."""
        tell = self.teller
        return (
            Consumer("webhooks")
            .on(SubscriptionChanged, tell.on_subscription)
            .on(PersonChanged, tell.on_person)
            .on(OrderMoved, tell.on_order)
            .on(OrderFilled, tell.on_fill)
            .on(PositionMoved, tell.on_position)
            .on(WithdrawalMoved, tell.on_withdrawal)
            .on(SignalMade, tell.on_signal)
            .on(SignalEnded, tell.on_signal)
            .on(SecurityNoted, tell.on_security)
        )

    async def start(self) -> None:
        """Everything that must be true before the bus delivers."""
        await self.teller.load()

    def roles(self) -> dict[str, Coroutine[Any, Any, None]]:
        """What runs beside the desk until it is cancelled."""
        return {"webhooks": self.sender.run()}

    async def stop(self) -> None:
        """Close what is open."""
        await self.outbound.close()

    async def owner(self, account: AccountId) -> PersonId | None:
        """Answer webhooks' Owners; an account never changes hands, so owners are remembered."""
        known = self._whose.get(account)
        if known is None:
            async with self._system.begin() as tx:
                known = await self._accounts.owner(tx, account)
            if known is not None:
                self._whose[account] = known
        return known
