"""Locks, lanes, cursors, logs, health: small parts, each with its promise."""

import asyncio
import json
import logging
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from decimal import Decimal as D
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from hydradesk.infra import logs
from hydradesk.infra.clock import DeskClock, RandomIds, SystemClock
from hydradesk.infra.db import Database
from hydradesk.infra.health import Checks, HealthCheck, LoopLag, database, disk
from hydradesk.infra.http import decode_cursor, encode_cursor
from hydradesk.infra.lanes import Lanes
from hydradesk.infra.lock import only_run, require_folder, user_of
from hydradesk.kernel.errors import Conflict, Invalid, Unavailable
from hydradesk.kernel.ids import AccountId
from hydradesk.kernel.time import TimeNs

ALICE, BOB = AccountId("alice"), AccountId("bob")


def beside(folder: Path, code: str) -> subprocess.Popen[bytes]:
    """Another process on the same folder; it says when it is there, and ends with its input."""
    whole = (
        "import sys; from pathlib import Path\n"
        "from hydradesk.infra.lock import only_run, user_of\n"
        f"with {code}(Path(sys.argv[1])) as use:\n"
        "    print('in', flush=True); sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", whole, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": "src"},
    )
    assert process.stdout is not None and process.stdout.readline() == b"in\n"
    return process


def test_one_run_per_folder_and_the_second_learns_who_has_it(tmp_path: Path) -> None:
    with beside(tmp_path, "only_run") as first:
        with pytest.raises(Conflict) as refused, only_run(tmp_path):
            pass
        assert str(first.pid) in str(refused.value) and refused.value.field == "data_dir"
        first.kill()
    with only_run(tmp_path):  # the kernel freed the dead one's lock
        assert (tmp_path / "run.lock").read_text() == str(os.getpid())


def test_the_last_user_of_a_server_knows_that_it_is(tmp_path: Path) -> None:
    with beside(tmp_path, "user_of") as other:
        with user_of(tmp_path) as use:
            assert not use.last()
        other.kill()
    with user_of(tmp_path) as use:
        assert use.last()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "data", Path("/proc/desk")):
        with pytest.raises(Unavailable) as refused:
            require_folder(path)
        assert str(path) in str(refused.value) and refused.value.field == "data_dir"
    require_folder(tmp_path / "new" / "data")
    assert list((tmp_path / "new" / "data").iterdir()) == []


async def test_one_account_waits_for_itself_and_nobody_else() -> None:
    lanes, story = Lanes(), list[str]()
    go = asyncio.Event()

    async def work(name: str, account: AccountId, wait: bool) -> None:
        async with lanes.lane(account):
            story.append(f"{name} in")
            if wait:
                await go.wait()
            story.append(f"{name} out")

    jobs = [work("a1", ALICE, True), work("a2", ALICE, False), work("b", BOB, False)]
    tasks = [asyncio.create_task(job) for job in jobs]
    idle = asyncio.create_task(lanes.idle())
    await asyncio.sleep(0.01)
    assert story == ["a1 in", "b in", "b out"] and not idle.done()
    go.set()
    await asyncio.gather(*tasks)
    await asyncio.wait_for(idle, 1)
    assert story[3:] == ["a1 out", "a2 in", "a2 out"]


async def test_a_lane_is_freed_by_an_error_and_by_a_cancel() -> None:
    lanes = Lanes()
    with pytest.raises(ZeroDivisionError):
        async with lanes.lane(ALICE):
            raise ZeroDivisionError
    async with lanes.lane(ALICE):
        waiting = asyncio.create_task(lanes.lane(ALICE).__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(1):
        async with lanes.lane(ALICE):
            pass
        await lanes.idle()


words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@given(st.lists(st.one_of(st.integers(-(2**63), 2**63 - 1), words), max_size=4))
def test_a_cursor_comes_back_as_it_was(parts: list[int | str]) -> None:
    kinds = tuple(type(part) for part in parts)
    assert decode_cursor(encode_cursor(*parts), kinds) == parts


@pytest.mark.parametrize(
    "cursor",
    [
        *("", "x", "abc", "né", "W10", "bnVsbA", "[1]", encode_cursor("a"), encode_cursor(1, 2)),
        *(encode_cursor(2**63), encode_cursor(10**40), encode_cursor(-(2**63) - 1)),
    ],
)
def test_a_cursor_that_we_never_gave_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid) as refused:
        decode_cursor(cursor, (int,))
    assert refused.value.field == "cursor"


def test_no_cursor_is_the_first_page() -> None:
    assert decode_cursor(None, (int,)) is None


