"""The webhooks of two people on a real database; time moves only when told to."""

import json
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal as D
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from hydradesk.accounts.contracts import Action, FeatureOff, Person, Secret
from hydradesk.accounts.store.people import PeopleStore
from hydradesk.doors.webhooks.contracts import Delivery, Event, Subscription, SubscriptionChanged
from hydradesk.doors.webhooks.domain import Terms
from hydradesk.doors.webhooks.service.sender import Sender
from hydradesk.doors.webhooks.service.subscriptions import Around, SubscriptionService, Wanted
from hydradesk.doors.webhooks.service.teller import Teller
from hydradesk.doors.webhooks.store import DeliveryStore, SubscriptionStore
from hydradesk.execution.contracts import Fill, Order, OrderFilled, OrderMoved
from hydradesk.infra.db import Database, sql
from hydradesk.infra.outbound import Outbound, Rules
from hydradesk.infra.outbox import outbox
from hydradesk.kernel.ids import AccountId, FillId, OrderId, PersonId, SessionId, SignalId, Symbol
from hydradesk.kernel.time import SECOND, SimClock, TimeNs
from hydradesk.kernel.tx import Tx
from hydradesk.portfolio.contracts import Position, PositionMoved
from hydradesk.signals.contracts import Signal, SignalMade, Vote
from tests.desk import ETH, intent
from tests.doors.webhooks.targets import Server, serving

NOW = TimeNs(1_750_000_000 * SECOND)
ANN, BOB = PersonId("p-ann"), PersonId("p-bob")


