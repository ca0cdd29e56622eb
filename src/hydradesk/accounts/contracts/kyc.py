"""Who somebody is: cases, documents, verdicts. Instants are the wall clock's."""

from typing import Literal

from msgspec import Struct

from hydradesk.kernel.errors import Conflict
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import TimeNs

DocumentKind = Literal["passport", "id_card", "proof_of_address"]
DocumentType = Literal["image/png", "image/jpeg", "application/pdf"]


class SanctionsHit(Conflict):
    """The person, or a wallet of theirs, is on the operator's list."""

    code = "sanctions_hit"


class Document(Struct, frozen=True, kw_only=True):
    """A file somebody showed; its bytes are sealed elsewhere."""

    id: str
    person: PersonId
    kind: DocumentKind
    name: str
    type: DocumentType
    size: int
    uploaded_at: TimeNs


class Case(Struct, frozen=True, kw_only=True):
    """One person's latest request to be somebody."""

    person: PersonId
    wanted: int
    """The level asked for: 1 or 2."""
    submitted_at: TimeNs
    provider: str
    hit: str | None = None
    """What the sanctions list says, at the last look."""
    decided_at: TimeNs | None = None
    decided_by: str | None = None
    approved: bool | None = None
    reason: str | None = None
    """Why it was refused, or what was remarked; the person reads it. Personal."""


class Verdict(Struct, frozen=True, kw_only=True):
    """What a provider, or staff, decides."""

    approved: bool
    level: int
    reason: str = ""
    expires_at: TimeNs | None = None
    """When an approval ends; None: after the desk's own time."""
