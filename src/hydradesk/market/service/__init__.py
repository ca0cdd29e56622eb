"""The market at work: one session of one feed, its clock, its prices and its closed bars."""

from hydradesk.market.service.choice import Choice, choose
from hydradesk.market.service.collector import Collector
from hydradesk.market.service.desk import MarketService
from hydradesk.market.service.pace import MAX_SPEED, MIN_SPEED, Pace
from hydradesk.market.service.views import FeedStatus, Listeners, Setup

__all__ = [
    "MAX_SPEED",
    "MIN_SPEED",
    "Choice",
    "Collector",
    "FeedStatus",
    "Listeners",
    "MarketService",
    "Pace",
    "Setup",
    "choose",
]
