"""A trader's journal: what somebody thought, beside what they did."""

from msgspec import Struct

from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import TimeNs


class JournalEntry(Struct, frozen=True, kw_only=True):
    """One note. Personal: it leaves with the person."""

    id: str
    """The writer's own name for it, or ours; unique for the person."""
    person: PersonId
    at: TimeNs
    """Wall clock."""
    text: str
    symbol: str | None = None
    order_id: str | None = None
