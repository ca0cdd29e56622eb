"""HTTP views of the market. Thin: translate, call, translate back."""

import gzip
import zlib
from collections import OrderedDict
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from fastapi import Header, Query, Response
from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field

from hydradesk.infra.http import Page, Routes, decode_cursor, encode_cursor
from hydradesk.kernel.errors import Invalid
from hydradesk.kernel.time import TimeNs, parse_time, rfc3339
from hydradesk.market.contracts import (
    LENGTH,
    FeedKind,
    Freshness,
    Instrument,
    StreamState,
    Timeframe,
    timeframe_of,
)
from hydradesk.market.service import MarketService
from hydradesk.market.store import SqlCandles

MAX_CANDLES = 5000
_PAGES_KEPT = 256
_BADGE: dict[FeedKind, Literal["LIVE", "REPLAY", "SIMULATED"]] = {
    "live": "LIVE",
    "replay": "REPLAY",
    "simulated": "SIMULATED",
}


class MarketView(Struct, frozen=True, kw_only=True):
    """One pair, its filters and its last 24 hours (desk time)."""

    symbol: str
    base: str
    quote: str
    tick: Decimal
    lot: Decimal
    min_notional: Decimal
    price: Decimal | None
    price_at: str | None
    state: Freshness
    change_24h_pct: Decimal | None
    high_24h: Decimal | None
    low_24h: Decimal | None
    volume_24h: Decimal | None


class CandleView(Struct, frozen=True):
    """One closed bar; volume in base units."""

    open_time: str
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


class StreamView(Struct, frozen=True, kw_only=True):
    """How far one stream can be trusted, and what was wrong with it so far."""

    symbol: str
    state: Freshness
    reason: str
    last_at: str | None
    bars: int
    duplicates: int
    out_of_order: int
    gaps: int
    backfilled: int
    spikes: int


class FeedView(Struct, frozen=True, kw_only=True):
    """The running session: where its bars come from, its clock and its controls."""

    session: str
    feed: FeedKind
    name: str
    badge: Literal["LIVE", "REPLAY", "SIMULATED"]
    clock: str
    wall: str
    start: str
    end: str | None
    speed: float
    paused: bool
    ended: bool
    trouble: str
    streams: list[StreamView]


