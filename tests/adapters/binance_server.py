"""A local server that speaks Binance's REST protocol over recorded candles, with faults."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from hydradesk.kernel.time import MILLISECOND, SimClock
from hydradesk.market.contracts import LENGTH, Candle, Timeframe

NAMES = {
    "ETHUSDT": ("ETH", "0.01000000", "0.00010000"),
    "BTCUSDT": ("BTC", "0.10000000", "0.00001000"),
}


class Binance:
    """What the exchange knows, and how it misbehaves at the moment."""

    def __init__(self, clock: SimClock) -> None:
        self.clock = clock
        self.bars: dict[tuple[str, Timeframe], list[Candle]] = {}
        self.fault = ""
        """429, 418, 500, 503, silent, garbage, malformed, duplicates, disorder, empty."""
        self.hidden: set[tuple[str, int]] = set()
        """Symbol and open time (ns) of candles that are late."""
        self.asked: list[str] = []

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._trouble])
        for path, handler in (
            ("ping", self._ping),
            ("time", self._time),
            ("exchangeInfo", self._info),
            ("klines", self._klines),
            ("ticker/price", self._price),
            ("ticker/24hr", self._day),
        ):
            app.router.add_get(f"/api/v3/{path}", handler)
        return app

    @web.middleware
    async def _trouble(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.asked.append(request.path.removeprefix("/api/v3/"))
        limited = {"code": -1003, "msg": "Too many requests queued."}
        if self.fault in {"429", "418"}:
            return web.json_response(limited, status=int(self.fault), headers={"Retry-After": "7"})
        if self.fault in {"500", "503"}:
            body = {"code": -1000, "msg": "An unknown error occurred while processing the request."}
            return web.json_response(body, status=int(self.fault))
        if self.fault == "silent":
            await asyncio.sleep(30)
        if self.fault == "garbage":
            return web.Response(text="<html>bad gateway</html>", content_type="text/html")
        response: web.StreamResponse = await handler(request)
        return response

    async def _ping(self, _: web.Request) -> web.Response:
        return web.json_response({})

    async def _time(self, _: web.Request) -> web.Response:
        return web.json_response({"serverTime": self.clock.now() // MILLISECOND})

    async def _info(self, _: web.Request) -> web.Response:
        symbols = [self._symbol(name, *NAMES[name]) for name in NAMES]
        return web.json_response(
            {
                "timezone": "UTC",
                "serverTime": self.clock.now() // MILLISECOND,
                "rateLimits": [],
                "exchangeFilters": [],
                "symbols": symbols,
            }
        )

    def _symbol(self, name: str, base: str, tick: str, lot: str) -> dict[str, Any]:
        return {
            "symbol": name,
            "status": "TRADING",
            "baseAsset": base,
            "baseAssetPrecision": 8,
            "quoteAsset": "USDT",
            "quotePrecision": 8,
            "quoteAssetPrecision": 8,
            "orderTypes": ["LIMIT", "MARKET"],
            "isSpotTradingAllowed": True,
            "isMarginTradingAllowed": False,
            "permissions": ["SPOT"],
            "permissionSets": [["SPOT"]],
            "filters": [
                {
                    "filterType": "PRICE_FILTER",
                    "minPrice": tick,
                    "maxPrice": "1000000.00000000",
                    "tickSize": tick,
                },
                {"filterType": "LOT_SIZE", "minQty": lot, "maxQty": "9000.0", "stepSize": lot},
                {"filterType": "NOTIONAL", "minNotional": "5.00000000", "applyMinToMarket": True},
            ],
        }  # fmt: skip

    async def _klines(self, request: web.Request) -> web.Response:
        name, interval = request.query["symbol"], request.query["interval"]
        start = int(request.query.get("startTime", 0)) * MILLISECOND
        end = int(request.query.get("endTime", 2**53)) * MILLISECOND
        limit = int(request.query.get("limit", 500))
        assert limit <= 1000, "the real server refuses more"
        known = self.bars.get((name, interval), [])  # type: ignore[call-overload]
        rows = [
            self._kline(one)
            for one in known
            if start <= one.open_time <= end and one.open_time < self.clock.now()
            if (name, one.open_time) not in self.hidden
        ][:limit]
        return web.json_response(self._spoilt(rows))

    def _spoilt(self, rows: list[list[Any]]) -> list[list[Any]]:
        if self.fault == "empty":
            return []
        if self.fault == "duplicates":
            return [row for row in rows for _ in range(2)]
        if self.fault == "disorder":
            return rows[::-1]
        if self.fault == "malformed" and rows:
            rows[0][2] = "0.00000001"  # a high below its low
        return rows

    def _kline(self, one: Candle) -> list[Any]:
        first = one.open_time // MILLISECOND
        last = first + LENGTH[one.timeframe] // MILLISECOND - 1
        prices = [f"{value:.8f}" for value in (one.open, one.high, one.low, one.close, one.volume)]
        return [first, *prices, last, "0.00000000", 100, "0.00000000", "0.00000000", "0"]

    def _last(self, name: str) -> str:
        past = [one for one in self.bars[name, "1m"] if one.open_time < self.clock.now()]
        return f"{past[-1].close:.8f}"

    async def _price(self, request: web.Request) -> web.Response:
        name = request.query["symbol"]
        return web.json_response({"symbol": name, "price": self._last(name)})

    async def _day(self, request: web.Request) -> web.Response:
        now = self.clock.now() // MILLISECOND
        names = ("priceChange", "priceChangePercent", "weightedAvgPrice", "prevClosePrice")
        zero = dict.fromkeys(
            (*names, "lastQty", "bidPrice", "bidQty", "askPrice", "askQty"), "0.00"
        )
        more = dict.fromkeys(
            ("openPrice", "highPrice", "lowPrice", "volume", "quoteVolume"), "1.00"
        )
        name = request.query["symbol"]
        return web.json_response(
            {
                "symbol": name,
                "lastPrice": self._last(name),
                "openTime": now - 86_400_000,
                "closeTime": now,
                "firstId": 1,
                "lastId": 2,
                "count": 2,
                **zero,
                **more,
            }
        )


@asynccontextmanager
async def serving(exchange: Binance) -> AsyncIterator[str]:
    """Serve on a free local port; yields the URL."""
    runner = web.AppRunner(exchange.app(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()
