"""Who may risk how much: the platform's limits, people's own, and people who have halted."""

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from hydradesk.accounts.contracts import (
    DESK_CHAIN,
    LOCAL,
    Action,
    Audit,
    Detail,
    People,
    PersonChanged,
    RiskLevel,
)
from hydradesk.kernel.errors import NotFound
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import Clock
from hydradesk.kernel.tx import Transactions, Tx
from hydradesk.risk import domain
from hydradesk.risk.contracts import (
    BOUNDS,
    Bound,
    Effective,
    Limits,
    PlatformChanged,
    Profile,
    ProfileChanged,
)
from hydradesk.risk.ports import ProfileBook


class Known(Struct, frozen=True):
    """What is remembered of one person."""

    profile: Profile
    level: RiskLevel
    effective: Effective


class Archive(Struct, frozen=True):
    """Where profiles are kept and noted."""

    profiles: ProfileBook
    people: People
    audit: Audit
    clock: Clock


class Profiles:
    """Remembers everybody's limits: every order asks. Facts tell what others have changed."""

    def __init__(self, db: Transactions, archive: Archive, limits: Limits) -> None:
        self._db, self._archive = db, archive
        self.platform = limits
        self._known: dict[PersonId, Known] = {}
        self._changes = 0
        """Counts what we have heard of: what was read before a change is not remembered after."""

    async def start(self) -> None:
        """Read the platform's limits that an administrator has set, over the settings'."""
        async with self._db.begin() as tx:
            await self._refresh(tx)

    async def of(self, tx: Tx, person: PersonId) -> Known:
        """Return what is in force for somebody."""
        known = self._known.get(person)
        if known is None:
            changes = self._changes
            profile = await self._archive.profiles.profile(tx, person)
            known = self._judged(profile or domain.untouched(person), await self._level(tx, person))
            if changes == self._changes:
                self._known[person] = known
        return known

    async def look(self, person: PersonId) -> Known:
        """Return the same in a transaction of its own."""
        async with self._db.begin() as tx:
            return await self.of(tx, person)

    async def proposed(
        self, person: PersonId, wanted: Mapping[Bound, Decimal | None]
    ) -> tuple[Known, bool]:
        """Return what a change would bring, and whether it would raise any limit."""
        now = await self.look(person)
        after = self._judged(domain.changed(now.profile, wanted, self.platform), now.level)
        return after, domain.raises(now.effective.limits, after.effective.limits)

    async def change(
        self, person: PersonId, wanted: Mapping[Bound, Decimal | None], *, raising: bool
    ) -> Known:
        """Set own limits; `raising` says that the caller may raise them, else nothing grows."""
        async with self._db.begin() as tx:
            before = await self._archive.profiles.locked(tx, person)
            level = await self._level(tx, person)
            now = self._judged(before, level)
            after = self._judged(domain.changed(before, wanted, self.platform), level)
            if not raising:
                assert not domain.raises(now.effective.limits, after.effective.limits), wanted
            await self._save(tx, after.profile)
            told = Action(
                chain=person,
                action="risk.limits_changed",
                target=person,
                before=_told(now.effective.limits),
                after=_told(after.effective.limits),
            )
            await self._archive.audit.record(tx, told)
        self._forget(person)
        return after

    async def halt(self, person: PersonId, reason: str | None) -> None:
        """Have one person's orders refused, but for reductions; None lets them trade again."""
        async with self._db.begin() as tx:
            before = await self._archive.profiles.locked(tx, person)
            if before.halted != reason:
                after = replace(before, halted=reason, version=before.version + 1)
                await self._save(tx, after)
                done = "risk.halted" if reason is not None else "risk.resumed"
                await self._archive.audit.record(
                    tx, Action(chain=person, action=done, target=person, after={"reason": reason})
                )
        self._forget(person)

    async def set_platform(self, wanted: Mapping[Bound, Decimal]) -> Limits:
        """Set the platform's limits; everybody's shrink with them."""
        async with self._db.begin() as tx:
            await self._archive.profiles.lock_platform(tx)
            await self._refresh(tx)
            before = self.platform
            after = domain.platform_with(before, wanted)
            at = self._archive.clock.now()
            await self._archive.profiles.set_platform(tx, after, at)
            told = Action(
                chain=DESK_CHAIN,
                action="limits.changed",
                before=_told(before),
                after=_told(after),
            )
            await self._archive.audit.record(tx, told)
        self.platform = after
        self._forget(None)
        return after

    async def on_profile(self, fact: ProfileChanged) -> None:
        """Forget what somebody, perhaps another process, has changed."""
        self._forget(fact.profile.person)

    async def on_person(self, fact: PersonChanged) -> None:
        """Forget it too: the risk level may be another."""
        self._forget(fact.person)

    async def on_platform(self, fact: PlatformChanged) -> None:
        """Learn what another process has set."""
        self.platform = domain.with_bounds(self.platform, fact.limits)
        self._forget(None)

    def _forget(self, person: PersonId | None) -> None:
        self._changes += 1
        if person is None:
            self._known.clear()
        else:
            self._known.pop(person, None)

    async def _refresh(self, tx: Tx) -> None:
        stored = await self._archive.profiles.platform(tx)
        if stored:
            self.platform = domain.with_bounds(self.platform, stored)

    async def _level(self, tx: Tx, person: PersonId) -> RiskLevel:
        if person == LOCAL:
            return "aggressive"
        try:
            return (await self._archive.people.get(tx, person)).risk_level
        except NotFound:
            return "conservative"  # of whom nothing is known

    async def _save(self, tx: Tx, profile: Profile) -> None:
        await self._archive.profiles.save(tx, profile, self._archive.clock.now())

    def _judged(self, profile: Profile, level: RiskLevel) -> Known:
        return Known(profile, level, domain.effective(profile, level, self.platform))


def _told(limits: Limits) -> Detail:
    return {name: str(getattr(limits, name)) for name in BOUNDS}
