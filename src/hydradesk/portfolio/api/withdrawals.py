"""HTTP views of withdrawals. Thin: translate, call the service, translate back."""

import hashlib
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Annotated

from fastapi import Header, Path, Query
from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field

from hydradesk.infra.http import Caller, Page, Principal, Routes, decode_cursor, encode_cursor
from hydradesk.kernel.ids import IdSource, PersonId
from hydradesk.kernel.numbers import parse_decimal
from hydradesk.kernel.time import rfc3339
from hydradesk.portfolio.contracts import Withdrawal, WithdrawalState
from hydradesk.portfolio.service.withdrawals import Asked, WithdrawalService

PRINTABLE = r"^[^\x00-\x1f\x7f]+$"
Limit = Annotated[int, Query(ge=1, le=500)]
Cursor = Annotated[str | None, Query(max_length=200, description="`next` of the last page")]
Name = Annotated[str, Path(max_length=64, description="The withdrawal's id")]
Key = Annotated[str | None, Header(max_length=128, description="Makes a repeat harmless")]


class WithdrawalView(Struct, frozen=True, kw_only=True):
    """Something on its way out."""

    id: str
    asset: str
    qty: Decimal
    address: str
    state: WithdrawalState
    reason: str | None
    created_at: str
    releases_at: str
    """It does not leave before."""
    decided_by: str | None


class DecidedView(WithdrawalView, frozen=True, kw_only=True):
    """The same for who looks after it."""

    person: str
    account: str
    value: Decimal
    """Quote units when it was asked for."""


class WithdrawalRequest(BaseModel):
    """What to send, and where."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"asset": "ETH", "qty": "0.5", "address_id": "ad-01k"}},
    )
    asset: str = Field(max_length=16, pattern=r"^[A-Z0-9]+$")
    qty: str = Field(max_length=64)
    address_id: str = Field(max_length=64, pattern=r"^[A-Za-z0-9-]+$")


class DecisionRequest(BaseModel):
    """Why."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"reason": "source of funds seen"}}
    )
    reason: str = Field(min_length=1, max_length=200, pattern=PRINTABLE)


WITHDRAWAL = WithdrawalView(
    id="w-01k",
    asset="ETH",
    qty=Decimal("0.5"),
    address="0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    state="delayed",
    reason=None,
    created_at="2026-11-21T10:00:00Z",
    releases_at="2026-11-21T11:00:00Z",
    decided_by=None,
)
DECIDED = DecidedView(
    id="w-01k",
    asset="ETH",
    qty=Decimal(5),
    address="0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    state="approved",
    reason="source of funds seen",
    created_at="2026-11-21T10:00:00Z",
    releases_at="2026-11-21T11:00:00Z",
    decided_by="p-7d1f",
    person="p-01k",
    account="paper-s0001-p-01k-1",
    value=Decimal("12041.1"),
)


def withdrawal_view(one: Withdrawal) -> WithdrawalView:
    """Show one withdrawal to its owner."""
    return WithdrawalView(
        id=one.id,
        asset=one.asset,
        qty=one.qty,
        address=one.address,
        state=one.state,
        reason=one.reason,
        created_at=rfc3339(one.created_at),
        releases_at=rfc3339(one.releases_at),
        decided_by=one.decided_by,
    )


def decided_view(one: Withdrawal) -> DecidedView:
    """Show one withdrawal to who looks after it."""
    shown = withdrawal_view(one)
    own = {name: getattr(shown, name) for name in WithdrawalView.__struct_fields__}
    return DecidedView(**own, person=one.person, account=one.account, value=one.value)


