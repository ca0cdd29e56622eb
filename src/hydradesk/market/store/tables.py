"""Candles in yearly partitions, and the sessions that made them."""

from datetime import UTC, datetime

from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    Numeric,
    String,
    Table,
    Text,
    event,
)

from hydradesk.infra.db import metadata
from hydradesk.kernel.time import SECOND

FIRST_YEAR, LAST_YEAR = 2010, 2040

market_candles = Table(
    "market_candles",
    metadata,
    Column("source", String, primary_key=True),
    Column("symbol", String, primary_key=True),
    Column("timeframe", String, primary_key=True),
    Column("open_time", BigInteger, primary_key=True),
    Column("open", Numeric, nullable=False),
    Column("high", Numeric, nullable=False),
    Column("low", Numeric, nullable=False),
    Column("close", Numeric, nullable=False),
    Column("volume", Numeric, nullable=False),
    postgresql_partition_by="RANGE (open_time)",
)
"""One closed bar a row; times in ns; numbers exact, without trailing zeros."""

market_sessions = Table(
    "market_sessions",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("id", String, nullable=False),
    Column("feed", String, nullable=False),
    Column("source", String, nullable=False),
    Column("name", String, nullable=False),
    Column("start_at", BigInteger, nullable=False),
    Column("end_at", BigInteger),
    Column("reached", BigInteger, nullable=False),
    Column("speed", Double, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("ended", Boolean, nullable=False),
    Column("memory", Text, nullable=False),
    Index("market_sessions_id", "id", unique=True),
)
"""Runs of feeds. `reached` moves in the transaction that stores a minute."""


def _nanoseconds(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) * SECOND


PARTITION_DDL: list[str] = [
    f"CREATE TABLE market_candles_{year} PARTITION OF market_candles "
    f"FOR VALUES FROM ({_nanoseconds(year)}) TO ({_nanoseconds(year + 1)})"
    for year in range(FIRST_YEAR, LAST_YEAR + 1)
] + ["CREATE TABLE market_candles_other PARTITION OF market_candles DEFAULT"]
"""Run after market_candles is created: by metadata.create_all here, by the migration there."""

for _statement in PARTITION_DDL:
    event.listen(market_candles, "after_create", DDL(_statement))  # type: ignore[no-untyped-call]