class FeedCommand(BaseModel):
    """What the replay should do; `speed` goes with speed, `to` with seek."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"action": "speed", "speed": 120}}
    )

    action: Literal["pause", "resume", "speed", "seek", "restart"]
    speed: float | None = None
    to: str | None = Field(default=None, max_length=40)


ETH = "ETH-USDT"
WHEN = "RFC 3339"
PAIRS: Any = {ETH: {"value": ETH}}
LENGTHS: Any = {"5m": {"value": "5m"}}
FEED = FeedView(
    session="s0001",
    feed="replay",
    name="/data/candles",
    badge="REPLAY",
    clock="2025-06-24T01:46:00Z",
    wall="2026-11-21T08:54:09.9Z",
    start="2025-06-24T00:00:00Z",
    end="2025-07-01T00:00:00Z",
    speed=60,
    paused=False,
    ended=False,
    trouble="",
    streams=[
        StreamView(
            symbol=ETH,
            state="fresh",
            reason="",
            last_at="2025-06-24T01:46:00Z",
            bars=106,
            duplicates=0,
            out_of_order=0,
            gaps=0,
            backfilled=0,
            spikes=0,
        )
    ],
)
MARKET = MarketView(
    symbol=ETH,
    base="ETH",
    quote="USDT",
    tick=Decimal("0.01"),
    lot=Decimal("0.0001"),
    min_notional=Decimal(5),
    price=Decimal("2408.22"),
    price_at="2025-06-24T01:46:00Z",
    state="fresh",
    change_24h_pct=Decimal("7.75"),
    high_24h=Decimal("2438.68"),
    low_24h=Decimal(2188),
    volume_24h=Decimal("742148.6493"),
)
CANDLE = CandleView(
    "2025-06-24T01:40:00Z", *map(Decimal, ("2405.2", "2410.59", "2405.2", "2408.1", "1188.6428"))
)


def routes(market: MarketService, candles: SqlCandles) -> Routes:
    """Build the routes around one service and its store."""
    api = Routes("", "market")
    pages = _CandlePages(market, candles)

    @api.add("GET", "/feed", FeedView, example=FEED, scope="market:read")
    async def read_feed() -> FeedView:
        """The running session: feed, clock, speed and how far each stream can be trusted."""
        return feed_view(market)

    @api.add("POST", "/feed", FeedView, example=FEED, scope="desk:write")
    async def control_feed(command: FeedCommand) -> FeedView:
        """Pause, resume, change speed, seek or restart; a seek opens a new session."""
        await _obey(market, command)
        return feed_view(market)

    @api.add("GET", "/markets", Page[MarketView], example=Page([MARKET]), scope="market:read")
    async def list_markets() -> Page[MarketView]:
        """Every pair with its filters, last price and last 24 hours."""
        return Page([_market(market, one) for one in market.instruments.all])

    @api.add(
        "GET",
        "/candles",
        Page[CandleView],
        example=Page([CANDLE], "WzE3NTA3MjkyMDBd"),
        scope="market:read",
    )
    async def list_candles(  # noqa: PLR0913  (query parameters)
        *,
        symbol: Annotated[
            str, Query(description="ETHUSDT too", max_length=32, openapi_examples=PAIRS)
        ],
        timeframe: Annotated[
            str, Query(description="1m to 1d", max_length=8, openapi_examples=LENGTHS)
        ],
        start: Annotated[str | None, Query(alias="from", description=WHEN, max_length=40)] = None,
        end: Annotated[str | None, Query(alias="to", description=WHEN, max_length=40)] = None,
        limit: int = 500,
        cursor: Annotated[str | None, Query(max_length=200)] = None,
        if_none_match: Annotated[str | None, Header()] = None,
        accept_encoding: Annotated[str, Header(include_in_schema=False)] = "",
    ) -> Response:
        """Closed bars with from <= open_time and close <= to, oldest first.

        The page holds the latest of them; `next` leads to older ones.
        """
        asked = _Asked(
            symbol=market.instruments.find(symbol).symbol,
            timeframe=timeframe_of(timeframe),
            start=_time(start, "from"),
            end=_time(end, "to"),
            limit=_limit(limit),
            before=_cursor(cursor),
        )
        return await pages.answer(asked, if_none_match, zipped="gzip" in accept_encoding)

    return api


def feed_view(market: MarketService) -> FeedView:
    """Return the running session as the API and the socket show it."""
    now = market.status()
    session = now.session
    return FeedView(
        session=session.id,
        feed=session.feed,
        name=session.name,
        badge=_BADGE[session.feed],
        clock=rfc3339(now.clock),
        wall=rfc3339(now.wall),
        start=rfc3339(session.start),
        end=None if session.end is None else rfc3339(session.end),
        speed=now.speed,
        paused=now.paused,
        ended=now.ended,
        trouble=now.trouble,
        streams=[_stream(one) for one in now.streams],
    )


class _Asked(Struct, frozen=True, kw_only=True):
    symbol: Any
    timeframe: Timeframe
    start: TimeNs | None
    end: TimeNs | None
    limit: int
    before: int | None
    """Open time of the oldest bar of the page before."""


class _Kept(Struct):
    """One page."""

    tag: str
    body: bytes
    zipped: bytes = b""


class _CandlePages:
    """Encoded pages, kept until the next bar closes; compressed once, by the first who wants it."""

    def __init__(self, market: MarketService, candles: SqlCandles) -> None:
        self._market, self._candles = market, candles
        self._kept: OrderedDict[tuple[object, ...], _Kept] = OrderedDict()

    async def answer(self, asked: _Asked, known: str | None, *, zipped: bool) -> Response:
        """Return the page, or 304 when the caller has it."""
        length = LENGTH[asked.timeframe]
        last_close = self._market.reached // length * length
        key = (self._market.session.id, last_close, *msgspec.structs.astuple(asked))
        if key not in self._kept:
            body = await self._read(asked)
            self._kept[key] = _Kept(f'"{zlib.crc32(body):08x}-{len(body):x}"', body)
            if len(self._kept) > _PAGES_KEPT:
                self._kept.popitem(last=False)
        page = self._kept[key]
        headers = {"ETag": page.tag, "Cache-Control": "private, no-cache"}
        if known == page.tag:
            return Response(status_code=304, headers=headers)
        body = page.body
        if zipped:
            headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
            body = page.zipped = page.zipped or gzip.compress(body, 5, mtime=0)
        return Response(body, headers=headers, media_type="application/json")

    async def _read(self, asked: _Asked) -> bytes:
        source = self._market.session.source
        bounds = [one for one in (asked.end, asked.before) if one is not None]
        end = TimeNs(min(bounds, default=2**62))
        rows = await self._candles.rows_before(
            source, asked.symbol, asked.timeframe, end, asked.limit + 1
        )
        if asked.start is not None:
            rows = [row for row in rows if row[0] >= asked.start]
        more = len(rows) > asked.limit
        rows = rows[-asked.limit :] if more else rows
        items = [CandleView(rfc3339(row[0]), *row[1:]) for row in rows]
        following = encode_cursor(int(rows[0][0])) if more else None
        return msgspec.json.encode(Page(items, following))


async def _obey(market: MarketService, command: FeedCommand) -> None:
    if command.action == "speed":
        if command.speed is None:
            raise Invalid("speed is missing", field="speed", fix="send 0.1 to 3600, e.g. 60")
        await market.set_speed(command.speed)
    elif command.action == "seek":
        if command.to is None:
            raise Invalid("to is missing", field="to", fix="send e.g. 2025-06-24T00:00:00Z")
        await market.seek(parse_time(command.to, "to"))
    else:
        await {"pause": market.pause, "resume": market.resume, "restart": market.restart}[
            command.action
        ]()


def _market(market: MarketService, one: Instrument) -> MarketView:
    price, day = market.last(one.symbol), market.day(one.symbol)
    return MarketView(
        symbol=one.symbol,
        base=one.base.symbol,
        quote=one.quote.symbol,
        tick=one.tick,
        lot=one.lot,
        min_notional=one.min_notional,
        price=price.price if price else None,
        price_at=rfc3339(price.at) if price else None,
        state=price.state if price else "stale",
        change_24h_pct=day.change_pct if day else None,
        high_24h=day.high if day else None,
        low_24h=day.low if day else None,
        volume_24h=day.volume if day else None,
    )


def _stream(one: StreamState) -> StreamView:
    return StreamView(
        symbol=one.symbol,
        state=one.state,
        reason=one.reason,
        last_at=rfc3339(one.last_at) if one.last_at else None,
        bars=one.bars,
        duplicates=one.duplicates,
        out_of_order=one.out_of_order,
        gaps=one.gaps,
        backfilled=one.backfilled,
        spikes=one.spikes,
    )


def _time(text: str | None, field: str) -> TimeNs | None:
    return None if text is None else parse_time(text, field)


def _limit(limit: int) -> int:
    if not 1 <= limit <= MAX_CANDLES:
        raise Invalid(
            f"limit {limit} is out of range", field="limit", fix=f"send 1 to {MAX_CANDLES}"
        )
    return limit


def _cursor(cursor: str | None) -> int | None:
    parts = decode_cursor(cursor, (int,))
    return None if parts is None else int(parts[0])
