"""Routes of one's own account: profile and trail."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import Query
from msgspec import Struct
from pydantic import Field

from hydradesk.accounts.api.sign_in import Body, Email, PersonName
from hydradesk.accounts.api.views import ALICE, PersonView, person_view
from hydradesk.accounts.contracts import RISK_LEVELS, RiskLevel
from hydradesk.accounts.contracts.administration import TrailRow
from hydradesk.accounts.service.administration import AdministrationService
from hydradesk.accounts.service.profile import ProfileChange, ProfileService
from hydradesk.infra.http import (
    Caller,
    Page,
    Principal,
    Routes,
    StepUp,
    decode_cursor,
    encode_cursor,
)
from hydradesk.kernel.errors import Unauthenticated
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import TimeNs, rfc3339

Limit = Annotated[int, Query(ge=1, le=500)]
Cursor = Annotated[str | None, Query(max_length=400)]


class PreferencesChange(Body):
    """Preferences that change; what is left out stays."""

    theme: Literal["system", "dark", "light"] | None = None
    symbol: Annotated[str, Field(max_length=32, pattern=r"^[A-Z0-9]+(-[A-Z0-9]+)*$")] | None = None
    timeframe: Literal["1m", "5m", "15m", "1h", "4h", "1d"] | None = None
    sounds: bool | None = None


class AccountChange(Body):
    """What changes; what is left out stays. A new address needs a fresh proof."""

    name: PersonName | None = None
    email: Email | None = None
    risk_level: RiskLevel | None = None
    preferences: PreferencesChange | None = None


class AuditEntryView(Struct, frozen=True, kw_only=True):
    """One entry of the audit trail."""

    chain: str
    """Whose trail: a person's id, or `desk`."""
    seq: int
    at: str
    actor: str
    via: str
    action: str
    target: str
    before: dict[str, str | int | bool | None]
    after: dict[str, str | int | bool | None]
    ip: str | None
    """Null when it was erased, was never known, or is somebody else's."""
    request_id: str
    ok: bool
    """False: it was refused."""


ENTRY = AuditEntryView(
    chain="p-0197b3c2",
    seq=42,
    at="2025-06-24T12:00:00Z",
    actor="p-0197b3c2",
    via="session:s-1",
    action="order.placed",
    target="o-7d1f",
    before={},
    after={"symbol": "ETH-USDT", "side": "buy", "qty": "0.5"},
    ip="203.0.113.9",
    request_id="0f8e2c",
    ok=True,
)


def entry_view(row: TrailRow, seen_by: PersonId | None = None) -> AuditEntryView:
    """Show an entry; `seen_by` a person, who does not learn from where others work."""
    entry = row.entry
    hidden = seen_by is not None and entry.actor not in (seen_by, "anonymous")
    return AuditEntryView(
        chain=entry.chain,
        seq=row.seq,
        at=rfc3339(entry.at),
        actor=entry.actor,
        via="" if hidden else entry.via,
        action=entry.action,
        target=entry.target,
        before=entry.before,
        after=entry.after,
        ip=None if hidden or not row.ip else row.ip,
        request_id=entry.request,
        ok=entry.ok,
    )


def person_of(me: Principal) -> PersonId:
    """Return who is calling; every scope of these routes needs somebody."""
    if me.person is None:
        raise Unauthenticated("sign in first", fix="sign in, or send an API key")
    return me.person


def require_fresh(me: Principal, now: TimeNs) -> None:
    """Refuse who has not proved lately who they are."""
    if me.fresh_until < now:
        raise StepUp("prove again that it is you", fix="POST /api/auth/step-up, then repeat")


async def _bolder(profile: ProfileService, me: Principal, request: AccountChange) -> bool:
    if request.risk_level is None:
        return False
    held = (await profile.read(person_of(me))).risk_level
    return RISK_LEVELS.index(request.risk_level) > RISK_LEVELS.index(held)


def account_routes(
    profile: ProfileService, administration: AdministrationService, now: Callable[[], TimeNs]
) -> Routes:
    """Build the routes of one's own profile and trail; `now` is the wall clock's."""
    api = Routes("/account", "account")

    @api.add("GET", "", PersonView, example=person_view(ALICE), scope="account:read")
    async def read_account(me: Caller) -> PersonView:
        """What the desk knows of you."""
        return person_view(await profile.read(person_of(me)))

    @api.add("PATCH", "", PersonView, example=person_view(ALICE), scope="account:write")
    async def change_account(me: Caller, request: AccountChange) -> PersonView:
        """Change name, address, risk level or preferences.

        A new address needs step-up, and so does a higher risk level: it raises limits.
        """
        if request.email is not None or await _bolder(profile, me, request):
            require_fresh(me, now())
        likes: dict[str, Any] = {}
        if request.preferences is not None:
            likes = request.preferences.model_dump(exclude_none=True)
        change = ProfileChange(
            name=request.name,
            email=request.email,
            risk_level=request.risk_level,
            preferences=likes,
        )
        return person_view(await profile.change(person_of(me), change))

    @api.add("GET", "/audit", Page[AuditEntryView], example=Page([ENTRY]), scope="account:read")
    async def list_own_audit(
        me: Caller, limit: Limit = 50, cursor: Cursor = None
    ) -> Page[AuditEntryView]:
        """What was done by you and to you, the newest first."""
        before = decode_cursor(cursor, (int,))
        person = person_of(me)
        rows = await administration.own_trail(person, before[0] if before else None, limit)
        following = encode_cursor(rows[-1].seq) if len(rows) == limit else None
        return Page([entry_view(one, person) for one in rows], following)

    return api