class Safe:
    """A vault that keeps secrets in memory and opens them only where they were put."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[str, bytes]] = {}

    async def seal(self, tx: Tx, secret: Secret, place: str) -> str:
        name = f"sealed-{len(self.kept)}"
        self.kept[name] = (place, secret.reveal())
        return name

    async def open(self, tx: Tx, sealed: str, place: str) -> Secret:
        where, value = self.kept[sealed]
        assert where == place
        return Secret(value)


class Trail:
    """Remembers what was recorded."""

    def __init__(self) -> None:
        self.actions: list[Action] = []

    async def record(self, tx: Tx, *actions: Action) -> None:
        self.actions += actions

    @property
    def names(self) -> list[str]:
        return [one.action for one in self.actions]


class Switches:
    def __init__(self) -> None:
        self.off: set[str] = set()

    def enabled(self, name: str) -> bool:
        return name not in self.off

    def require(self, name: str) -> None:
        if name in self.off:
            raise FeatureOff("off")


class Numbers:
    def __init__(self) -> None:
        self.last = 0

    def new(self) -> str:
        self.last += 1
        return f"{self.last:06d}"


class Owners:
    """Ann trades on one account, Bob on another; the demo's is nobody's."""

    async def owner(self, account: AccountId) -> PersonId | None:
        return {"paper-ann": ANN, "paper-bob": BOB}.get(account)


class Hooks:
    """Everything of webhooks, with a target that really listens."""

    def __init__(self, db: Database, app_db: Database, target: Server) -> None:
        self.db, self.clock, self.target = db, SimClock(NOW), target
        self.vault, self.trail, self.switches = Safe(), Trail(), Switches()
        self.outbound = Outbound(Rules(timeout_s=2), nowhere)
        self.allow(target)
        self.around = Around(
            db=db,
            reads=app_db,
            subscriptions=SubscriptionStore(),
            deliveries=DeliveryStore(),
            people=PeopleStore(),
            vault=self.vault,
            audit=self.trail,
            features=self.switches,
            outbound=self.outbound,
            clock=self.clock,
            ids=Numbers(),
            random=lambda count: bytes(range(count)),
        )
        self.sender = self.restarted()
        self.service = SubscriptionService(self.around, lambda: None)
        self.teller = Teller(self.around, Owners(), position, lambda: None)

    def allow(self, server: Server) -> None:
        """Let one more local server be called."""
        rules = self.outbound._rules
        local = rules.local | {f"127.0.0.1:{server.port}"}
        self.outbound._rules = msgspec.structs.replace(rules, local=local)

    def restarted(self) -> Sender:
        """Return a sender that knows nothing but the database."""
        return Sender(self.around, Terms(), lambda: 0.5)

    async def join(self, person: PersonId, role: Any = "user") -> None:
        async with self.db.begin() as tx:
            who = Person(id=person, name=person, role=role, referral_code=person, created_at=NOW)
            await self.around.people.add(tx, who, NOW)

    async def subscribe(
        self, me: PersonId, *events: Event, server: Server | None = None, path: str = "/"
    ) -> tuple[Subscription, Secret]:
        """Make a subscription, and let the teller hear of it as the bus would."""
        port = (server or self.target).port
        url = f"http://127.0.0.1:{port}{path}"
        made = await self.service.create(me, Wanted(url=url, events=events))
        await self.hear()
        return made

    async def hear(self) -> None:
        """Tell the teller of every change of a subscription so far."""
        topic = str(SubscriptionChanged.__struct_config__.tag)
        async with self.db.begin() as tx:
            rows = await sql(tx).scalars(
                select(outbox.c.body).where(outbox.c.topic == topic).order_by(outbox.c.seq)
            )
            facts = [msgspec.json.decode(one, type=SubscriptionChanged) for one in rows]
        for fact in facts:
            await self.teller.on_subscription(fact)

    async def send(self) -> int:
        """Attempt everything that is due now."""
        started = await self.sender.start_due()
        await self.sender.settle()
        return started

    async def deliveries(self, me: PersonId = ANN, **which: Any) -> list[Delivery]:
        wanted = (which.get("subscription"), which.get("state"))
        rows = await self.service.deliveries(me, wanted, None, 500)
        return [one for _, one in rows][::-1]

    def told(self, server: Server | None = None) -> list[Any]:
        return [json.loads(one.body) for one in (server or self.target).seen]


async def nowhere(host: str, port: int) -> Sequence[str]:
    raise OSError("no name server here")


def position(held: Position) -> object:
    return {"symbol": held.symbol, "qty": held.qty}


def moved(number: int = 1, account: str = "paper-ann", **changes: Any) -> OrderMoved:
    wanted = intent(id=OrderId(f"o{number}"), account=AccountId(account))
    order = Order(
        id=wanted.id, intent=wanted, venue="paper", state="working", created_at=NOW, updated_at=NOW
    )
    fact = {"id": f"o{number}:1", "at": NOW, "key": account, "order": order}
    return OrderMoved(**fact | changes)


def filled(number: int = 1, account: str = "paper-ann") -> OrderFilled:
    fill = Fill(
        id=FillId(f"f{number}"),
        order_id=OrderId("o1"),
        account=AccountId(account),
        symbol=ETH,
        side="buy",
        qty=D("0.5"),
        price=D(2000),
        fee=D(1),
        at=NOW,
    )
    return OrderFilled(
        id=f"f{number}:1", at=NOW, key=account, fill=fill, origin="manual", signal=None
    )


def held(account: str = "paper-ann") -> PositionMoved:
    what = Position(
        account=AccountId(account),
        symbol=ETH,
        qty=D(2),
        cost=D(4000),
        realised=D(0),
        fees=D(1),
        opened_at=NOW,
        updated_at=NOW,
    )
    return PositionMoved(id=f"{account}:ETH:1", at=NOW, key=account, position=what)


def signal(timeframe: Any = "1h", direction: Any = "BUY", number: int = 1) -> SignalMade:
    vote = Vote(source="indicators.rsi", direction=1, weight=D(1), reason="low", facts={})
    what = Signal(
        id=SignalId(f"s{number}"),
        session=SessionId("s1"),
        symbol=Symbol("ETH-USDT"),
        timeframe=timeframe,
        at=NOW,
        price=D(2000),
        direction=direction,
        confidence=D(70),
        risk_score=D(10),
        levels=None,
        votes=(vote,),
        reasoning="because",
        expires_at=NOW,
        status="active",
    )
    return SignalMade(id=f"s{number}:1", at=NOW, key="ETH", signal=what)


@pytest.fixture
async def hooks(db: Database, app_db: Database) -> AsyncIterator[Hooks]:
    async with serving() as target:
        one = Hooks(db, app_db, target)
        await one.join(ANN, "pro")
        await one.join(BOB)
        yield one
        await one.outbound.close()
