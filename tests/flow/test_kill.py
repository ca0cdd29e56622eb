"""kill -9 at random moments under load: nothing is lost, nothing is doubled.

The venue runs in its own process on its own database server. The desk is killed and started again
on its folder, while a client goes on sending orders and sends each again until it is answered.
Afterwards the desk's books and the venue's are compared, row by row and to the quantum.
"""

import asyncio
import json
import os
import random
import sys
import threading
import time
from collections.abc import Iterator
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest

from hydradesk.app import migrate
from hydradesk.infra.postgres import PostgresServer
from tests.flow.desk_process import DeskProcess, venue_process

KILLS = int(os.environ.get("HYDRADESK_KILLS", "50"))
SEED = int(os.environ.get("HYDRADESK_KILL_SEED", "0")) or int(time.time())
ENVIRONMENT = {
    "HYDRADESK_AUTO_TIMEFRAME": "1m",
    "HYDRADESK_SPEED": "3600",
    "HYDRADESK_ORDER_MAX": "5000",
    "HYDRADESK_DAILY_LOSS_MAX": "90000",
}


@pytest.fixture
def venue_db(open_folder: Path) -> Iterator[str]:
    folder = open_folder / "venue"
    folder.mkdir(mode=0o755)
    server = PostgresServer(folder)
    server.start()
    migrate.upgrade(server.url)
    yield server.url
    server.stop()


class Trader(threading.Thread):
    """Sends orders without pause, each again until the desk answers: a stubborn customer."""

    def __init__(self, desk: DeskProcess, seed: int) -> None:
        super().__init__(daemon=True)
        self._desk, self._random = desk, random.Random(seed)
        self.answers: dict[str, int] = {}
        self.stopping = threading.Event()

    def run(self) -> None:
        with httpx2.Client(base_url=self._desk.client.base_url, timeout=10) as self._client:
            self._trade()

    def _trade(self) -> None:
        number = 0
        while not self.stopping.is_set():
            number += 1
            symbol, lot = self._random.choice([("ETH-USDT", "0.0101"), ("BTC-USDT", "0.00103")])
            order = {
                "symbol": symbol,
                "side": self._random.choice(["buy", "buy", "sell"]),
                "type": "market",
                "qty": str(D(lot) * self._random.randint(1, 20)),
                "client_id": f"t{number}",
            }
            self._insist(order)

    def _insist(self, order: dict[str, str]) -> None:
        while not self.stopping.is_set():
            try:
                reply = self._client.post("/api/orders", json=order)
            except httpx2.HTTPError:
                time.sleep(0.02)  # the desk is dead: it will come back
                continue
            if reply.status_code < 500:
                self.answers[order["client_id"]] = reply.status_code
                if self._random.random() < 0.2:
                    self._cancel(order["client_id"])
                return
            time.sleep(0.02)

    def _cancel(self, name: str) -> None:
        try:
            self._client.delete(f"/api/orders/{name}")
        except httpx2.HTTPError:
            return


@pytest.mark.timeout(1500)
def test_nothing_is_lost_or_doubled(open_folder: Path, shared: Path, venue_db: str) -> None:
    sys.stdout.write(f"seed {SEED}, {KILLS} kills\n")  # pytest shows it when the test fails
    chance = random.Random(SEED)
    folder = open_folder / "killed"
    with venue_process(venue_db) as address:
        recordings = str(shared / "data" / "candles")
        desk = DeskProcess(
            folder,
            *("--feed", "replay", "--recordings", recordings),
            HYDRADESK_VENUE=address,
            **ENVIRONMENT,
        )
        trader = Trader(desk, SEED)
        try:
            desk.start()
            trader.start()
            for _ in range(KILLS):
                time.sleep(chance.uniform(0.05, 1.2))
                desk.kill()
                desk.start()
            time.sleep(1)
            trader.stopping.set()
            trader.join(timeout=15)
            compare(desk, trader, venue_db)
        finally:
            trader.stopping.set()
            desk.end()


def compare(desk: DeskProcess, trader: Trader, venue_db: str) -> None:
    """Let everything come to rest, then hold the two sides against each other."""
    desk.client.post("/api/feed", json={"action": "pause"})
    desk.client.patch("/api/portfolio", json={"auto_trade": False})
    desk.client.delete("/api/orders")
    deadline = time.monotonic() + 20
    while desk.pages("/api/orders", status="open"):
        assert time.monotonic() < deadline, "orders do not come to rest"
        time.sleep(0.2)
    ours = {order["id"]: order for order in desk.pages("/api/orders", limit=500)}
    portfolio, positions = desk.get("/api/portfolio"), desk.get("/api/positions")["items"]
    trades = {trade["id"]: trade for trade in desk.pages("/api/trades", limit=500)}
    venue = asyncio.run(venue_books(venue_db))
    accepted = {name for name, status in trader.answers.items() if status == 201}
    assert len(accepted) > KILLS and len(trades) > KILLS, "the load was no load"

    assert accepted <= ours.keys(), "an order that was confirmed is gone"
    assert ours.keys() == venue["orders"].keys()
    for name, order in ours.items():
        theirs = venue["orders"][name]
        assert D(order["filled"]) == D(theirs["filled"]), name
        assert order["state"] == venue["states"][name], name
    assert trades.keys() == venue["fills"].keys()
    for name, trade in trades.items():
        fill = venue["fills"][name]
        for field in ("qty", "price", "fee"):
            assert D(trade[field]) == D(fill[field]), (name, field)

    cash = D(portfolio["deposit"])
    held: dict[str, D] = {}
    for trade in trades.values():
        sign = 1 if trade["side"] == "buy" else -1
        cash -= sign * D(trade["qty"]) * D(trade["price"]) + D(trade["fee"])
        held[trade["symbol"]] = held.get(trade["symbol"], D(0)) + sign * D(trade["qty"])
    assert D(portfolio["cash"]) == cash and D(portfolio["held"]) == 0
    assert {one["symbol"]: D(one["qty"]) for one in positions} == held


async def venue_books(url: str) -> dict[str, Any]:
    """Everything the venue knows, from its own tables."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    orders = await connection.fetch("SELECT client_id, state, body FROM paper_venue.orders")
    reports = await connection.fetch("SELECT seq, body FROM paper_venue.reports ORDER BY seq")
    await connection.close()
    assert [row["seq"] for row in reports] == list(range(1, len(reports) + 1))
    fills = [json.loads(row["body"])["fill"] for row in reports]
    return {
        "orders": {row["client_id"]: json.loads(row["body"]) for row in orders},
        "states": {row["client_id"]: row["state"] for row in orders},
        "fills": {fill["id"]: fill for fill in fills if fill},
    }
