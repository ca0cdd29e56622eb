"""What the desk's staff see of people and of the audit trail."""

from msgspec import Struct

from hydradesk.accounts.contracts.people import Person
from hydradesk.accounts.contracts.trail import Entry
from hydradesk.kernel.time import TimeNs


class PersonRow(Struct, frozen=True, kw_only=True):
    """One person with what belongs to them."""

    person: Person
    credentials: int
    sessions: int
    """Open ones."""
    last_seen_at: TimeNs | None


class PeopleFilter(Struct, frozen=True, kw_only=True):
    """Which people; None: all."""

    query: str | None = None
    """Part of a name or address, or a whole id."""
    role: str | None = None
    status: str | None = None


class TrailFilter(Struct, frozen=True, kw_only=True):
    """Which entries; None: all."""

    chain: str | None = None
    actor: str | None = None
    action: str | None = None
    """How the action begins."""
    start: TimeNs | None = None
    end: TimeNs | None = None


class TrailRow(Struct, frozen=True, kw_only=True):
    """One entry of the trail, with its place and from where."""

    seq: int
    entry: Entry
    ip: str
    """Empty when it was erased, or never known."""


class Counts(Struct, frozen=True, kw_only=True):
    """How many there are."""

    people: int
    by_role: dict[str, int]
    sessions: int
    kyc_pending: int
