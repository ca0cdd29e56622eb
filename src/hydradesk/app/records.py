"""Wires what is kept about people: the audit trail, security events, feature switches."""

from collections.abc import Callable, Coroutine
from typing import Any

from hydradesk.accounts.service.audit import AuditKeeper
from hydradesk.accounts.service.features import FeatureSwitches
from hydradesk.accounts.service.security import SecurityEvents
from hydradesk.accounts.store.audit import AuditStore
from hydradesk.accounts.store.security import FeatureStore, SecurityStore
from hydradesk.infra.db import Database
from hydradesk.kernel.time import Clock


class Records:
    """The record-keeping half of the accounts room, connected."""

    def __init__(
        self, system: Database, wall: Clock, desk: Clock, random: Callable[[int], bytes]
    ) -> None:
        self.audit = AuditStore(wall, desk, random)
        self.keeper = AuditKeeper(system, self.audit)
        self.security = SecurityEvents(system, SecurityStore(), wall)
        self.features = FeatureSwitches(system, FeatureStore(), self.audit, wall)

    async def start(self) -> None:
        """Everything that must be true before the first request."""
        await self.features.load()

    def roles(self) -> dict[str, Coroutine[Any, Any, None]]:
        """What runs beside the desk until it is cancelled."""
        return {
            "audit": self.keeper.run(),
            "security": self.security.run(),
            "features": self.features.run(),
        }

    async def stop(self) -> None:
        """Write down what is still in memory."""
        await self.security.flush()
        await self.keeper.anchor()
