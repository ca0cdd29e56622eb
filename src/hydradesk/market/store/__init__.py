"""The market's tables, and everything that reads or writes them."""

from hydradesk.infra.db import Database
from hydradesk.kernel.time import Clock
from hydradesk.market.store.candles import SqlCandles
from hydradesk.market.store.sessions import SqlSessions
from hydradesk.market.store.tables import PARTITION_DDL, market_candles, market_sessions

__all__ = [
    "PARTITION_DDL",
    "SqlCandles",
    "SqlMarketStore",
    "SqlSessions",
    "market_candles",
    "market_sessions",
]


class SqlMarketStore(SqlCandles, SqlSessions):
    """Answers contracts.Candles and ports.MarketStore.

    Args:
        db: where to read; writes happen in the caller's transaction.
        clock: the desk clock; no read goes beyond it.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        SqlCandles.__init__(self, db, clock)
