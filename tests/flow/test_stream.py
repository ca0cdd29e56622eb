"""The whole house, seen from its socket: every step of the main job is a message."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from tests.flow.desk_process import ROOT, DeskProcess

TOPICS = ["feed", "prices", "signals", "orders", "trades", "positions", "portfolio", "risk"]
STREAMS = ["candles:ETH-USDT:1m", "indicators:ETH-USDT:1m"]


@pytest.fixture(scope="module")
def desk(open_folder: Path, shared: Path) -> Iterator[DeskProcess]:
    process = DeskProcess(
        open_folder / "streamed",
        *("--feed", "replay", "--recordings", str(shared / "data" / "candles"), "--speed", "600"),
        HYDRADESK_AUTO_TIMEFRAME="1m",
    )
    process.start()
    yield process
    process.end()


def listen(desk: DeskProcess) -> ClientConnection:
    return connect(f"ws://localhost:{desk.port}/api/stream", max_size=2**24)


def heard(socket: ClientConnection, seconds: float) -> Iterator[dict[str, Any]]:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        try:
            yield json.loads(socket.recv(timeout=left))
        except TimeoutError:
            return


def test_every_step_of_the_main_job_is_a_message(desk: DeskProcess) -> None:
    with listen(desk) as socket:
        socket.send(json.dumps({"op": "subscribe", "topics": [*TOPICS, *STREAMS]}))
        snapshots, seqs, first = set(), dict[str, int](), dict[str, Any]()
        for message in heard(socket, 60):
            topic, seq = message["topic"], message["seq"]
            if message["type"] == "snapshot":
                snapshots.add(topic)
                seqs[topic] = seq
            elif message["type"] == "delta":
                assert seq == seqs[topic] + 1, f"{topic}: {seqs[topic]} then {seq}"
                seqs[topic] = seq
                first.setdefault(topic, message["data"])
            if set(first) >= {*TOPICS, *STREAMS}:
                break
    assert snapshots == {*TOPICS, *STREAMS}
    assert set(first) >= {*TOPICS, *STREAMS}, {*TOPICS, *STREAMS} - set(first)
    assert first["feed"]["badge"] == "REPLAY" and first["portfolio"]["paper"] is True
    assert first["risk"]["kind"] == "judged" and first["trades"]["origin"] == "signal"
    assert first["signals"]["votes"] and first["signals"]["reasoning"]


def test_prices_and_a_heartbeat_come_every_five_seconds_even_when_nothing_moves(
    desk: DeskProcess,
) -> None:
    desk.client.post("/api/feed", json={"action": "pause"})
    try:
        with listen(desk) as socket:
            socket.send(json.dumps({"op": "subscribe", "topics": ["prices"]}))
            seen = set()
            for message in heard(socket, 12):
                if message["type"] == "heartbeat":
                    seen.add("heartbeat")
                elif message["type"] == "delta":
                    seen.add(message["data"]["symbol"])
                if seen == {"heartbeat", "ETH-USDT", "BTC-USDT"}:
                    break
        assert seen == {"heartbeat", "ETH-USDT", "BTC-USDT"}
    finally:
        desk.client.post("/api/feed", json={"action": "resume"})


def test_who_was_away_resumes_without_a_hole(desk: DeskProcess) -> None:
    ask = {"op": "subscribe", "topics": ["candles:BTC-USDT:1m"]}
    with listen(desk) as socket:
        socket.send(json.dumps(ask))
        seqs = [m["seq"] for m in heard(socket, 2) if m["topic"]]
    time.sleep(1)
    with listen(desk) as socket:
        socket.send(json.dumps(ask | {"from": {"candles:BTC-USDT:1m": seqs[-1]}}))
        later = [m for m in heard(socket, 2) if m["topic"]]
    assert {m["type"] for m in later} == {"delta"}
    seqs += [m["seq"] for m in later]
    assert len(later) > 5 and seqs == list(range(seqs[0], seqs[0] + len(seqs)))


def test_a_seek_opens_a_new_session_with_its_own_account(desk: DeskProcess) -> None:
    before = desk.get("/api/portfolio")
    reply = desk.client.post("/api/feed", json={"action": "seek", "to": "2025-06-26T12:00:00Z"})
    assert reply.status_code == 200, reply.text
    after = desk.get("/api/portfolio")
    assert reply.json()["session"] != before["session"]
    assert after["session"] == reply.json()["session"] and after["account"] != before["account"]
    assert desk.get("/api/feed")["clock"] < "2025-06-26T13:00:00Z"
    assert all(o["created_at"] >= "2025-06-26" for o in desk.pages("/api/orders"))


def test_machines_are_told_how_every_part_is(desk: DeskProcess) -> None:
    parts = desk.get("/readyz")
    assert {one["name"] for one in parts} >= {"database", "disk", "feed", "clock", "loop"}
    assert all(one["ok"] for one in parts), parts
    assert desk.get("/api/system")["items"] and desk.get("/healthz") == {"ok": True}


def test_the_dashboard_asks_for_metrics_that_are_there(desk: DeskProcess) -> None:
    desk.get("/api/markets")
    told = desk.client.get("/metrics").text
    board = json.loads((ROOT / "dashboards/desk.json").read_text())
    asked = {
        name
        for panel in board["panels"]
        for target in panel["targets"]
        for name in re.findall(r"hydradesk_\w+", target["expr"])
    }
    assert len(asked) >= 6
    for name in asked:
        assert re.search(rf"^{name}[ {{]", told, re.M), name