@pytest.fixture
def clean_logs() -> Iterator[None]:
    root = logging.getLogger()
    before, level, config = root.handlers, root.level, structlog.get_config()
    yield
    for handler in root.handlers:
        if handler not in before:
            handler.close()
    if logs.ACCESS.handler is not None:
        logs.ACCESS.handler.close()
        logs.ACCESS.handler = None
    root.handlers = before
    root.setLevel(level)
    structlog.configure(**config)


def lines(folder: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in (folder / "desk.log").read_text().splitlines()]


@pytest.mark.usefixtures("clean_logs")
def test_every_line_is_one_json_object_whoever_wrote_it(tmp_path: Path) -> None:
    logs.set_up(tmp_path / "logs", "ERROR")
    structlog.get_logger("room").info("it.happened", qty=D("0.5"), text="two\nlines")
    logging.getLogger("library").warning("old %s", "style")
    structlog.get_logger("room").debug("too.small")
    first, second = lines(tmp_path / "logs")
    assert (first["event"], first["qty"], first["level"]) == ("it.happened", "0.5", "info")
    assert first["timestamp"].endswith("Z") and first["logger"] == "room"
    assert (second["event"], second["level"]) == ("old style", "warning")


@pytest.mark.usefixtures("clean_logs")
def test_an_error_is_logged_with_its_trace_in_file_and_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        logs.set_up(tmp_path / "logs", "WARNING")
        for name, say in (
            ("ours", structlog.get_logger("room").error),
            ("theirs", logging.getLogger("library").error),
        ):
            try:
                raise ZeroDivisionError(name)
            except ZeroDivisionError as error:
                say("it.failed", exc_info=error)
    for line, name in zip(lines(tmp_path / "logs"), ("ours", "theirs"), strict=True):
        trace = line["exception"]
        assert f"ZeroDivisionError: {name}" in trace and "test_parts" in trace
    shown = capsys.readouterr().err
    assert "ZeroDivisionError: ours" in shown and "ZeroDivisionError: theirs" in shown


@pytest.mark.usefixtures("clean_logs")
def test_logs_are_rotated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "FILE_BYTES", 2_000)
    logs.set_up(tmp_path, "ERROR")
    for number in range(200):
        structlog.get_logger("room").info("line", number=number)
    files = sorted(one.name for one in tmp_path.iterdir())
    assert files == ["desk.log", *(f"desk.log.{number}" for number in range(1, logs.FILES + 1))]


async def test_a_probe_that_fails_or_hangs_is_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def good() -> HealthCheck:
        return HealthCheck(name="good", ok=True, detail="fine")

    async def bad() -> HealthCheck:
        raise ConnectionError("gone")

    async def hangs() -> HealthCheck:
        await asyncio.sleep(60)
        raise AssertionError

    began = asyncio.get_running_loop().time()
    checks = await Checks({"good": good, "bad": bad, "slow": hangs}).run()
    assert asyncio.get_running_loop().time() - began < 3
    assert [(one.name, one.ok) for one in checks] == [
        ("good", True),
        ("bad", False),
        ("slow", False),
    ]
    assert "gone" in checks[1].detail and "Timeout" in checks[2].detail


async def test_the_parts_answer_for_themselves(db: Database, tmp_path: Path) -> None:
    lag = LoopLag()
    checks = await Checks(
        {"database": database(db), "disk": disk(tmp_path), "loop": lag.probe}
    ).run()
    assert [one.ok for one in checks] == [True] * 3, checks
    assert "PostgreSQL" in checks[0].detail and "GB free" in checks[1].detail


async def test_a_blocked_loop_is_noticed() -> None:
    import time

    lag = LoopLag()
    running = asyncio.create_task(lag.run(0.01))
    await asyncio.sleep(0.02)
    time.sleep(0.3)  # noqa: ASYNC251  (that is the fault)
    await asyncio.sleep(0.02)
    running.cancel()
    assert lag.worst() >= 0.25 and not (await lag.probe()).ok


def test_the_desk_clock_is_the_walls_or_a_replays() -> None:
    wall = SystemClock()
    desk = DeskClock(wall)
    assert abs(desk.now() - wall.now()) < 10**9
    desk.jump(TimeNs(1_000))
    desk.advance(TimeNs(2_000))
    desk.advance(TimeNs(1_500))
    assert desk.now() == 2_000
    desk.jump(TimeNs(500))
    assert desk.now() == 500
    desk.follow_wall()
    assert abs(desk.now() - wall.now()) < 10**9


def test_names_are_new_and_sort_by_birth() -> None:
    ids = RandomIds()
    names = [ids.new() for _ in range(2_000)]
    assert len(set(names)) == 2_000 and {len(one) for one in names} == {26}
    assert names[0][:9] <= names[-1][:9]
