"""The market over HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from hydradesk.accounts.contracts import DEMO_SCOPES
from hydradesk.infra.http import Principal
from hydradesk.kernel.errors import Conflict, DeskError, Invalid, NotFound
from hydradesk.kernel.time import MINUTE
from hydradesk.market import api
from hydradesk.market.service import MarketService
from tests.market.conftest import BTC, DAY0, ETH, House, ListFeed, minute

STATUS: dict[type[DeskError], int] = {Invalid: 422, NotFound: 404, Conflict: 409}


@pytest.fixture
async def market(house: House) -> MarketService:
    feed = ListFeed([minute(n, symbol) for n in range(200) for symbol in (ETH, BTC)])
    service = house.market(feed)
    await service.start()
    for _ in range(70):
        await service.step()
    return service


@pytest.fixture
async def client(house: House, market: MarketService) -> AsyncIterator[httpx2.AsyncClient]:
    app = FastAPI()
    app.state.now = lambda: 0

    @app.middleware("http")
    async def introduce(request: Request, call_next: Any) -> Any:
        request.state.principal = Principal(role="demo", scopes=DEMO_SCOPES)
        return await call_next(request)

    app.include_router(api.routes(market, house.store).router, prefix="/api")

    @app.exception_handler(DeskError)
    async def problem(_: Request, error: DeskError) -> JSONResponse:
        body = {"detail": str(error), "field": error.field, "fix": error.fix}
        return JSONResponse(body, STATUS[type(error)])

    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://desk") as one:
        yield one


async def test_candles_are_closed_exact_and_oldest_first(client: httpx2.AsyncClient) -> None:
    page = (await client.get("/api/candles?symbol=ethusdt&timeframe=1m&limit=3")).json()
    assert page["items"][-1] == {
        "open_time": "2024-06-26T01:09:00Z",
        "open": "2000.69",
        "high": "2002.69",
        "low": "1999.69",
        "close": "2001.69",
        "volume": "1.5",
    }
    assert [one["open_time"][14:16] for one in page["items"]] == ["07", "08", "09"]


async def test_pages_lead_to_older_bars_and_end(client: httpx2.AsyncClient) -> None:
    found, cursor, pages = [], "", 0
    while pages < 10:
        answer = await client.get(f"/api/candles?symbol=ETH-USDT&timeframe=1m&limit=30{cursor}")
        page = answer.json()
        found = [one["open_time"] for one in page["items"]] + found
        pages += 1
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert pages == 3 and len(found) == len(set(found)) == 70 and found == sorted(found)


async def test_a_window_holds_the_bars_inside_it(client: httpx2.AsyncClient) -> None:
    window = "from=2024-06-26T00:10:00Z&to=2024-06-26T00:13:30Z"
    page = (await client.get(f"/api/candles?symbol=ETH-USDT&timeframe=1m&{window}")).json()
    assert [one["open_time"][14:16] for one in page["items"]] == ["10", "11", "12"]
    assert page["next"] is None


async def test_pages_are_kept_until_the_next_bar(
    client: httpx2.AsyncClient, market: MarketService, house: House
) -> None:
    path = "/api/candles?symbol=ETH-USDT&timeframe=1m&limit=5"
    first = await client.get(path)
    tag = first.headers["etag"]
    assert (await client.get(path, headers={"If-None-Match": tag})).status_code == 304
    reads = 0
    read = house.store.rows_before

    async def counted(*args: object) -> object:
        nonlocal reads
        reads += 1
        return await read(*args)  # type: ignore[arg-type]

    house.store.rows_before = counted  # type: ignore[assignment,method-assign]
    await client.get(path)
    assert reads == 0
    await market.step()
    second = await client.get(path, headers={"If-None-Match": tag})
    assert second.status_code == 200 and reads == 1
    assert second.json()["items"][-1]["open_time"] == "2024-06-26T01:10:00Z"


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("symbol=DOGE-USDT&timeframe=1m", 404, "symbol"),
        ("symbol=ETH-USDT&timeframe=7m", 422, "timeframe"),
        ("symbol=ETH-USDT&timeframe=1m&limit=0", 422, "limit"),
        ("symbol=ETH-USDT&timeframe=1m&limit=5001", 422, "limit"),
        ("symbol=ETH-USDT&timeframe=1m&from=yesterday", 422, "from"),
        ("symbol=ETH-USDT&timeframe=1m&to=1e400", 422, "to"),
        ("symbol=ETH-USDT&timeframe=1m&cursor=abc", 422, "cursor"),
    ],
)
async def test_a_wrong_question_names_field_and_fix(
    client: httpx2.AsyncClient, query: str, status: int, field: str
) -> None:
    answer = await client.get(f"/api/candles?{query}")
    assert (answer.status_code, answer.json()["field"]) == (status, field)
    assert answer.json()["fix"]


async def test_markets_show_filters_price_and_day(client: httpx2.AsyncClient) -> None:
    eth, btc = (await client.get("/api/markets")).json()["items"]
    assert (eth["symbol"], eth["tick"], eth["lot"], eth["min_notional"]) == (
        "ETH-USDT",
        "0.01",
        "0.0001",
        "5",
    )
    assert (eth["price"], eth["price_at"], eth["state"]) == (
        "2001.69",
        "2024-06-26T01:10:00Z",
        "fresh",
    )
    assert (eth["high_24h"], eth["low_24h"], eth["volume_24h"]) == ("2002.69", "1999", "105")
    assert eth["change_24h_pct"] == "0.08" and btc["lot"] == "0.00001"


async def test_the_feed_says_what_it_is(client: httpx2.AsyncClient) -> None:
    feed = (await client.get("/api/feed")).json()
    assert (feed["session"], feed["badge"], feed["feed"]) == ("s0001", "REPLAY", "replay")
    assert feed["clock"] == "2024-06-26T01:10:00Z" and feed["start"] == "2024-06-26T00:00:00Z"
    assert (feed["speed"], feed["paused"], feed["ended"]) == (60, False, False)
    assert feed["streams"][0]["bars"] == 70 and feed["streams"][0]["state"] == "fresh"


async def test_the_feed_obeys(client: httpx2.AsyncClient, market: MarketService) -> None:
    async def tell(**body: object) -> httpx2.Response:
        return await client.post("/api/feed", json=body)

    assert (await tell(action="pause")).json()["paused"] is True
    assert (await tell(action="resume")).json()["paused"] is False
    assert (await tell(action="speed", speed=600)).json()["speed"] == 600
    sought = (await tell(action="seek", to="2024-06-26T00:05:00Z")).json()
    assert (sought["session"], sought["clock"]) == ("s0002", "2024-06-26T00:05:00Z")
    assert (await tell(action="restart")).json()["session"] == "s0003"
    for body, field in (
        ({"action": "speed"}, "speed"),
        ({"action": "speed", "speed": 0}, "speed"),
        ({"action": "seek"}, "to"),
        ({"action": "seek", "to": "2030-01-01"}, "to"),
    ):
        answer = await client.post("/api/feed", json=body)
        assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert (await tell(action="explode")).status_code == 422
    market._feed.kind = "live"  # type: ignore[misc]
    assert (await tell(action="pause")).status_code == 409


async def test_a_later_candle_stays_hidden(client: httpx2.AsyncClient, house: House) -> None:
    async with house.db.begin() as tx:
        await house.store.patch(tx, "exchange", [minute(n) for n in range(70, 100)])
    assert house.desk.now() == DAY0 + 70 * MINUTE
    page = (await client.get("/api/candles?symbol=ETH-USDT&timeframe=1m&limit=1")).json()
    assert page["items"][0]["open_time"] == "2024-06-26T01:09:00Z"
