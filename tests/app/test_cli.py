"""The command line on real data folders: one run each, everything else attaches."""

import json
import os
import shutil
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.desks import ALL, Running, contents, postmaster, verb
from tests.flow.desk_process import free_port


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="hydradesk-app-", dir="/var/tmp"))
    path.chmod(0o755)
    yield path
    from hydradesk.infra.postgres import PostgresServer

    PostgresServer(path).stop()
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(autouse=True)
def nobody_left() -> Iterator[None]:
    yield
    while ALL:
        ALL.pop().stop(signal.SIGKILL)


@pytest.fixture
def desk(home: Path) -> Running:
    return Running(home)


def one_line(text: str, *words: str) -> None:
    assert text.count("\n") == 1 and text.startswith("hydradesk: "), text
    for word in words:
        assert word in text, text


def test_a_fresh_desk_serves_and_drains_when_told(home: Path) -> None:
    desk = Running(home)
    assert f"http://localhost:{desk.port}" in desk.said
    status, checks = desk.ask("/readyz")
    assert status == 200 and all(one["ok"] for one in checks), checks
    order = {"symbol": "ETH-USDT", "side": "buy", "type": "market", "qty": "0.5"}
    assert desk.ask("/api/orders", "POST", order)[0] == 201
    assert desk.stop() == 0
    assert postmaster(home) is None, "the last user stops the server"
    assert "Traceback" not in (home / "stderr.txt").read_text()
    log = (home / "logs/desk.log").read_text().splitlines()
    assert any(json.loads(line)["event"] == "desk.starting" for line in log)


def test_the_audit_trail_of_what_was_done_is_proved(home: Path) -> None:
    assert verb("halt", "a test", home=home).returncode == 0
    assert verb("resume", home=home).returncode == 0
    proved = verb("audit", "verify", "--json", home=home)
    said = json.loads(proved.stdout)
    assert proved.returncode == 0 and said["ok"] and said["broken"] is None
    assert said["entries"] >= 3 and said["anchors"] >= 1, "the order, the halt, the resume"
    noted = verb("audit", "verify", "--anchor", said["last_anchor"], home=home)
    assert noted.returncode == 0 and "the trail holds" in noted.stdout
    forged = verb("audit", "verify", "--anchor", f"1:{'0' * 64}", home=home)
    assert forged.returncode == 1 and "BROKEN  chain anchors, row 1" in forged.stdout
    wrong = verb("audit", "verify", "--anchor", "yesterday", home=home)
    assert wrong.returncode == 2
    one_line(wrong.stderr, "yesterday", "NUMBER:HASH")


def test_a_second_run_is_refused_and_other_verbs_attach(home: Path, desk: Running) -> None:
    second = verb("run", "--port", str(free_port()), home=home)
    assert second.returncode == 2 and second.stdout == ""
    one_line(second.stderr, "another hydradesk run", str(desk.process.pid), str(home), "--data-dir")
    os.environ["HYDRADESK_PORT"] = str(desk.port)
    try:
        doctor = verb("doctor", "--json", home=home)
    finally:
        del os.environ["HYDRADESK_PORT"]
    assert doctor.returncode == 0, doctor.stderr
    assert {"database", "disk", "port"} <= {one["name"] for one in json.loads(doctor.stdout)}
    assert verb("halt", "by hand", home=home).returncode == 0
    for _ in range(50):
        limits = desk.ask("/api/risk/limits")[1]
        if limits["halted"]:
            break
        time.sleep(0.1)
    assert limits["halted"] and limits["halt_reason"] == "by hand"
    order = {"symbol": "ETH-USDT", "side": "buy", "type": "market", "qty": "0.5"}
    status, problem = desk.ask("/api/orders", "POST", order)
    assert (status, problem["rule"]) == (422, "halted")
    assert verb("resume", home=home).returncode == 0
    assert desk.process.poll() is None and desk.ask("/healthz")[0] == 200


def test_a_killed_desk_is_adopted_and_goes_on(home: Path, desk: Running) -> None:
    _, feed = desk.ask("/api/feed")
    order = {"symbol": "ETH-USDT", "side": "buy", "type": "limit", "price": "1", "qty": "6"}
    status, placed = desk.ask("/api/orders", "POST", order)
    assert status == 201, placed
    server = postmaster(home)
    desk.stop(signal.SIGKILL)
    assert postmaster(home) == server
    again = Running(home)
    try:
        assert postmaster(home) == server
        _, now = again.ask("/api/feed")
        assert now["session"] == feed["session"] and now["clock"] >= feed["start"]
        assert again.ask(f"/api/orders/{placed['id']}")[1]["state"] == "working"
    finally:
        assert again.stop() == 0


