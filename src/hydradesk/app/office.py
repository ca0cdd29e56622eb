"""Wires what people say of themselves and what the desk's staff do with them."""

from collections.abc import Coroutine
from typing import Any

from msgspec import Struct

from hydradesk.accounts.api.account import account_routes
from hydradesk.accounts.api.administration import (
    Glance,
    overview_routes,
    people_routes,
    trail_routes,
)
from hydradesk.accounts.api.incidents import incident_routes
from hydradesk.accounts.api.kyc import own_kyc_routes, staff_kyc_routes
from hydradesk.accounts.api.privacy import privacy_routes
from hydradesk.accounts.api.security import security_routes
from hydradesk.accounts.contracts import People, Sessions, Vault
from hydradesk.accounts.service.administration import AdministrationService, Books
from hydradesk.accounts.service.incidents import IncidentBooks, IncidentService
from hydradesk.accounts.service.kyc import KycBooks, KycService, ManualReview
from hydradesk.accounts.service.means import Means
from hydradesk.accounts.service.privacy import Keep, PrivacyBooks, PrivacyService
from hydradesk.accounts.service.profile import ProfileService
from hydradesk.accounts.service.screening import ListScreening
from hydradesk.accounts.store.incidents import IncidentStore
from hydradesk.accounts.store.kyc import KycStore
from hydradesk.accounts.store.register import RegisterStore
from hydradesk.accounts.store.security import SecurityStore
from hydradesk.app.personal import kinds
from hydradesk.app.records import Records
from hydradesk.app.settings import Settings
from hydradesk.infra.http import Routes
from hydradesk.kernel.time import DAY


class Around(Struct, frozen=True):
    """What surrounds the office."""

    records: Records
    people: People
    sessions: Sessions
    vault: Vault


class Office:
    """The half of the accounts room that looks after people."""

    def __init__(self, means: Means, around: Around, settings: Settings) -> None:
        self.means, self.around = means, around
        self.glance = Glance(withdrawals=_none, halted=_no)
        """What the overview asks of other rooms; the house sets it."""
        audit = around.records.audit
        self.profile = ProfileService(means.db, around.people, audit, means.clock)
        register = RegisterStore()
        books = Books(around.people, register, around.sessions, audit)
        self.administration = AdministrationService(means.db, means.reads, books, means.clock)
        self.screening = ListScreening(settings.sanctions_list)
        self.kyc_store = KycStore()
        self.privacy = self._privacy(settings, register)
        self.incidents = IncidentService(
            means,
            IncidentBooks(IncidentStore(), SecurityStore(), audit, around.records.security),
        )
        """Its remedies come from the house, which knows every room."""
        cases = KycBooks(
            around.people, self.kyc_store, around.vault, audit, around.records.security
        )
        self.kyc = KycService(means, cases, ManualReview(), self.screening, settings.kyc_days * DAY)

    def _privacy(self, settings: Settings, register: RegisterStore) -> PrivacyService:
        around, audit = self.around, self.around.records.audit
        books = PrivacyBooks(
            around.people,
            around.sessions,
            audit,
            register,
            audit,
            SecurityStore(),
            self.kyc_store,
        )
        keep = Keep(
            audit_ns=settings.keep_audit_days * DAY,
            events_ns=settings.keep_events_days * DAY,
            kyc_ns=settings.keep_kyc_days * DAY,
        )
        service = PrivacyService(self.means.db, books, self.means.clock, keep)
        service.kinds = kinds()
        return service

    def routes(self) -> list[Routes]:
        """Build every route of the office."""
        records = self.around.records
        return [
            account_routes(self.profile, self.administration, self.means.clock.now),
            people_routes(self.administration),
            trail_routes(self.administration, records.keeper),
            security_routes(records.features, records.security),
            privacy_routes(self.privacy),
            incident_routes(self.incidents),
            own_kyc_routes(self.kyc),
            staff_kyc_routes(self.kyc),
            overview_routes(self.administration, records.security, self.glance),
        ]

    def roles(self) -> dict[str, Coroutine[Any, Any, None]]:
        """What runs beside the desk until it is cancelled."""
        return {
            "kyc": self.kyc.run(),
            "screening": self.screening.run(),
            "privacy": self.privacy.run(),
            "incidents": self.incidents.run(),
        }

    async def start(self) -> None:
        """Everything that must be true before the first request."""
        await self.screening.load()


async def _none() -> int:
    return 0


async def _no() -> bool:
    return False
