"""Routes of incidents."""

from typing import Annotated, Literal

from msgspec import Struct
from pydantic import Field

from hydradesk.accounts.api.account import Cursor, Limit
from hydradesk.accounts.api.administration import Id, Reason
from hydradesk.accounts.api.sign_in import Body
from hydradesk.accounts.contracts.incidents import Incident
from hydradesk.accounts.domain.incidents import report
from hydradesk.accounts.service.incidents import IncidentService
from hydradesk.infra.http import Page, Routes, decode_cursor, encode_cursor
from hydradesk.kernel.time import rfc3339


class StepView(Struct, frozen=True, kw_only=True):
    """Something that was done."""

    at: str
    step: str
    detail: str


class IncidentView(Struct, frozen=True, kw_only=True):
    """Trouble, and what was done about it."""

    id: str
    playbook: str
    state: str
    subject: str
    reason: str
    opened_at: str
    opened_by: str
    closed_at: str | None
    steps: list[StepView]
    report: str
    """The same in Markdown."""


class IncidentRequest(Body):
    """Which playbook, about what: a key's id or `signing` for key_leak."""

    playbook: Literal["credential_stuffing", "key_leak", "drift"]
    subject: Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9_.:-]*$")] = ""
    reason: Reason


INCIDENT = IncidentView(
    id="i-01m7yyy24y",
    playbook="key_leak",
    state="contained",
    subject="hd_5ca1ab1e5ca1ab1e",
    reason="found in a public repository",
    opened_at="2025-06-24T12:00:00Z",
    opened_by="p-0197b3c2",
    closed_at=None,
    steps=[StepView(at="2025-06-24T12:00:00Z", step="key deleted", detail="p-0197b3c2")],
    report="# Incident i-01m7yyy24y: key leak",
)


def incident_view(incident: Incident) -> IncidentView:
    """Show an incident."""
    ended = incident.closed_at
    return IncidentView(
        id=incident.id,
        playbook=incident.playbook,
        state=incident.state,
        subject=incident.subject,
        reason=incident.reason,
        opened_at=rfc3339(incident.opened_at),
        opened_by=incident.opened_by,
        closed_at=None if ended is None else rfc3339(ended),
        steps=[
            StepView(at=rfc3339(one.at), step=one.step, detail=one.detail) for one in incident.steps
        ],
        report=report(incident),
    )


def incident_routes(service: IncidentService) -> Routes:
    """Build the routes of incidents."""
    api = Routes("/admin/incidents", "admin")

    @api.add("GET", "", Page[IncidentView], example=Page([INCIDENT]), scope="admin:read")
    async def list_incidents(limit: Limit = 50, cursor: Cursor = None) -> Page[IncidentView]:
        """Incidents, the newest first."""
        before = decode_cursor(cursor, (int, str))
        found = await service.page((before[0], before[1]) if before else None, limit)
        last = found[-1] if len(found) == limit else None
        following = encode_cursor(last.opened_at, last.id) if last else None
        return Page([incident_view(one) for one in found], following)

    @api.add(
        "POST",
        "",
        IncidentView,
        status=201,
        example=INCIDENT,
        scope="admin:write",
        step_up=True,
    )
    async def open_incident(request: IncidentRequest) -> IncidentView:
        """Open an incident: its playbook acts at once, and this answers with what it did."""
        opened = await service.open(request.playbook, request.subject, request.reason)
        return incident_view(opened)

    @api.add(
        "POST",
        "/{incident}/close",
        IncidentView,
        example=INCIDENT,
        scope="admin:write",
        step_up=True,
    )
    async def close_incident(incident: Id) -> IncidentView:
        """Say that it is over. What was contained stays so: unlock and resume by hand."""
        return incident_view(await service.close(incident))

    return api
