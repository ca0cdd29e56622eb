"""What the door shows: this session only, nothing later than now, and clear refusals."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import msgspec
import pytest
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from hydradesk.infra.db import Database
from hydradesk.infra.http import Principal
from hydradesk.kernel.errors import DeskError, Invalid, NotFound
from hydradesk.kernel.ids import SessionId
from hydradesk.kernel.time import HOUR, MINUTE, TimeNs, parse_time, rfc3339
from hydradesk.market.contracts import Candle
from hydradesk.signals.api import routes, signal_view
from hydradesk.signals.service import Brain
from hydradesk.signals.store import SqlSignals
from tests.signals.bars import INSTRUMENTS, StoredCandles, closed, opened
from tests.signals.conftest import START

NOON = TimeNs(START + 4 * HOUR)


class Here:
    """A desk whose session and present the test sets."""

    def __init__(self) -> None:
        self.name: SessionId | None = SessionId("s1")
        self.at = NOON

    def session(self) -> SessionId | None:
        return self.name

    def now(self) -> TimeNs:
        return self.at


def app(store: SqlSignals, desk: Here) -> FastAPI:
    """A door that knows everybody, and shows refusals plainly."""
    door = FastAPI()
    door.state.now = lambda: 0
    door.include_router(routes(store, desk, INSTRUMENTS).router, prefix="/api")
    me = Principal(role="demo", scopes=frozenset({"signals:read", "market:read"}))

    async def refuse(request: Request, error: Exception) -> Response:
        assert isinstance(error, DeskError)
        status = {Invalid: 422, NotFound: 404}[type(error)]
        return JSONResponse({"field": error.field, "fix": error.fix}, status)

    async def introduce(request: Request, call_next: Any) -> Response:
        request.state.principal = me
        reply: Response = await call_next(request)
        return reply

    door.add_exception_handler(DeskError, refuse)
    door.middleware("http")(introduce)
    return door


@pytest.fixture
async def desk() -> Here:
    return Here()


@pytest.fixture
async def ask(
    db: Database, bars: list[Candle], day: list[Candle], desk: Here
) -> AsyncIterator[Any]:
    store = SqlSignals(db)
    brain = Brain(db, store, StoredCandles(bars), INSTRUMENTS, lambda session, reading: None)
    await brain.on_session(opened(START))
    for bar in day:
        if bar.close_time <= NOON:
            await brain.on_bar(closed(bar))
    transport = httpx2.ASGITransport(app=app(store, desk))
    async with httpx2.AsyncClient(transport=transport, base_url="http://desk/api") as client:

        async def get(path: str, expect: int = 200, **params: Any) -> Any:
            reply = await client.get(path, params=params)
            assert reply.status_code == expect, reply.text
            return reply.json()

        yield get


async def test_indicators_page_towards_the_past(ask: Any) -> None:
    stream = {"symbol": "ethusdt", "timeframe": "1m"}
    page = await ask("/indicators", **stream, limit=300)
    times = [row["open_time"] for row in page["items"]]
    assert times == sorted(times) and times[-1] == rfc3339(NOON - MINUTE) and len(times) == 300
    row = page["items"][-1]
    assert isinstance(row["rsi_14"], float) and isinstance(row["volume_spike"], bool)
    older = await ask("/indicators", **stream, limit=300, cursor=page["next"])
    assert older["items"][-1]["open_time"] == rfc3339(parse_time(times[0]) - MINUTE)
    oldest = await ask("/indicators", **stream, limit=300, cursor=older["next"])
    assert len(oldest["items"]) == 240 + 500 - 600 and oldest["next"] is None


async def test_indicators_within_a_span_and_undefined_ones_are_null(ask: Any) -> None:
    span = {"from": rfc3339(START), "to": rfc3339(START + HOUR)}
    rows = (await ask("/indicators", symbol="ETH-USDT", timeframe="1m", **span))["items"]
    assert rows[0]["open_time"] == rfc3339(START) and len(rows) == 60
    daily = (await ask("/indicators", symbol="ETH-USDT", timeframe="1d"))["items"]
    assert len(daily) == 21 and daily[-1]["ema_200"] is None and daily[-1]["ema_9"] is not None


async def test_nothing_later_than_now_is_shown(ask: Any, desk: Here) -> None:
    newest = (await ask("/signals", limit=1))["items"][0]
    assert newest["at"] == rfc3339(NOON)
    desk.at = TimeNs(START + HOUR)
    for path, when in (("/signals", "at"), ("/patterns", "at")):
        items = (await ask(path))["items"]
        assert items and max(parse_time(one[when]) for one in items) <= desk.at
    rows = (await ask("/indicators", symbol="ETH-USDT", timeframe="5m"))["items"]
    assert rows[-1]["open_time"] == rfc3339(START + HOUR - 5 * MINUTE)
    await ask(f"/signals/{newest['id']}", expect=404)
    stats = (await ask("/signals/stats"))["items"]
    desk.at = NOON
    later = (await ask("/signals/stats"))["items"]
    assert stats[0]["made"] < later[0]["made"]


async def test_an_outcome_that_lies_in_the_future_is_not_told(ask: Any, desk: Here) -> None:
    ended = (await ask("/signals", status="closed", direction="SELL", limit=1))["items"][0]
    desk.at = parse_time(ended["at"])
    seen = await ask(f"/signals/{ended['id']}")
    assert (seen["status"], seen["outcome"], seen["version"]) == ("active", None, 1)
    listed = (await ask("/signals", limit=200))["items"]
    same = next(one for one in listed if one["id"] == ended["id"])
    assert same == seen


async def test_signals_are_shown_whole_and_filtered(ask: Any, db: Database) -> None:
    made = (await ask("/signals", direction="SELL", timeframe="1m"))["items"]
    assert made and {one["direction"] for one in made} == {"SELL"}
    one = next(one for one in made if one["outcome"])
    assert one == await ask(f"/signals/{one['id']}")
    assert one["status"] in ("closed", "expired") and isinstance(one["price"], str)
    assert len(one["levels"]["targets"]) == 3 and isinstance(one["levels"]["stop"], str)
    assert one["votes"][0].keys() == {"source", "direction", "weight", "reason", "facts"}
    assert isinstance(one["outcome"]["r_multiple"], str)
    stored = await SqlSignals(db).get(one["id"])
    assert msgspec.json.decode(msgspec.json.encode(signal_view(stored))) == one


async def test_paging_shows_every_signal_and_pattern_once(ask: Any) -> None:
    for path, key in (
        ("/signals", lambda one: one["id"]),
        ("/patterns", lambda one: (one["timeframe"], one["open_time"], one["pattern"])),
    ):
        whole = [key(one) for one in (await ask(path, limit=500))["items"]]
        parts, cursor = list[Any](), None
        while len(parts) < 200:
            page = await ask(path, limit=23, **({"cursor": cursor} if cursor else {}))
            parts += [key(one) for one in page["items"]]
            cursor = page["next"]
        assert parts == whole[: len(parts)] and len(set(parts)) == len(parts)


async def test_stats_count_what_was_made_and_ended(ask: Any) -> None:
    listed = (await ask("/signals", timeframe="1m", limit=500))["items"]
    acted = [one for one in listed if one["direction"] != "HOLD"]
    r = [float(one["outcome"]["r_multiple"]) for one in acted if one["outcome"]]
    stats = (await ask("/signals/stats"))["items"]
    mine = next(one for one in stats if one["timeframe"] == "1m")
    assert (mine["made"], mine["ended"]) == (len(acted), len(r)) and len(r) > 3
    assert mine["won"] == sum(one > 0 for one in r)
    assert float(mine["mean_r"]) == pytest.approx(sum(r) / len(r), abs=0.0051)


async def test_another_session_and_none_show_nothing(ask: Any, desk: Here) -> None:
    for name in (SessionId("s9"), None):
        desk.name = name
        assert (await ask("/signals")) == {"items": [], "next": None}
        assert (await ask("/signals/stats"))["items"] == []
        rows = await ask("/indicators", symbol="ETH-USDT", timeframe="1m")
        assert rows == {"items": [], "next": None}


@pytest.mark.parametrize(
    ("path", "params", "status", "field"),
    [
        ("/signals", {"direction": "LONG"}, 422, "direction"),
        ("/signals", {"status": "open"}, 422, "status"),
        ("/signals", {"timeframe": "2m"}, 422, "timeframe"),
        ("/signals", {"symbol": "DOGE-USDT"}, 404, "symbol"),
        ("/signals", {"limit": "0"}, 422, "limit"),
        ("/signals", {"limit": "501"}, 422, "limit"),
        ("/signals", {"cursor": "nonsense"}, 422, "cursor"),
        ("/signals/none-such", {}, 404, "id"),
        ("/patterns", {"limit": "-1"}, 422, "limit"),
        ("/patterns", {"cursor": "WzFd"}, 422, "cursor"),
        ("/indicators", {"symbol": "ETH-USDT", "timeframe": "7d"}, 422, "timeframe"),
        ("/indicators", {"symbol": "ETH-USDT", "timeframe": "1m", "from": "soon"}, 422, "from"),
        ("/indicators", {"symbol": "ETH-USDT", "timeframe": "1m", "to": "later"}, 422, "to"),
        ("/indicators", {"symbol": "ETH-USDT", "timeframe": "1m", "limit": "5001"}, 422, "limit"),
        ("/indicators", {"symbol": "ETH-USDT", "timeframe": "1m", "from": "2025-02-02",
                         "to": "2025-02-01"}, 422, "from"),
    ],
)  # fmt: skip
async def test_refusals_name_the_field_and_the_fix(
    db: Database, desk: Here, path: str, params: dict[str, str], status: int, field: str
) -> None:
    transport = httpx2.ASGITransport(app=app(SqlSignals(db), desk))
    async with httpx2.AsyncClient(transport=transport, base_url="http://desk/api") as client:
        reply = await client.get(path, params=params)
    assert reply.status_code == status, reply.text
    assert reply.json()["field"] == field and reply.json()["fix"]
