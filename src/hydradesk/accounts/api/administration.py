"""Routes of those who look after people: search, change, sign out, the whole trail, overview."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

from fastapi import Path, Query
from msgspec import Struct
from pydantic import Field

from hydradesk.accounts.api.account import (
    ENTRY,
    AuditEntryView,
    Cursor,
    Limit,
    entry_view,
)
from hydradesk.accounts.api.sign_in import PRINTABLE, Body
from hydradesk.accounts.api.views import ALICE, PersonView, person_view
from hydradesk.accounts.contracts import Role, Status
from hydradesk.accounts.contracts.administration import PeopleFilter, PersonRow, TrailFilter
from hydradesk.accounts.service.administration import AdministrationService
from hydradesk.accounts.service.audit import AuditKeeper, Proof
from hydradesk.accounts.service.security import SecurityEvents
from hydradesk.infra.http import Caller, Page, Routes, decode_cursor, encode_cursor
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import parse_time, rfc3339

Id = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_-]+$", description="Its id")]
Word = Annotated[str | None, Query(max_length=64, pattern=r"^[A-Za-z0-9_.:-]*$")]
Moment = Annotated[str | None, Query(max_length=40, description="RFC 3339")]
Reason = Annotated[str, Field(min_length=1, max_length=500, pattern=PRINTABLE)]


class Why(Body):
    """Why something is done; kept with the entry in the audit trail."""

    reason: Reason


class PersonChange(Body):
    """What somebody becomes, and why."""

    role: Role | None = None
    status: Literal["active", "suspended"] | None = None
    reason: Reason


class StaffPersonView(Struct, frozen=True, kw_only=True):
    """A person with what belongs to them."""

    person: PersonView
    credentials: int
    sessions: int
    """Open ones."""
    last_seen_at: str | None


class SignedOutView(Struct, frozen=True):
    """How many sessions ended."""

    closed: int


class BrokenView(Struct, frozen=True, kw_only=True):
    """The first row that does not hold."""

    chain: str
    seq: int
    what: str
    detail: str


class ProofView(Struct, frozen=True, kw_only=True):
    """What was proved of the audit trail."""

    ok: bool
    chains: int
    entries: int
    anchors: int
    last_anchor: str
    broken: BrokenView | None


class OverviewView(Struct, frozen=True, kw_only=True):
    """The desk at a glance."""

    people: int
    people_by_role: dict[str, int]
    active_sessions: int
    kyc_pending: int
    withdrawals_pending: int
    security_events_24h: int
    halted: bool


class Glance(Struct, frozen=True, kw_only=True):
    """What the overview asks of other rooms."""

    withdrawals: Callable[[], Awaitable[int]]
    halted: Callable[[], Awaitable[bool]]


ROW = StaffPersonView(
    person=person_view(ALICE), credentials=2, sessions=1, last_seen_at="2025-06-24T12:00:00Z"
)
PROOF = ProofView(
    ok=True, chains=3, entries=1204, anchors=310, last_anchor=f"310:{'5a' * 32}", broken=None
)
OVERVIEW = OverviewView(
    people=12,
    people_by_role={"user": 10, "pro": 1, "admin": 1},
    active_sessions=7,
    kyc_pending=2,
    withdrawals_pending=1,
    security_events_24h=31,
    halted=False,
)


def staff_view(row: PersonRow) -> StaffPersonView:
    """Show a person to staff."""
    seen = row.last_seen_at
    return StaffPersonView(
        person=person_view(row.person),
        credentials=row.credentials,
        sessions=row.sessions,
        last_seen_at=None if seen is None else rfc3339(seen),
    )


def proof_view(proof: Proof) -> ProofView:
    """Show what was proved."""
    one = proof.broken
    broken = None
    if one is not None:
        broken = BrokenView(chain=one.chain, seq=one.seq, what=one.what, detail=one.detail)
    return ProofView(
        ok=proof.ok,
        chains=proof.chains,
        entries=proof.entries,
        anchors=proof.anchors,
        last_anchor=proof.last_anchor,
        broken=broken,
    )


def people_routes(service: AdministrationService) -> Routes:
    """Build the routes about people."""
    api = Routes("/admin/people", "admin")
    page = Page([ROW])

    @api.add("GET", "", Page[StaffPersonView], example=page, scope="support:read")
    async def list_people(
        *,
        query: Annotated[str | None, Query(max_length=100, pattern=PRINTABLE)] = None,
        role: Role | None = None,
        status: Status | None = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Page[StaffPersonView]:
        """People, the newest first; `query` is part of a name or address, or an id."""
        before = decode_cursor(cursor, (int, str))
        wanted = PeopleFilter(query=query, role=role, status=status)
        rows = await service.people(wanted, (before[0], before[1]) if before else None, limit)
        last = rows[-1].person if len(rows) == limit else None
        following = encode_cursor(last.created_at, last.id) if last else None
        return Page([staff_view(one) for one in rows], following)

    @api.add("GET", "/{person}", StaffPersonView, example=ROW, scope="support:read")
    async def read_person(person: Id) -> StaffPersonView:
        """One person."""
        return staff_view(await service.person(PersonId(person)))

    @api.add("PATCH", "/{person}", StaffPersonView, example=ROW, scope="admin:write", step_up=True)
    async def change_person(person: Id, request: PersonChange) -> StaffPersonView:
        """Give somebody another role, suspend them, or let them in again; never yourself."""
        changed = await service.change(
            PersonId(person), request.role, request.status, request.reason
        )
        return staff_view(changed)

    @api.add(
        "POST",
        "/{person}/sign-out",
        SignedOutView,
        example=SignedOutView(2),
        scope="admin:write",
        step_up=True,
    )
    async def sign_out_person(person: Id, request: Why) -> SignedOutView:
        """End every session of somebody."""
        return SignedOutView(await service.sign_out(PersonId(person), request.reason))

    return api


def trail_routes(service: AdministrationService, keeper: AuditKeeper) -> Routes:
    """Build the routes about the audit trail."""
    api = Routes("/admin/audit", "admin")

    @api.add("GET", "", Page[AuditEntryView], example=Page([ENTRY]), scope="support:read")
    async def search_audit(  # noqa: PLR0913  (query parameters)
        *,
        chain: Word = None,
        actor: Word = None,
        action: Word = None,
        start: Annotated[Moment, Query(alias="from")] = None,
        end: Annotated[Moment, Query(alias="to")] = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Page[AuditEntryView]:
        """Entries of all trails, the newest first; `action` is how it begins."""
        before = decode_cursor(cursor, (int, str, int))
        wanted = TrailFilter(
            chain=chain,
            actor=actor,
            action=action,
            start=parse_time(start, "from") if start else None,
            end=parse_time(end, "to") if end else None,
        )
        place = (before[0], before[1], before[2]) if before else None
        rows = await service.trail(wanted, place, limit)
        last = rows[-1] if len(rows) == limit else None
        following = encode_cursor(last.entry.at, last.entry.chain, last.seq) if last else None
        return Page([entry_view(one) for one in rows], following)

    @api.add("GET", "/verify", ProofView, example=PROOF, scope="support:read")
    async def verify_audit() -> ProofView:
        """Prove every chain and the anchors; `broken` names the first row that does not hold."""
        return proof_view(await keeper.verify())

    return api


def overview_routes(
    service: AdministrationService, security: SecurityEvents, glance: Glance
) -> Routes:
    """Build the route of the overview."""
    api = Routes("/admin/overview", "admin")

    @api.add("GET", "", OverviewView, example=OVERVIEW, scope="admin:read")
    async def read_overview(me: Caller) -> OverviewView:
        """The desk at a glance."""
        counts = await service.counts()
        return OverviewView(
            people=counts.people,
            people_by_role=counts.by_role,
            active_sessions=counts.sessions,
            kyc_pending=counts.kyc_pending,
            withdrawals_pending=await glance.withdrawals(),
            security_events_24h=await security.today(),
            halted=await glance.halted(),
        )

    return api
