"""A desk with a paper account, and a line to its venue that can be bent."""

from collections.abc import Sequence
from typing import Any

import pytest

from hydradesk.execution.contracts import Ack, Order, Unknown, VenueOrder, VenueReport
from hydradesk.infra.db import Database
from hydradesk.kernel.ids import OrderId
from hydradesk.kernel.time import TimeNs
from tests.desk import House


@pytest.fixture
async def house(db: Database) -> House:
    one = House(db)
    await one.open()
    return one


class Wire:
    """The paper venue behind a line that can be bent; what it does it really does."""

    name = "paper"

    def __init__(self, house: House) -> None:
        self.house, self.inner, self.terms = house, house.paper, house.paper.terms
        house.venues["paper"] = self
        self.silent = False
        self.before_answer: Any = None
        self.seen: list[str] = []
        self.mangle: Any = list

    async def submit(self, order: Order) -> Ack:
        self.seen.append(order.id)
        ack = await self.inner.submit(order)
        if self.before_answer is not None:
            await self.before_answer()
        return Unknown("timeout") if self.silent else ack

    async def cancel(self, order: Order, at: TimeNs) -> Ack:
        ack = await self.inner.cancel(order, at)
        return Unknown("timeout") if self.silent else ack

    async def lookup(self, order: OrderId) -> VenueOrder | None:
        return await self.inner.lookup(order)

    async def reports(self, after: int, limit: int) -> Sequence[VenueReport]:
        news = self.mangle(await self.inner.reports(after, limit))
        assert isinstance(news, list)
        return news


@pytest.fixture
async def wire(house: House) -> Wire:
    return Wire(house)
