"""Wires what leaves the desk: people's addresses and their withdrawals. Part of the house."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from msgspec import Struct

from hydradesk.accounts.api.addresses import address_routes
from hydradesk.accounts.contracts import TradingAccounts
from hydradesk.accounts.service.addresses import AddressService, Shelf
from hydradesk.accounts.store.addresses import AddressStore
from hydradesk.app.people import PeopleHouse
from hydradesk.app.settings import Settings
from hydradesk.infra.http import Routes
from hydradesk.kernel.time import SECOND, Clock
from hydradesk.ledger.contracts import Ledger
from hydradesk.market.contracts import Instruments, Prices
from hydradesk.portfolio.api import admin_withdrawal_routes, withdrawal_routes
from hydradesk.portfolio.domain.withdrawals import Rules
from hydradesk.portfolio.ports import PortfolioBook
from hydradesk.portfolio.service.withdrawals import Kept, Outside, WithdrawalService
from hydradesk.portfolio.store import WithdrawalStore


class Desk(Struct, frozen=True, kw_only=True):
    """What withdrawals need of the trading rooms."""

    ledger: Ledger
    positions: PortfolioBook
    trading: TradingAccounts
    instruments: Instruments
    prices: Prices
    clock: Clock


class Exits:
    """Addresses and withdrawals, connected."""

    def __init__(self, settings: Settings, people: PeopleHouse, desk: Desk) -> None:
        self.ids, self.store = people.ids, WithdrawalStore()
        self._system = people.system
        addresses, screening = AddressStore(), people.office.screening
        shelf = Shelf(addresses, screening, people.audit, people.clock, people.ids)
        self.addresses = AddressService(
            people.system, people.app, shelf, settings.address_delay_s * SECOND
        )
        kept = Kept(self.store, desk.positions, desk.ledger, addresses, people.audit)
        outside = Outside(
            people=people.store,
            trading=desk.trading,
            screening=screening,
            features=people.records.features,
            instruments=desk.instruments,
            prices=desk.prices,
            desk=desk.clock,
            wall=people.clock,
        )
        rules = Rules(
            delay_ns=settings.withdrawal_delay_s * SECOND,
            review=settings.withdrawal_review,
            daily=dict(enumerate(settings.withdrawal_daily)),
        )
        self.withdrawals = WithdrawalService(people.system, people.app, kept, outside, rules)

    def routes(self, publish: Callable[[], Awaitable[None]]) -> list[Routes]:
        """Every route about what leaves."""
        return [
            address_routes(self.addresses),
            withdrawal_routes(self.withdrawals, self.ids, publish),
            admin_withdrawal_routes(self.withdrawals, publish),
        ]

    def roles(self) -> dict[str, Coroutine[Any, Any, None]]:
        """What runs beside the desk until it is cancelled."""
        return {"withdrawals": self.withdrawals.run()}

    async def pending(self) -> int:
        """Return how many withdrawals wait for an administrator."""
        async with self._system.begin() as tx:
            return await self.store.pending(tx)
