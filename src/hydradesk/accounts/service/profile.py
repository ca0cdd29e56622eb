"""What people say of themselves, and may change."""

from msgspec import Struct
from msgspec.structs import replace

from hydradesk.accounts.contracts import (
    Action,
    Audit,
    Detail,
    People,
    Person,
    Preferences,
    RiskLevel,
)
from hydradesk.accounts.domain.email import normalised
from hydradesk.kernel.errors import Conflict
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import Clock
from hydradesk.kernel.tx import Transactions


class ProfileChange(Struct, frozen=True, kw_only=True):
    """What is to be different; None stays."""

    name: str | None = None
    email: str | None = None
    risk_level: RiskLevel | None = None
    preferences: dict[str, object] = {}
    """Of contracts.Preferences, those that change."""


class ProfileService:
    """One person's own data."""

    def __init__(self, db: Transactions, people: People, audit: Audit, clock: Clock) -> None:
        self._db, self._people, self._audit, self._clock = db, people, audit, clock

    async def read(self, person: PersonId) -> Person:
        """Return a person; raises NotFound."""
        async with self._db.begin() as tx:
            return await self._people.get(tx, person)

    async def change(self, person: PersonId, change: ProfileChange) -> Person:
        """Save what is different and record it; Conflict when an address is somebody else's."""
        async with self._db.begin() as tx:
            before = await self._people.locked(tx, person)
            if before.status != "active":
                raise Conflict(f"the person is {before.status}")
            after = _changed(before, change)
            if after == before:
                return before
            after = replace(after, version=before.version + 1)
            await self._people.save(tx, after, self._clock.now())
            await self._audit.record(tx, _told(before, after))
        return after


def _changed(person: Person, change: ProfileChange) -> Person:
    if change.name is not None:
        person = replace(person, name=change.name)
    if change.email is not None:
        address = normalised(change.email)
        proved = person.email_verified and person.email == address
        person = replace(person, email=address, email_verified=proved)
    if change.risk_level is not None:
        person = replace(person, risk_level=change.risk_level)
    likes: Preferences = replace(person.preferences, **change.preferences)
    return replace(person, preferences=likes)


def _told(before: Person, after: Person) -> Action:
    """Names and addresses are personal: the chain itself says only that they changed."""
    old: Detail = {}
    new: Detail = {}
    personal: Detail = {}
    for name in ("name", "email"):
        if getattr(before, name) != getattr(after, name):
            new[name] = "changed"
            personal |= {f"{name}_before": getattr(before, name), name: getattr(after, name)}
    if before.risk_level != after.risk_level:
        old["risk_level"], new["risk_level"] = before.risk_level, after.risk_level
    for name in Preferences.__struct_fields__:
        was, now = getattr(before.preferences, name), getattr(after.preferences, name)
        if was != now:
            old[name], new[name] = was, now
    return Action(
        chain=after.id,
        action="person.profile_changed",
        target=after.id,
        before=old,
        after=new,
        personal=personal,
    )
