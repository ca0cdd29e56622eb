"""HTTP views of execution. Thin: translate, call the service, translate back."""

import csv
import hashlib
import io
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import Header, Path, Query, Response
from fastapi.responses import StreamingResponse
from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field

from hydradesk.accounts.contracts import private_name, public_name
from hydradesk.execution.contracts import Fill, Order, State
from hydradesk.execution.domain.intents import Wanted
from hydradesk.execution.service.orders import ExecutionService
from hydradesk.execution.store.orders import SqlOrderStore
from hydradesk.infra.http import Caller, Page, Principal, Routes, decode_cursor, encode_cursor
from hydradesk.kernel.errors import DeskError
from hydradesk.kernel.ids import AccountId, IdSource, OrderId
from hydradesk.kernel.numbers import parse_decimal, plain, quotient
from hydradesk.kernel.time import rfc3339
from hydradesk.kernel.tx import Transactions
from hydradesk.market.contracts import Instruments
from hydradesk.risk.contracts import OrderType, Refused, Side, TimeInForce

Limit = Annotated[int, Query(ge=1, le=500)]
Cursor = Annotated[str | None, Query(max_length=200, description="`next` of the last page")]
ETH: Any = {"ETH-USDT": {"value": "ETH-USDT"}}
OrderName = Annotated[str, Path(description="The order's id: its `client_id` if it had one")]
Key = Annotated[str | None, Header(max_length=128, description="Makes a repeat harmless")]
PRICE_STEP = Decimal("1e-8")


class RiskRefused(DeskError):
    """Guardian said no (HTTP 422); the body names the rule and the receipt."""

    code = "risk_refused"

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.detail, field="qty", fix=refused.fix)
        self.extra = {"rule": refused.rule, "receipt_id": public_name(refused.receipt)}


