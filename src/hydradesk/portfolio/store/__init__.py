"""Portfolio's tables."""

from hydradesk.portfolio.store.positions import PortfolioStore
from hydradesk.portfolio.store.withdrawals import WithdrawalStore

__all__ = ["PortfolioStore", "WithdrawalStore"]
