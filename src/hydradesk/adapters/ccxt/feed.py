"""An exchange's REST API as a live feed: history by pages, closed minutes, last prices."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec
import polars as pl

from hydradesk.kernel.errors import Invalid, Unavailable
from hydradesk.kernel.ids import Symbol
from hydradesk.kernel.numbers import plain
from hydradesk.kernel.time import MILLISECOND, MINUTE, SECOND, Clock, TimeNs
from hydradesk.market.contracts import (
    COLUMNS,
    LENGTH,
    Bars,
    Candle,
    FeedKind,
    FeedSpan,
    Instrument,
    Source,
    Tick,
    Timeframe,
)
from hydradesk.market.contracts.files import parse

PAGE = 1000
FIRST_WAIT, LONGEST_WAIT = 1 * SECOND, 60 * SECOND
LIMITED_WAIT = 10 * SECOND
"""After a 429 that does not say how long."""


HOSTS = {"binance": "api.binance.com"}
"""Where an exchange answers, for a look before the import."""


class CcxtFeed:
    """Answers market's Feed port from any exchange ccxt knows.

    Trouble never leaves as ccxt's own errors: it is Unavailable, and until the wait it earned is
    over (Retry-After of a 429; else 1 s, doubling to 60 s) further questions are refused here,
    without asking the exchange. Numbers are taken as text, so none is rounded.

    Args:
        symbols: what to listen to.
        clock: the wall clock.
        exchange: ccxt's name for it.
        url: another host speaking the same protocol, for tests.
        timeout: seconds for one answer.
    """

    kind: FeedKind = "live"
    source: Source = "exchange"

    def __init__(
        self,
        symbols: Sequence[Symbol],
        clock: Clock,
        exchange: str = "binance",
        url: str | None = None,
        timeout: float = 5.0,
    ) -> None:
        self.name = exchange
        self._symbols, self._clock, self._url, self._timeout = tuple(symbols), clock, url, timeout
        self._exchange: Any = None
        self._not_before = 0
        self._wait = FIRST_WAIT

    async def open(self) -> FeedSpan:
        """Connect and load the markets. Unavailable when the exchange cannot be reached."""
        await self._require_network()
        exchange = self._connected()
        await self._ask(exchange.load_markets)
        strange = [one for one in self._symbols if _theirs(one) not in exchange.markets]
        if strange:
            raise Unavailable(f"{self.name} does not trade {', '.join(strange)}", field="symbol")
        now = self._clock.now()
        return FeedSpan(first=None, end=None, start=TimeNs(now // MINUTE * MINUTE))

    async def _require_network(self) -> None:
        """Find out without ccxt, which takes seconds to import, that there is no network."""
        host = HOSTS.get(self.name)
        if self._url is None and host is not None:
            try:
                await asyncio.get_running_loop().getaddrinfo(host, 443)
            except OSError as error:
                raise Unavailable(f"no network: {host} cannot be found") from error

    def filtered(self, known: Sequence[Instrument]) -> list[Instrument]:
        """Return the instruments with the exchange's own tick, lot and least order value."""
        return [self._filtered(one) for one in known]

    async def bars(self, start: TimeNs, end: TimeNs) -> Sequence[Candle]:
        """Return closed 1m bars with start <= open_time < end, by time, then by symbol."""
        found: dict[tuple[int, int], Candle] = {}
        last = min(end, self._clock.now() // MINUTE * MINUTE)
        for place, symbol in enumerate(self._symbols):
            async for block in self._pages(symbol, "1m", start, last):
                for bar in block.candles():
                    found[bar.open_time, place] = bar
        return [found[key] for key in sorted(found)]

    async def history(
        self, symbol: Symbol, timeframe: Timeframe, end: TimeNs, limit: int
    ) -> AsyncIterator[Bars]:
        """Yield the exchange's own last `limit` bars that had closed at `end`, page by page."""
        length = LENGTH[timeframe]
        last = end // length * length
        async for block in self._pages(symbol, timeframe, last - limit * length, last):
            yield block

    async def ticks(self) -> Sequence[Tick]:
        """Return the last prices; Unavailable when there is no answer."""
        ticks = []
        for symbol in self._symbols:  # one by one: all at once weighs forty times as much
            fetch = self._connected().fetch_ticker
            ticker = await self._ask(partial(fetch, _theirs(symbol)))
            now = self._clock.now()
            if ticker.get("last") is not None:
                struck = int(ticker.get("timestamp") or 0) * MILLISECOND or now
                price = plain(Decimal(str(ticker["last"])))
                ticks.append(Tick(symbol=symbol, price=price, at=TimeNs(min(struck, now))))
        return ticks

    async def close(self) -> None:
        """Close the connections."""
        if self._exchange is not None:
            exchange, self._exchange = self._exchange, None
            await exchange.close()

    def _connected(self) -> Any:  # noqa: ANN401  (ccxt has no types)
        if self._exchange is None:
            import ccxt.async_support as ccxt

            settings = {
                "enableRateLimit": True,
                "enableLastJsonResponse": True,
                "enableLastResponseHeaders": True,
                "timeout": int(self._timeout * 1000),
                "options": {"fetchMarkets": {"types": ["spot"]}, "defaultType": "spot"},
            }
            self._exchange = getattr(ccxt, self.name)(settings)
            self._exchange.number = str
            if self._url is not None:
                api = self._exchange.urls["api"]
                api.update({name: f"{self._url}/api/v3" for name in ("public", "private")})
        return self._exchange

    async def _ask(self, question: Callable[[], Awaitable[Any]]) -> Any:  # noqa: ANN401
        import ccxt

        now = self._clock.now()
        if now < self._not_before:
            left = (self._not_before - now) / SECOND
            raise Unavailable(f"{self.name} is left alone for another {left:.0f} s")
        try:
            answer = await question()
        except (ccxt.RateLimitExceeded, ccxt.DDoSProtection) as error:
            self._leave_alone(self._retry_after())
            raise Unavailable(f"{self.name} asks us to slow down") from error
        except ccxt.BaseError as error:
            self._slow_down()
            what = "did not answer" if isinstance(error, ccxt.RequestTimeout) else "is in trouble"
            raise Unavailable(f"{self.name} {what}: {type(error).__name__}") from error
        if self._exchange.last_json_response is None:  # ccxt takes a web page for an empty answer
            self._slow_down()
            raise Unavailable(f"{self.name} is in trouble: its answer is not JSON")
        self._wait = FIRST_WAIT
        return answer

    def _slow_down(self) -> None:
        self._leave_alone(self._wait)
        self._wait = min(2 * self._wait, LONGEST_WAIT)

    def _leave_alone(self, wait: int) -> None:
        self._not_before = self._clock.now() + wait

    def _retry_after(self) -> int:
        headers = self._exchange.last_response_headers or {}
        told = {str(name).lower(): value for name, value in dict(headers).items()}
        with contextlib.suppress(TypeError, ValueError):
            return max(int(told.get("retry-after")), 1) * SECOND  # type: ignore[arg-type]
        return LIMITED_WAIT

    async def _pages(
        self, symbol: Symbol, timeframe: Timeframe, start: int, end: int
    ) -> AsyncIterator[Bars]:
        fetch, since = self._connected().fetch_ohlcv, start
        params = {"until": end // MILLISECOND - 1}
        while since < end:
            page = partial(
                fetch, _theirs(symbol), timeframe, since // MILLISECOND, PAGE, dict(params)
            )
            rows = await self._ask(page)
            block = self._block(symbol, timeframe, rows)
            if block is not None:
                yield block.within(since, end)
            if block is None or len(rows) < PAGE:
                return
            since = int(block.open_time[-1]) + LENGTH[timeframe]

    def _block(self, symbol: Symbol, timeframe: Timeframe, rows: list[list[Any]]) -> Bars | None:
        """Rows as bars: in order, each once (the first of two wins); malformed ones are trouble."""
        once = {int(row[0]): row for row in reversed(rows)}
        if not once:
            return None
        ordered = [[at, *map(str, once[at][1:6])] for at in sorted(once)]
        frame = pl.DataFrame(ordered, schema=list(COLUMNS), orient="row")
        try:
            return parse(frame, f"{self.name}'s answer", symbol, timeframe).bars
        except Invalid as error:
            raise Unavailable(f"{self.name} sent a malformed bar: {error}") from error

    def _filtered(self, one: Instrument) -> Instrument:
        market = self._connected().markets[_theirs(one.symbol)]
        least = (market["limits"].get("cost") or {}).get("min")
        return msgspec.structs.replace(
            one,
            tick=_step(market["precision"]["price"], one.tick),
            lot=_step(market["precision"]["amount"], one.lot),
            min_notional=_step(least, one.min_notional),
        )


def _theirs(symbol: Symbol) -> str:
    return symbol.replace("-", "/")


def _step(told: Any, known: Decimal) -> Decimal:  # noqa: ANN401
    return known if told is None else plain(Decimal(str(told)))