def withdrawal_routes(
    service: WithdrawalService, ids: IdSource, publish: Callable[[], Awaitable[None]]
) -> Routes:
    """Build the routes of one's own; `publish` delivers what a write emitted before we answer."""
    api = Routes("/portfolio/withdrawals", "withdrawals")

    @api.add("GET", "", Page[WithdrawalView], example=Page([WITHDRAWAL]), scope="withdrawals:read")
    async def list_withdrawals(
        me: Caller, limit: Limit = 50, cursor: Cursor = None
    ) -> Page[WithdrawalView]:
        """Your withdrawals, newest first."""
        before = decode_cursor(cursor, (int,))
        rows = await service.page(_whose(me), before[0] if before else None, limit)
        following = encode_cursor(rows[-1][0]) if len(rows) == limit else None
        return Page([withdrawal_view(one) for _, one in rows], following)

    @api.add(
        "POST",
        "",
        WithdrawalView,
        status=201,
        example=WITHDRAWAL,
        scope="withdrawals:write",
        step_up=True,
    )
    async def ask_withdrawal(
        me: Caller, request: WithdrawalRequest, idempotency_key: Key = None
    ) -> WithdrawalView:
        """Send something to an address on your list. It is set aside at once, and leaves later."""
        asked = Asked(
            id=_name(me, idempotency_key, ids),
            person=_whose(me),
            asset=request.asset,
            qty=parse_decimal(request.qty, "qty"),
            address_id=request.address_id,
        )
        one = await service.ask(asked)
        await publish()
        return withdrawal_view(one)

    @api.add(
        "DELETE",
        "/{withdrawal_id}",
        WithdrawalView,
        example=WITHDRAWAL,
        scope="withdrawals:write",
    )
    async def cancel_withdrawal(me: Caller, withdrawal_id: Name) -> WithdrawalView:
        """Take back what has not left yet; 409 when it has, or has ended."""
        one = await service.cancel(_whose(me), withdrawal_id)
        await publish()
        return withdrawal_view(one)

    return api


def admin_withdrawal_routes(
    service: WithdrawalService, publish: Callable[[], Awaitable[None]]
) -> Routes:
    """Build the routes of who looks after everybody's."""
    api = Routes("/admin/withdrawals", "admin")

    @api.add("GET", "", Page[DecidedView], example=Page([DECIDED]), scope="support:read")
    async def list_everybodys_withdrawals(
        me: Caller,
        state: WithdrawalState | None = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Page[DecidedView]:
        """Everybody's withdrawals, newest first; `pending` ones wait for a decision."""
        before = decode_cursor(cursor, (int,))
        rows = await service.everybodys(state, before[0] if before else None, limit)
        following = encode_cursor(rows[-1][0]) if len(rows) == limit else None
        return Page([decided_view(one) for _, one in rows], following)

    @api.add(
        "POST",
        "/{withdrawal_id}/approve",
        DecidedView,
        example=DECIDED,
        scope="admin:write",
        step_up=True,
    )
    async def approve_withdrawal(
        me: Caller, withdrawal_id: Name, request: DecisionRequest
    ) -> DecidedView:
        """Let one leave once its delay is over."""
        one = await service.approve(_whose(me), withdrawal_id, request.reason)
        await publish()
        return decided_view(one)

    @api.add(
        "POST",
        "/{withdrawal_id}/reject",
        DecidedView,
        example=DECIDED,
        scope="admin:write",
        step_up=True,
    )
    async def reject_withdrawal(
        me: Caller, withdrawal_id: Name, request: DecisionRequest
    ) -> DecidedView:
        """Refuse one; what it held goes back to its owner."""
        one = await service.reject(_whose(me), withdrawal_id, request.reason)
        await publish()
        return decided_view(one)

    return api


def _whose(me: Principal) -> PersonId:
    assert me.person is not None, me
    return me.person


def _name(me: Principal, key: str | None, ids: IdSource) -> str:
    """Name a withdrawal after the request that wants it: sent again after a fault, it is one."""
    if key is None:
        return f"w-{ids.new()}"
    return f"w-{hashlib.sha256(f'{me.person} {key}'.encode()).hexdigest()[:26]}"
