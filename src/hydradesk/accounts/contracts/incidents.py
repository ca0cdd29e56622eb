"""Security events, feature switches and incidents as they are kept."""

from typing import Literal

from msgspec import Struct

from hydradesk.accounts.contracts.audit import Detail
from hydradesk.accounts.contracts.security import Feature, SecurityKind, Severity
from hydradesk.kernel.events import Fact
from hydradesk.kernel.time import TimeNs

Playbook = Literal["credential_stuffing", "key_leak", "drift"]
IncidentState = Literal["open", "contained", "closed"]


class SecurityEvent(Struct, frozen=True, kw_only=True):
    """Somebody tried something. Instants are the wall clock's."""

    id: int = 0
    """0 until it is stored."""
    at: TimeNs
    kind: SecurityKind
    severity: Severity
    subject: str
    ip: str
    """Personal; forgotten after a while."""
    request: str
    detail: Detail
    incident: str | None = None
    """The incident it belongs to, once there is one."""


class Switch(Struct, frozen=True, kw_only=True):
    """One feature, on or off."""

    name: Feature
    enabled: bool = True
    changed_at: TimeNs | None = None
    changed_by: str | None = None


class Step(Struct, frozen=True, kw_only=True):
    """Something that was done about an incident."""

    at: TimeNs
    step: str
    detail: str


class Incident(Struct, frozen=True, kw_only=True):
    """Trouble, and what was done about it."""

    id: str
    playbook: Playbook
    state: IncidentState
    subject: str
    reason: str
    opened_at: TimeNs
    opened_by: str
    """A person's id, or `system`."""
    closed_at: TimeNs | None = None
    steps: tuple[Step, ...] = ()
    version: int = 1


class IncidentMoved(Fact, frozen=True, kw_only=True, tag="accounts.incident_moved.v1"):
    """An incident was opened, contained or closed. Holds nothing personal."""

    incident: str
    playbook: Playbook
    state: IncidentState
    summary: str
