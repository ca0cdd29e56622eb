"""HTTP views of the portfolio. Thin: translate, call the service, translate back."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Annotated

from fastapi import Query
from msgspec import Struct
from pydantic import BaseModel, ConfigDict

from hydradesk.accounts.contracts import ENTITLEMENTS, Account, MembershipRequired
from hydradesk.infra.http import Caller, Page, Principal, Routes
from hydradesk.kernel.ids import AccountId, PersonId
from hydradesk.kernel.numbers import MONEY, plain, quotient
from hydradesk.kernel.time import Clock, rfc3339
from hydradesk.market.contracts import Prices
from hydradesk.portfolio.contracts import EquityPoint, Position
from hydradesk.portfolio.service import Opener, PortfolioService

STEP = Decimal("1e-8")
PERCENT_STEP = Decimal("0.01")


class PortfolioView(Struct, frozen=True, kw_only=True):
    """What the paper account is worth now, quote units."""

    account: str
    session: str
    asset: str
    paper: bool
    cash: Decimal
    held: Decimal
    exposure: Decimal
    equity: Decimal
    deposit: Decimal
    withdrawn: Decimal
    """What has left, at the prices of then."""
    profit: Decimal
    profit_pct: Decimal
    day_profit: Decimal
    """Since UTC midnight of the desk clock."""
    realised: Decimal
    unrealised: Decimal
    fees: Decimal
    auto_trade: bool
    at: str


class PositionView(Struct, frozen=True, kw_only=True):
    """One position at the last price."""

    symbol: str
    qty: Decimal
    average_price: Decimal | None
    cost: Decimal
    last_price: Decimal | None
    value: Decimal | None
    unrealised: Decimal | None
    unrealised_pct: Decimal | None
    realised: Decimal
    fees: Decimal
    opened_at: str
    updated_at: str


class EquityView(Struct, frozen=True, kw_only=True):
    """One point of the equity curve."""

    at: str
    equity: Decimal
    cash: Decimal
    exposure: Decimal


class PortfolioChange(BaseModel):
    """What may be changed."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"auto_trade": False}})
    auto_trade: bool


PORTFOLIO = PortfolioView(
    account="paper-s0001-1",
    session="s0001",
    asset="USDT",
    paper=True,
    cash=Decimal("75065.52846576"),
    held=Decimal(0),
    exposure=Decimal("24704.484048"),
    equity=Decimal("99770.01251376"),
    deposit=Decimal(100_000),
    withdrawn=Decimal(0),
    profit=Decimal("-229.98748624"),
    profit_pct=Decimal("-0.22"),
    day_profit=Decimal("-229.98748624"),
    realised=Decimal("-101.948949"),
    unrealised=Decimal("-53.8566"),
    fees=Decimal("74.18193724"),
    auto_trade=True,
    at="2025-06-24T01:46:15Z",
)
POSITION = PositionView(
    symbol="ETH-USDT",
    qty=Decimal("10.2584"),
    average_price=Decimal("2413.47"),
    cost=Decimal("24758.340648"),
    last_price=Decimal("2408.22"),
    value=Decimal("24704.484048"),
    unrealised=Decimal("-53.8566"),
    unrealised_pct=Decimal("-0.21"),
    realised=Decimal(0),
    fees=Decimal("24.75834065"),
    opened_at="2025-06-24T01:25:15Z",
    updated_at="2025-06-24T01:25:15Z",
)
EQUITY = EquityView(
    at="2025-06-24T01:46:00Z",
    equity=Decimal("99770.01251376"),
    cash=Decimal("75065.52846576"),
    exposure=Decimal("24704.484048"),
)


