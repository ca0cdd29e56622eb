"""The candle statements, for asyncpg: hot, and beyond what SQLAlchemy says well.

Numbers are read as text: asyncpg would make 1E+6 of 1000000, and text is faster to decode.
"""

BEFORE = """
SELECT open_time, open::text, high::text, low::text, close::text, volume::text
FROM market_candles
WHERE source = $1 AND symbol = $2 AND timeframe = $3 AND open_time > $4 AND open_time <= $5
ORDER BY open_time DESC LIMIT $6"""

BETWEEN = """
SELECT open_time, open::text, high::text, low::text, close::text, volume::text
FROM market_candles
WHERE source = $1 AND symbol = $2 AND timeframe = $3 AND open_time >= $4 AND open_time <= $5
ORDER BY open_time"""

COUNT = """
SELECT count(*) FROM market_candles
WHERE source = $1 AND symbol = $2 AND timeframe = $3 AND open_time >= $4 AND open_time < $5"""

APPEND = """
INSERT INTO market_candles
    (source, symbol, timeframe, open_time, open, high, low, close, volume)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING"""

INCOMING = """
CREATE TEMPORARY TABLE IF NOT EXISTS incoming (
    open_time bigint NOT NULL, open bigint NOT NULL, high bigint NOT NULL, low bigint NOT NULL,
    close bigint NOT NULL, volume bigint NOT NULL) ON COMMIT DROP"""

MERGE = """
INSERT INTO market_candles
    (source, symbol, timeframe, open_time, open, high, low, close, volume)
SELECT $1, $2, $3, open_time, trim_scale(open * $4::numeric), trim_scale(high * $4::numeric),
    trim_scale(low * $4::numeric), trim_scale(close * $4::numeric),
    trim_scale(volume * $5::numeric)
FROM incoming ON CONFLICT DO NOTHING"""
"""$4 and $5 are the powers of ten that make the incoming integers prices and volumes."""

CONFLICTS = """
SELECT kept.open_time FROM incoming JOIN market_candles kept USING (open_time)
WHERE kept.source = $1 AND kept.symbol = $2 AND kept.timeframe = $3
    AND kept.open_time BETWEEN $6 AND $7
    AND (kept.open, kept.high, kept.low, kept.close, kept.volume) IS DISTINCT FROM
        (incoming.open * $4::numeric, incoming.high * $4::numeric, incoming.low * $4::numeric,
         incoming.close * $4::numeric, incoming.volume * $5::numeric)
ORDER BY kept.open_time"""
"""$6 and $7 are the first and last open time, so that only their partitions are looked at."""

REPLACE = """
UPDATE market_candles kept SET
    open = trim_scale(incoming.open * $4::numeric), high = trim_scale(incoming.high * $4::numeric),
    low = trim_scale(incoming.low * $4::numeric), close = trim_scale(incoming.close * $4::numeric),
    volume = trim_scale(incoming.volume * $5::numeric)
FROM incoming WHERE kept.open_time = incoming.open_time
    AND kept.source = $1 AND kept.symbol = $2 AND kept.timeframe = $3
    AND kept.open_time BETWEEN $6 AND $7
    AND (kept.open, kept.high, kept.low, kept.close, kept.volume) IS DISTINCT FROM
        (incoming.open * $4::numeric, incoming.high * $4::numeric, incoming.low * $4::numeric,
         incoming.close * $4::numeric, incoming.volume * $5::numeric)"""

SERIES = """
SELECT source, symbol, timeframe, count(*), min(open_time), max(open_time) FROM market_candles
GROUP BY source, symbol, timeframe"""

HOLES = """
SELECT before + $4, open_time FROM (
    SELECT open_time, lag(open_time) OVER (ORDER BY open_time) AS before FROM market_candles
    WHERE source = $1 AND symbol = $2 AND timeframe = $3) AS pairs
WHERE open_time - before > $4 ORDER BY open_time"""
"""$4 is the length of a bar."""
