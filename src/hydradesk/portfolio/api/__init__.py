"""HTTP views of the portfolio."""

from hydradesk.portfolio.api.portfolio import (
    EquityView,
    PortfolioReader,
    PortfolioView,
    PositionView,
    equity_view,
    position_routes,
    routes,
)
from hydradesk.portfolio.api.withdrawals import (
    admin_withdrawal_routes,
    withdrawal_routes,
    withdrawal_view,
)

__all__ = [
    "EquityView",
    "PortfolioReader",
    "PortfolioView",
    "PositionView",
    "admin_withdrawal_routes",
    "equity_view",
    "position_routes",
    "routes",
    "withdrawal_routes",
    "withdrawal_view",
]