class PortfolioReader:
    """Builds the views, for HTTP and for the WebSocket."""

    def __init__(self, portfolio: PortfolioService, prices: Prices, clock: Clock) -> None:
        self._portfolio, self._prices, self._clock = portfolio, prices, clock

    async def view(self, account: Account) -> PortfolioView:
        """Return the whole account at a glance."""
        worth, held, start = await self._portfolio.worth(account.id)
        rows = [self.position(one) for one in held]
        profit = MONEY.subtract(MONEY.add(worth.equity, start.withdrawn), account.deposit)
        percent = quotient(MONEY.multiply(profit, Decimal(100)), account.deposit, PERCENT_STEP)
        return PortfolioView(
            account=account.id,
            session=account.session,
            asset=account.asset,
            paper=True,
            cash=worth.cash,
            held=worth.held,
            exposure=worth.exposure,
            equity=worth.equity,
            deposit=account.deposit,
            withdrawn=start.withdrawn,
            profit=plain(profit),
            profit_pct=plain(percent),
            day_profit=plain(MONEY.subtract(worth.equity, start.at_midnight)),
            realised=plain(sum((one.realised for one in rows), Decimal(0))),
            unrealised=plain(sum((one.unrealised or Decimal(0) for one in rows), Decimal(0))),
            fees=plain(sum((one.fees for one in rows), Decimal(0))),
            auto_trade=account.auto_trade,
            at=rfc3339(self._clock.now()),
        )

    async def positions(self, account: AccountId) -> list[PositionView]:
        """Return every position, also closed ones."""
        _, held, _ = await self._portfolio.worth(account)
        return [self.position(one) for one in held]

    def position(self, held: Position) -> PositionView:
        """Value one position at the last price."""
        last = self._prices.last(held.symbol)
        value = gain = percent = average = None
        if held.qty:
            average = plain(quotient(held.cost, held.qty, STEP))
        if held.qty and last:
            value = plain(MONEY.multiply(held.qty, last.price))
            gain = plain(MONEY.subtract(value, held.cost))
            percent = plain(quotient(MONEY.multiply(gain, Decimal(100)), held.cost, PERCENT_STEP))
        return PositionView(
            symbol=held.symbol,
            qty=held.qty,
            average_price=average,
            cost=held.cost,
            last_price=last.price if last else None,
            value=value,
            unrealised=gain,
            unrealised_pct=percent,
            realised=held.realised,
            fees=held.fees,
            opened_at=rfc3339(held.opened_at),
            updated_at=rfc3339(held.updated_at),
        )


def equity_view(point: EquityPoint) -> EquityView:
    """Show one point of the curve."""
    return EquityView(
        at=rfc3339(point.at), equity=point.equity, cash=point.cash, exposure=point.exposure
    )


def whose(me: Principal) -> PersonId:
    """Return who is calling; routes with a scope about accounts are closed to strangers."""
    assert me.person is not None, me
    return me.person


def routes(
    portfolio: PortfolioService,
    reader: PortfolioReader,
    opener: Opener,
    publish: Callable[[], Awaitable[None]],
) -> Routes:
    """Build the portfolio routes; `publish` delivers what a write emitted before we answer."""
    api = Routes("/portfolio", "portfolio")

    @api.add("GET", "", PortfolioView, example=PORTFOLIO, scope="portfolio:read")
    async def read_portfolio(me: Caller) -> PortfolioView:
        """Cash, exposure, equity and profit of your paper account in the running session."""
        return await reader.view(await opener.account(whose(me)))

    @api.add("GET", "/equity", Page[EquityView], example=Page([EQUITY]), scope="portfolio:read")
    async def read_equity(
        me: Caller, limit: Annotated[int, Query(ge=1, le=10_000)] = 1_440
    ) -> Page[EquityView]:
        """The equity curve, a point a minute, oldest first."""
        return Page([equity_view(one) for one in await portfolio.curve(me.account, limit)])

    @api.add("PATCH", "", PortfolioView, example=PORTFOLIO, scope="portfolio:write")
    async def change_portfolio(me: Caller, request: PortfolioChange) -> PortfolioView:
        """Turn signals into orders for this account, or stop doing so."""
        if request.auto_trade and not ENTITLEMENTS[me.role].auto_trade:
            raise MembershipRequired(
                "trading signals by itself comes with a membership",
                field="auto_trade",
                fix="become a member, or leave auto_trade off",
            )
        account = await opener.set_auto_trade(whose(me), wanted=request.auto_trade)
        await publish()
        return await reader.view(account)

    @api.add("POST", "/reset", PortfolioView, example=PORTFOLIO, scope="portfolio:write")
    async def reset_portfolio(me: Caller) -> PortfolioView:
        """Cancel what is live, close this paper account and open a fresh one."""
        account = await opener.reset(whose(me))
        await publish()
        return await reader.view(account)

    return api


def position_routes(reader: PortfolioReader) -> Routes:
    """Build the route that lists positions."""
    api = Routes("/positions", "positions")

    @api.add("GET", "", Page[PositionView], example=Page([POSITION]), scope="portfolio:read")
    async def list_positions(me: Caller) -> Page[PositionView]:
        """Positions of your account by symbol, closed ones with their realised profit."""
        return Page(await reader.positions(me.account))

    return api
