"""Opens paper accounts, keeps positions, values them."""

from hydradesk.portfolio.service.accounts import Books, Opener, Paper
from hydradesk.portfolio.service.worth import PortfolioService, Surroundings

__all__ = ["Books", "Opener", "Paper", "PortfolioService", "Surroundings"]