class OrderRequest(BaseModel):
    """An order to place. Decimals travel as strings."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"symbol": "ETH-USDT", "side": "buy", "type": "market", "qty": "0.5"}
        },
    )
    symbol: str = Field(max_length=32)
    side: Side
    type: OrderType
    qty: str = Field(max_length=64)
    price: str | None = Field(default=None, max_length=64)
    time_in_force: TimeInForce = "gtc"
    client_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    venue: str = Field(default="paper", max_length=32)


class OrderView(Struct, frozen=True, kw_only=True):
    """One order and where it stands."""

    id: str
    symbol: str
    side: Side
    type: OrderType
    qty: Decimal
    price: Decimal
    """The limit, or for a market order the worst price acceptable."""
    time_in_force: TimeInForce
    state: State
    filled: Decimal
    average_price: Decimal | None
    fees: Decimal
    origin: str
    signal_id: str | None
    reason: str | None
    venue: str
    created_at: str
    updated_at: str
    version: int


class TradeView(Struct, frozen=True, kw_only=True):
    """One fill."""

    id: str
    order_id: str
    symbol: str
    side: Side
    qty: Decimal
    price: Decimal
    notional: Decimal
    fee: Decimal
    at: str
    origin: str
    signal_id: str | None


ORDER = OrderView(
    id="o-7d1f",
    symbol="ETH-USDT",
    side="buy",
    type="market",
    qty=Decimal("0.5"),
    price=Decimal("2528.63"),
    time_in_force="gtc",
    state="filled",
    filled=Decimal("0.5"),
    average_price=Decimal("2408.94"),
    fees=Decimal("1.20447"),
    origin="manual",
    signal_id=None,
    reason=None,
    venue="paper",
    created_at="2025-06-24T01:46:00Z",
    updated_at="2025-06-24T01:46:15Z",
    version=3,
)
TRADE = TradeView(
    id="o-7d1f.1",
    order_id="o-7d1f",
    symbol="ETH-USDT",
    side="buy",
    qty=Decimal("0.5"),
    price=Decimal("2408.94"),
    notional=Decimal("1204.47"),
    fee=Decimal("1.20447"),
    at="2025-06-24T01:46:15Z",
    origin="manual",
    signal_id=None,
)


def order_view(order: Order) -> OrderView:
    """Show one order."""
    intent = order.intent
    average = quotient(order.paid, order.filled, PRICE_STEP) if order.filled else None
    return OrderView(
        id=public_name(order.id),
        symbol=intent.symbol,
        side=intent.side,
        type=intent.type,
        qty=intent.qty,
        price=intent.price,
        time_in_force=intent.time_in_force,
        state=order.state,
        filled=order.filled,
        average_price=None if average is None else plain(average),
        fees=order.fees,
        origin=intent.origin,
        signal_id=intent.signal,
        reason=order.reason,
        venue=order.venue,
        created_at=rfc3339(order.created_at),
        updated_at=rfc3339(order.updated_at),
        version=order.version,
    )


def trade_view(fill: Fill, origin: str, signal: str | None) -> TradeView:
    """Show one fill."""
    return TradeView(
        id=public_name(fill.id),
        order_id=public_name(fill.order_id),
        symbol=fill.symbol,
        side=fill.side,
        qty=fill.qty,
        price=fill.price,
        notional=plain(fill.notional),
        fee=fill.fee,
        at=rfc3339(fill.at),
        origin=origin,
        signal_id=signal,
    )


class OrderReader:
    """Reads orders and trades as their owner, through row-level security."""

    def __init__(self, db: Transactions, store: SqlOrderStore, instruments: Instruments) -> None:
        self._db, self._store, self._instruments = db, store, instruments

    async def one(self, account: AccountId, order: OrderId) -> Order:
        """Return one order; NotFound also for somebody else's."""
        async with self._db.begin(account) as tx:
            return await self._store.read(tx, order)

    async def page(
        self, me: AccountId, status: str | None, symbol: str | None, before: int | None, limit: int
    ) -> Page[OrderView]:
        """Return a page of orders, newest first."""
        done = None if status is None else status == "done"
        async with self._db.begin(me) as tx:
            rows = await self._store.page(
                tx, me, done=done, symbol=self._symbol(symbol), before=before, limit=limit
            )
        following = encode_cursor(rows[-1][0]) if len(rows) == limit else None
        return Page([order_view(order) for _, order in rows], following)

    async def trades(
        self, me: AccountId, symbol: str | None, before: int | None, limit: int
    ) -> tuple[list[TradeView], int | None]:
        """Return a page of trades, newest first, and where the next one begins."""
        async with self._db.begin(me) as tx:
            rows = await self._store.trades(tx, me, self._symbol(symbol), before, limit)
        views = [trade_view(fill, o.intent.origin, o.intent.signal) for _, fill, o in rows]
        return views, rows[-1][0] if len(rows) == limit else None

    def _symbol(self, symbol: str | None) -> str | None:
        return None if symbol is None else self._instruments.find(symbol).symbol


