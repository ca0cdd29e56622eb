"""Feature switches: set by administrators, asked by everybody, answered from memory."""

import asyncio

import structlog
from sqlalchemy.exc import DBAPIError

from hydradesk.accounts.contracts import DESK_CHAIN, FEATURES, Action, Audit, Feature, FeatureOff
from hydradesk.accounts.contracts.incidents import Switch
from hydradesk.accounts.ports.records import FeatureBook
from hydradesk.infra.origin import ORIGIN
from hydradesk.kernel.errors import NotFound
from hydradesk.kernel.time import Clock
from hydradesk.kernel.tx import Transactions

EVERY_S = 2.0
"""How long another process may not know of a change."""
WHAT: dict[Feature, str] = {
    "sign_up": "Strangers may become people here.",
    "withdrawals": "People may ask for withdrawals.",
    "webhooks": "The desk calls the addresses people subscribed.",
    "graphql": "The GraphQL door is open.",
    "auto_trade": "Signals become orders for accounts that ask for it.",
}

log = structlog.get_logger("features")


class FeatureSwitches:
    """Answers contracts.Features."""

    def __init__(self, db: Transactions, book: FeatureBook, audit: Audit, clock: Clock) -> None:
        self._db, self._book, self._audit, self._clock = db, book, audit, clock
        self._known = {name: Switch(name=name) for name in FEATURES}

    def enabled(self, name: Feature) -> bool:
        """Whether a feature is on."""
        return self._known[name].enabled

    def require(self, name: Feature) -> None:
        """Raise FeatureOff when it is not."""
        if not self.enabled(name):
            raise FeatureOff(f"an administrator has switched {name} off for now")

    def switches(self) -> list[Switch]:
        """Return every switch."""
        return list(self._known.values())

    async def load(self) -> None:
        """Learn how the switches stand."""
        async with self._db.begin() as tx:
            found = await self._book.switches(tx)
        self._known |= {one.name: one for one in found if one.name in FEATURES}

    async def set(self, name: str, enabled: bool) -> Switch:
        """Turn a feature on or off for everybody."""
        known = next((one for one in FEATURES if one == name), None)
        if known is None:
            raise NotFound(
                f"there is no feature {name[:32]!r}", field="name", fix=f"one of {FEATURES}"
            )
        switch = Switch(
            name=known,
            enabled=enabled,
            changed_at=self._clock.now(),
            changed_by=ORIGIN.get().actor,
        )
        async with self._db.begin() as tx:
            before = await self._book.set(tx, switch)
            action = Action(
                chain=DESK_CHAIN,
                action="feature.set",
                target=known,
                before={"enabled": before.enabled if before else True},
                after={"enabled": enabled},
            )
            await self._audit.record(tx, action)
        self._known[known] = switch
        return switch

    async def run(self) -> None:
        """Keep up with what other processes set, until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.load()
            except (DBAPIError, OSError) as error:
                log.warning("features.not_read", error=type(error).__name__)