def test_a_database_that_is_killed_under_load_comes_back(home: Path, desk: Running) -> None:
    stop, seen = threading.Event(), set[int]()

    def load(path: str) -> None:
        while not stop.is_set():
            seen.add(desk.ask(path)[0])

    paths = ("/api/portfolio", "/api/orders", "/api/risk/limits", "/api/positions")
    threads = [threading.Thread(target=load, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    before, server = desk.ask("/api/feed")[1]["clock"], postmaster(home)
    assert server is not None
    os.kill(server, signal.SIGKILL)
    time.sleep(3)
    deadline = time.monotonic() + 20
    while desk.ask("/readyz")[0] != 200 or desk.ask("/api/feed")[1]["clock"] <= before:
        assert time.monotonic() < deadline, "the desk does not go on"
        time.sleep(0.2)
    stop.set()
    for thread in threads:
        thread.join()
    assert seen == {200, 503}, seen
    assert desk.process.poll() is None and postmaster(home) not in (None, server)
    assert all(desk.ask(path)[0] == 200 for path in paths)
    order = {"symbol": "ETH-USDT", "side": "buy", "type": "market", "qty": "0.5"}
    assert desk.ask("/api/orders", "POST", order)[0] == 201
    assert desk.stop() == 0


def test_a_taken_port_is_named(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = verb("run", "--port", str(port), "--feed", "simulated", home=home)
    assert done.returncode == 1
    one_line(done.stderr, str(port), "--port")
    assert postmaster(home) is None


def test_what_was_backed_up_comes_back(home: Path, tmp_path: Path) -> None:
    file, before = tmp_path / "desk.backup", contents(home)
    assert before["public.ledger_transfers"][0] > 0 and before["public.market_candles_2025"][0] > 0
    assert verb("backup", str(file), home=home).returncode == 0
    assert [one.name for one in tmp_path.iterdir()] == ["desk.backup"]
    assert verb("halt", "after the backup", home=home).returncode == 0
    changed = contents(home)
    assert changed != before
    whole = file.read_bytes()
    for broken in (whole[: len(whole) // 2], b"no backup at all"):
        bad = tmp_path / "bad.backup"
        bad.write_bytes(broken)
        done = verb("restore", str(bad), home=home)
        assert done.returncode == 2, done.stderr
        one_line(done.stderr, "bad.backup")
    assert contents(home) == changed
    done = verb("restore", str(file), home=home)
    assert done.returncode == 0, done.stderr
    assert contents(home) == before
    desk = Running(home)  # roles and grants came back too
    assert desk.ask("/api/portfolio")[0] == desk.ask("/api/trades")[0] == 200
    assert verb("restore", str(file), home=home).returncode == 2, "not while the desk runs"
    assert desk.stop() == 0


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["run", "--port", "99999"], "--port"),
        (["run", "--port", "many"], "port"),
        (["run", "--host", "0.0.0.0"], "--host"),
        (["run", "--feed", "tea"], "--feed"),
        (["run", "--speed", "0"], "--speed"),
        (["run", "cook"], "cook"),
        (["run", "trader"], "HYDRADESK_ROLES"),
        (["fly"], "fly"),
        (["doctor", "--data-dri", "x"], "--data-dri"),
        (["restore", "/nowhere"], "/nowhere"),
    ],
)
def test_misuse_is_one_line_that_names_it(arguments: list[str], word: str, tmp_path: Path) -> None:
    done = verb(*arguments, home=tmp_path if arguments[0] == "run" else None)
    assert done.returncode == 2 and done.stdout == "", done
    one_line(done.stderr, word)


def test_a_folder_that_cannot_be_written_is_named() -> None:
    done = verb("run", home=Path("/proc/desk"))
    assert done.returncode == 1
    one_line(done.stderr, "/proc/desk", "--data-dir")


def test_version_and_help() -> None:
    from hydradesk import __version__

    assert verb("--version").stdout.strip() == __version__
    assert "doctor" in verb("--help").stdout
