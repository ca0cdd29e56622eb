"""HTTP views of risk. Thin: translate, call the service, translate back."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Annotated

from fastapi import Query
from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field

from hydradesk.accounts.contracts import person_of, public_name
from hydradesk.infra.http import Caller, Page, Routes, decode_cursor, encode_cursor
from hydradesk.kernel.ids import Symbol
from hydradesk.kernel.numbers import plain
from hydradesk.kernel.time import MILLISECOND, rfc3339
from hydradesk.risk.contracts import Bound, Check, Judgement, Side
from hydradesk.risk.service import Profiles, RiskService, Standing

PRINTABLE = r"^[^\x00-\x1f\x7f]+$"

WHOLE_DESK = "desk:write"
"""Whoever may do this halts and resumes everybody."""


class Used(Struct, frozen=True, kw_only=True):
    """What is used of the limits, quote units."""

    gross: Decimal
    reserved: Decimal
    daily_loss: Decimal


class LimitsView(Struct, frozen=True, kw_only=True):
    """Limits as shown to their owner; decimals travel as strings."""

    order_max: Decimal
    gross_max: Decimal
    daily_loss_max: Decimal
    risk_per_trade: Decimal
    price_age_max_ms: int
    collar: Decimal
    halted: bool
    halt_reason: str | None
    used: Used


class JudgementView(Struct, frozen=True, kw_only=True):
    """One verdict of Guardian with every rule's answer."""

    id: str
    order_id: str
    symbol: str
    side: Side
    qty: Decimal
    price: Decimal
    approved: bool
    rule: str | None
    detail: str
    checks: tuple[Check, ...]
    limits: dict[Bound, str]
    """The limits it was judged by, and whose they were."""
    origin: str
    at: str


class HaltRequest(BaseModel):
    """Why trading stops."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"reason": "news at 14:00"}}
    )
    reason: str = Field(default="stopped by hand", min_length=1, max_length=200, pattern=PRINTABLE)


LIMITS = LimitsView(
    order_max=Decimal(25_000),
    gross_max=Decimal(200_000),
    daily_loss_max=Decimal(5_000),
    risk_per_trade=Decimal("0.01"),
    price_age_max_ms=90_000,
    collar=Decimal("0.05"),
    halted=False,
    halt_reason=None,
    used=Used(
        gross=Decimal("24704.484048"), reserved=Decimal(0), daily_loss=Decimal("229.98748624")
    ),
)
JUDGEMENT = JudgementView(
    id="o-7d1f.1",
    order_id="o-7d1f",
    symbol="ETH-USDT",
    side="buy",
    qty=Decimal(100),
    price=Decimal("2528.63"),
    approved=False,
    rule="order_size",
    detail="at most 25000 USDT a trade, this is 252863",
    checks=(
        Check(rule="halted", ok=True, detail=""),
        Check(rule="order_size", ok=False, detail="at most 25000 USDT a trade, this is 252863"),
    ),
    limits={"order_max": "the limit of 25000"},
    origin="manual",
    at="2025-06-24T01:46:15Z",
)


def judgement_view(judgement: Judgement) -> JudgementView:
    """Show one verdict."""
    intent = judgement.intent
    return JudgementView(
        id=public_name(judgement.id),
        order_id=public_name(intent.id),
        symbol=intent.symbol,
        side=intent.side,
        qty=intent.qty,
        price=intent.price,
        approved=judgement.approved,
        rule=judgement.rule,
        detail=judgement.detail,
        checks=judgement.checks,
        limits=judgement.limits,
        origin=intent.origin,
        at=rfc3339(judgement.at),
    )


def limits_view(standing: Standing) -> LimitsView:
    """Show the limits beside their use."""
    limits, exposure = standing.limits, standing.exposure
    return LimitsView(
        order_max=limits.order_max,
        gross_max=limits.gross_max,
        daily_loss_max=limits.daily_loss_max,
        risk_per_trade=limits.risk_per_trade,
        price_age_max_ms=limits.price_age_max_ns // MILLISECOND,
        collar=limits.collar,
        halted=standing.halted is not None,
        halt_reason=standing.halted,
        used=Used(
            gross=exposure.gross,
            reserved=plain(standing.reserved),
            daily_loss=plain(max(Decimal(0), exposure.equity_at_midnight - exposure.equity)),
        ),
    )


def routes(risk: RiskService, profiles: Profiles, refresh: Callable[[], Awaitable[None]]) -> Routes:
    """Build the routes around the services; `refresh` publishes what a write emitted."""
    api = Routes("/risk", "risk")

    @api.add("GET", "/limits", LimitsView, example=LIMITS, scope="risk:read")
    async def read_limits(me: Caller) -> LimitsView:
        """The limits in force, and how much of each is used."""
        return limits_view(await risk.standing(me.account, Symbol("")))

    @api.add(
        "GET", "/judgements", Page[JudgementView], example=Page([JUDGEMENT]), scope="risk:read"
    )
    async def list_judgements(
        me: Caller,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        cursor: Annotated[str | None, Query(max_length=200)] = None,
    ) -> Page[JudgementView]:
        """Guardian's verdicts, newest first, each with every rule's answer."""
        before = decode_cursor(cursor, (int,))
        rows = await risk.judgements(me.account, before[0] if before else None, limit)
        following = encode_cursor(rows[-1][0]) if len(rows) == limit else None
        return Page([judgement_view(one) for _, one in rows], following)

    @api.add("POST", "/halt", LimitsView, example=LIMITS, scope="risk:write")
    async def halt_trading(me: Caller, request: HaltRequest) -> LimitsView:
        """Refuse every order but reductions, until resumed; survives a restart.

        Your own orders; everybody's when you may run the desk.
        """
        if WHOLE_DESK in me.scopes:
            await risk.halt(request.reason)
        else:
            await profiles.halt(person_of(me.account), request.reason)
        await refresh()
        return limits_view(await risk.standing(me.account, Symbol("")))

    @api.add("POST", "/resume", LimitsView, example=LIMITS, scope="risk:write")
    async def resume_trading(me: Caller) -> LimitsView:
        """Trade again. What the whole desk has halted stays halted, unless you may run the desk."""
        if WHOLE_DESK in me.scopes:
            await risk.resume()
        await profiles.halt(person_of(me.account), None)
        await refresh()
        return limits_view(await risk.standing(me.account, Symbol("")))

    return api