def order_routes(
    execution: ExecutionService, reader: OrderReader, instruments: Instruments, ids: IdSource
) -> Routes:
    """Build the order routes."""
    api = Routes("/orders", "orders")

    @api.add("POST", "", OrderView, status=201, example=ORDER, scope="orders:write")
    async def place_order(
        me: Caller, request: OrderRequest, idempotency_key: Key = None
    ) -> OrderView:
        """Place an order through Guardian. The same `client_id` again returns the same order."""
        name = request.client_id or _name("o", me, idempotency_key, ids)
        wanted = Wanted(
            id=_kept(me, name),
            account=me.account,
            side=request.side,
            type=request.type,
            qty=parse_decimal(request.qty, "qty"),
            price=None if request.price is None else parse_decimal(request.price, "price"),
            time_in_force=request.time_in_force,
        )
        symbol = instruments.find(request.symbol).symbol
        return _placed(await execution.submit_wanted(wanted, symbol, request.venue))

    @api.add("GET", "", Page[OrderView], example=Page([ORDER], "WzNd"), scope="orders:read")
    async def list_orders(
        me: Caller,
        status: Literal["open", "done"] | None = None,
        symbol: Annotated[str | None, Query(max_length=32)] = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Page[OrderView]:
        """Orders, newest first."""
        before = decode_cursor(cursor, (int,))
        return await reader.page(me.account, status, symbol, before[0] if before else None, limit)

    @api.add("GET", "/{order_id}", OrderView, example=ORDER, scope="orders:read")
    async def read_order(me: Caller, order_id: OrderName) -> OrderView:
        """One order."""
        return order_view(await reader.one(me.account, _kept(me, order_id)))

    @api.add("DELETE", "/{order_id}", OrderView, example=ORDER, scope="orders:write")
    async def cancel_order(me: Caller, order_id: OrderName) -> OrderView:
        """Cancel what is left of an order; 409 when it is done already."""
        return order_view(await execution.cancel(_kept(me, order_id), me.account))

    @api.add("DELETE", "", Page[OrderView], example=Page([ORDER]), scope="orders:write")
    async def cancel_all_orders(me: Caller) -> Page[OrderView]:
        """Cancel every live order; returns those that were cancelled."""
        return Page([order_view(one) for one in await execution.cancel_all(me.account)])

    return api


def trade_routes(reader: OrderReader) -> Routes:
    """Build the trade routes."""
    api = Routes("", "trades")

    @api.add("GET", "/trades", Page[TradeView], example=Page([TRADE], "WzNd"), scope="orders:read")
    async def list_trades(
        me: Caller,
        symbol: Annotated[str | None, Query(max_length=32)] = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Page[TradeView]:
        """Fills, newest first."""
        before = decode_cursor(cursor, (int,))
        rows, following = await reader.trades(
            me.account, symbol, before[0] if before else None, limit
        )
        return Page(rows, None if following is None else encode_cursor(following))

    @api.raw("GET", "/trades.csv", scope="orders:read")
    async def download_trades(me: Caller) -> Response:
        """Every fill as CSV, newest first."""
        headers = {"Content-Disposition": 'attachment; filename="trades.csv"'}
        lines = _csv(reader, me.account)
        return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)

    return api


def position_routes(execution: ExecutionService, ids: IdSource) -> Routes:
    """Build the route that closes a position; positions themselves are portfolio's."""
    api = Routes("/positions", "positions")

    @api.add("POST", "/{symbol}/close", OrderView, status=201, example=ORDER, scope="orders:write")
    async def close_position(
        me: Caller,
        symbol: Annotated[str, Path(description="Whose position", openapi_examples=ETH)],
        idempotency_key: Key = None,
    ) -> OrderView:
        """Sell all that is free of a symbol, at market."""
        name = _kept(me, _name("c", me, idempotency_key, ids))
        return _placed(await execution.close(me.account, symbol, name))

    return api


def _name(kind: str, me: Principal, key: str | None, ids: IdSource) -> str:
    """Name an order after the request that wants it: sent again after a fault, it is the same."""
    if key is None:
        return f"{kind}-{ids.new()}"
    whose = hashlib.sha256(f"{me.account} {key}".encode())
    return f"{kind}-{whose.hexdigest()[:26]}"


def _kept(me: Principal, name: str) -> OrderId:
    """Return the desk's own id of what the caller calls so."""
    return private_name(me.person, me.account, name)


def _placed(result: Order | Refused) -> OrderView:
    if isinstance(result, Refused):
        raise RiskRefused(result)
    return order_view(result)


async def _csv(reader: OrderReader, account: AccountId) -> AsyncIterator[str]:
    yield ",".join(TradeView.__struct_fields__) + "\r\n"
    before: int | None = None
    while True:
        rows, before = await reader.trades(account, None, before, 500)
        page = io.StringIO()
        writer = csv.writer(page)
        for row in rows:
            writer.writerow([getattr(row, name) for name in TradeView.__struct_fields__])
        yield page.getvalue()
        if before is None:
            return
