"""Addresses and withdrawals of a desk on a real database; clock and sanctions list by hand."""

from decimal import Decimal as D
from typing import Any

from hydradesk.accounts.contracts import Hit, Person
from hydradesk.accounts.service.addresses import AddressService, Shelf
from hydradesk.accounts.store.addresses import AddressStore
from hydradesk.accounts.store.people import PeopleStore
from hydradesk.infra.clock import RandomIds
from hydradesk.infra.db import Database
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import DAY, HOUR, SimClock, TimeNs
from hydradesk.market.domain.instruments import DEFAULT
from hydradesk.portfolio.domain.withdrawals import Rules
from hydradesk.portfolio.service.withdrawals import Asked, Kept, Outside, WithdrawalService
from hydradesk.portfolio.store import WithdrawalStore
from tests.desk import House

ANN, BOB, ROOT = PersonId("p-ann"), PersonId("p-bob"), PersonId("p-root")
THERE = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
BAD = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"
NOW = TimeNs(20_000 * DAY + 8 * HOUR)
USDT = 10**8


class List:
    """A sanctions list that grows."""

    def __init__(self) -> None:
        self.addresses: set[str] = set()

    def check(self, *, name: str | None = None, address: str | None = None) -> Hit | None:
        found = address in self.addresses
        return Hit(entry="somebody", matched="address", list="test") if found else None


class Switches:
    on = True

    def enabled(self, name: str) -> bool:
        return self.on

    def require(self, name: str) -> None:
        assert self.on


class Exit:
    """Addresses and withdrawals of a desk, with a wall clock that is set by hand."""

    def __init__(self, house: House, reads: Database) -> None:
        self.house, self.wall, self.list, self.switches = house, SimClock(NOW), List(), Switches()
        people, addresses, ids = PeopleStore(), AddressStore(), RandomIds()
        shelf = Shelf(addresses, self.list, house.audit, self.wall, ids)
        self.addresses = AddressService(house.db, reads, shelf, DAY)
        kept = Kept(WithdrawalStore(), house.portfolio_store, house.ledger, addresses, house.audit)
        outside = Outside(
            people=people,
            trading=house.trading,
            screening=self.list,
            features=self.switches,
            instruments=DEFAULT,
            prices=house.prices,
            desk=house.clock,
            wall=self.wall,
        )
        daily = {0: D(1_000), 1: D(25_000), 2: D(250_000)}
        rules = Rules(delay_ns=HOUR, review=D(10_000), daily=daily)
        self.service = WithdrawalService(house.db, reads, kept, outside, rules)
        self.people = people

    async def join(self, person: PersonId, level: int = 2, **more: Any) -> None:
        new = Person(
            id=person,
            name="x",
            referral_code=person,
            kyc="approved" if level else "none",
            kyc_level=level,
            created_at=NOW,
            **more,
        )
        async with self.house.db.begin() as tx:
            await self.people.add(tx, new, NOW)

    async def listed(self, person: PersonId, asset: str = "USDT", address: str = THERE) -> str:
        return (await self.addresses.add(person, asset, address, "mine")).id

    async def ask(self, name: str, units: Any, to: str, **more: Any) -> Any:
        asked = {"id": name, "person": ANN, "asset": "USDT", "qty": D(units), "address_id": to}
        return await self.service.ask(Asked(**asked | more))

    async def books(self, person: PersonId = ANN) -> dict[str, int]:
        return await self.house.books(await self.house.trading.of(person))

    async def state(self, name: str) -> str:
        async with self.house.db.begin() as tx:
            found = await WithdrawalStore().find(tx, name)
        assert found is not None
        return found.state
