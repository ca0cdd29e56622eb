"""Raw frames against a real server: whatever a client sends, the others are served."""

import asyncio
import json
import os
import random
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hydradesk.doors.gateway.stream import MAX_TOPICS, MESSAGES_AT_ONCE
from hydradesk.infra.db import Database
from tests.doors.fronts import Front
from tests.doors.wires import BINARY, CLOSE, PING, PONG, TEXT, Line, Served, frame, serving

SUBSCRIBE = b'{"op": "subscribe", "topics": ["prices"]}'
SEED = int(os.environ.get("HYDRADESK_FUZZ_SEED", "7"))


class Here:
    """A hub behind a real server, and somebody well-behaved who listens."""

    def __init__(self, served: Served, front: Front, good: Line) -> None:
        self.served, self.front, self.hub = served, front, front.hub
        self.heard: asyncio.Queue[bytes] = asyncio.Queue()
        self.listening = asyncio.create_task(self.listen(good))

    async def listen(self, good: Line) -> None:
        while True:
            opcode, data = await good.frame()
            if opcode == PING:
                good.send(frame(data, PONG))
            else:
                self.heard.put_nowait(data)

    async def all_is_well(self) -> None:
        """The other client still hears what is published, and strangers are answered."""
        self.hub.publish("prices", {"said": "all is well"})
        async with asyncio.timeout(10):
            while b"all is well" not in await self.heard.get():
                pass
        assert "200 OK" in await self.served.ask()

    async def emptied(self, count: int = 1) -> None:
        """Only the well-behaved client is left."""
        async with asyncio.timeout(15):
            while len(self.hub.clients) > count:  # noqa: ASYNC110  (the hub has no event for it)
                await asyncio.sleep(0.01)


async def subscribed(served: Served) -> Line:
    line = await served.socket()
    line.send(frame(SUBSCRIBE))
    opcode, data = await line.frame()
    assert opcode == TEXT and json.loads(data)["type"] == "snapshot"
    return line


@pytest.fixture
async def here(db: Database) -> AsyncIterator[Here]:
    front = Front(db)
    front.hub.provide("prices", front.hub.recent)
    front.hub.provide("candles", front.hub.recent)
    async with serving(front.app, per_source=5_000, head_s=1, ping_s=0.5, pong_s=0.5) as served:
        one = Here(served, front, await subscribed(served))
        yield one
        one.listening.cancel()
        await asyncio.gather(one.listening, return_exceptions=True)


BAD = {
    "reserved opcode 3": (frame(b"x", 3), 1002),
    "reserved opcode 7": (frame(b"x", 7), 1002),
    "reserved opcode 11": (frame(b"x", 11), 1002),
    "reserved opcode 15": (frame(b"x", 15), 1002),
    "reserved bit 1": (frame(SUBSCRIBE, rsv=4), 1002),
    "reserved bit 2": (frame(SUBSCRIBE, rsv=2), 1002),
    "reserved bit 3": (frame(SUBSCRIBE, rsv=1), 1002),
    "not masked": (frame(SUBSCRIBE, masked=False), 1002),
    "a ping of 126 bytes": (frame(b"x" * 126, PING), 1002),
    "a ping in fragments": (frame(b"x", PING, fin=False), 1002),
    "a close of one byte": (frame(b"x", CLOSE), 1002),
    "a close with a code nobody may send": (frame(b"\x03\xed", CLOSE), 1002),
    "a close whose reason is no text": (frame(b"\x03\xe8\xff\xfe", CLOSE), 1007),
    "a continuation of nothing": (frame(b"x", 0), 1002),
    "a text within a text": (frame(b"a", fin=False) + frame(b"b"), 1002),
    "text that is no UTF-8": (frame(b"\xff\xfe\xfd"), 1007),
    "half a character": (frame(b"\xe2\x82", fin=False) + frame(b"\x28", 0), 1007),
    "a surrogate": (frame(b"\xed\xa0\x80"), 1007),
    "a length of 2**63": (b"\x81\xff" + b"\xff" * 8 + b"mask", 1009),
    "larger than allowed": (frame(b"x" * 70_000), 1009),
    "larger than allowed, in parts": (
        frame(b"x" * 40_000, fin=False) + frame(b"x" * 40_000, 0),
        1009,
    ),
    "a thousand parts of nothing": (frame(b"", fin=False) + frame(b"", 0, fin=False) * 2_000, 1009),
}


@pytest.mark.parametrize("name", BAD)
async def test_a_frame_that_breaks_the_protocol_ends_its_line_only(here: Here, name: str) -> None:
    data, code = BAD[name]
    line = await here.served.socket()
    line.send(data)
    ended = await line.ends()
    assert ended == code, name
    await here.emptied()
    await here.all_is_well()


NOT_OURS = [
    b"", b"null", b"[]", b"{", b'"x"', b"\x00", b'{"op":"fly","topics":[]}',
    b'{"op":"subscribe"}', b'{"op":"subscribe","topics":[1]}', b'{"op":"subscribe","topics":"x"}',
    b'{"op":"subscribe","topics":["prices"],"x":1}', b"[" * 10_000,
    b'{"op":"subscribe","topics":["prices"],"from":{"prices":1e99}}',
    b'{"op":"subscribe","topics":["prices"],"from":{"prices":-1}}',
    b'{"op":"subscribe","topics":["\\u0000","\\ud800","../../etc","signals:x:y"]}',
    b'{"op":"subscribe","topics":["' + b"x" * 10_000 + b'"]}', b" " * 17_000,
]  # fmt: skip


async def test_a_message_that_says_nothing_is_answered_with_an_error(here: Here) -> None:
    line = await here.served.socket()
    for message in NOT_OURS:
        for opcode in (TEXT, BINARY):
            line.send(frame(message, opcode))
            answer = TEXT, b""
            async with asyncio.timeout(10):
                while answer[0] != TEXT or not answer[1]:
                    answer = await line.frame()
                    if answer[0] == PING:
                        line.send(frame(answer[1], PONG))
            said = json.loads(answer[1])
            assert said["type"] in ("error", "snapshot"), (message[:60], said)
            assert "Traceback" not in str(said) and len(answer[1]) < 2_000
    line.close()
    await here.all_is_well()


async def test_who_says_too_much_at_once_is_shown_out(here: Here) -> None:
    line = await here.served.socket()
    line.send(frame(b'{"op": "unsubscribe", "topics": []}') * (int(MESSAGES_AT_ONCE) + 50))
    assert await line.ends() == 1008
    await here.emptied()
    await here.all_is_well()


async def test_bytes_one_by_one_are_still_a_message(here: Here) -> None:
    line = await here.served.socket()
    for one in frame(SUBSCRIBE):
        line.send(bytes([one]))
        await line.writer.drain()
        await asyncio.sleep(0)
    async with asyncio.timeout(10):
        while json.loads((await line.frame())[1] or b"{}").get("type") != "snapshot":
            pass
    await here.all_is_well()


async def test_who_vanishes_without_a_word_is_noticed(here: Here) -> None:
    await here.served.socket()  # answers no ping, sends nothing, closes nothing
    begun = await here.served.socket()
    begun.send(frame(b"x", fin=False))
    assert len(here.hub.clients) == 3
    await here.emptied()
    await here.all_is_well()


async def test_ten_thousand_subscriptions_are_two_hundred(here: Here) -> None:
    line = await here.served.socket()
    refused = 0
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for start in range(0, 10_000, 100):
        names = [f"candles:X{number}:1m" for number in range(start, start + 100)]
        line.send(frame(json.dumps({"op": "subscribe", "topics": names}).encode()))
        for _ in names:
            opcode, data = await line.frame()
            while opcode == PING:
                line.send(frame(data, PONG))
                opcode, data = await line.frame()
            refused += json.loads(data)["type"] == "error"
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert refused == 10_000 - MAX_TOPICS and grown < 8_000_000
    line.close()
    await here.emptied()
    assert not any(name.startswith("candles") for name in here.hub._topics)
    await here.all_is_well()


async def test_pings_of_who_never_reads_fill_no_memory(here: Here) -> None:
    line = await here.served.socket()
    line.reader._transport.pause_reading()  # type: ignore[attr-defined]
    async with asyncio.timeout(20):
        while not line.writer.is_closing() and len(here.hub.clients) > 1:
            try:
                line.send(frame(b"x" * 125, PING) * 500)
                await asyncio.wait_for(line.writer.drain(), 1)
            except (ConnectionError, TimeoutError):
                break
    line.writer.transport.abort()
    await here.emptied()
    await here.all_is_well()


async def test_noise_before_and_after_the_handshake(here: Here) -> None:
    """Random bytes, and good requests and frames with some bytes changed."""
    chance = random.Random(SEED)
    for _ in range(150):
        line = await here.served.line()
        head = bytearray(b"GET /api/stream HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n")
        for _ in range(chance.randrange(8)):
            head[chance.randrange(len(head))] = chance.randrange(256)
        line.send(bytes(head) + chance.randbytes(chance.randrange(200)) + b"\r\n\r\n")
        line.close()
    for _ in range(150):
        line = await here.served.socket()
        data = bytearray(frame(SUBSCRIBE) * 3)
        for _ in range(chance.randrange(1, 12)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        line.send(bytes(data) if chance.random() < 0.7 else chance.randbytes(600))
        line.close()
    await here.emptied()
    await here.all_is_well()


HANDSHAKES = {
    "no key": "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n",
    "a short key": "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: eA==\r\n"
    "Sec-WebSocket-Version: 13\r\n",
    "an old version": "Upgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 8\r\n",
    "a foreign page": "Upgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
    "Origin: https://evil.example\r\n",
}


@pytest.mark.parametrize("name", HANDSHAKES)
async def test_a_wrong_handshake_opens_nothing(here: Here, name: str) -> None:
    line = await here.served.line()
    line.send(f"GET /api/stream HTTP/1.1\r\nHost: localhost\r\n{HANDSHAKES[name]}\r\n".encode())
    status = (await line.head()).split(" ")[1]
    assert status in ("400", "403", "426"), status
    assert len(here.hub.clients) == 1
    await here.all_is_well()


def memory_kb() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


async def test_thousands_of_broken_lines_leave_nothing_behind(here: Here) -> None:
    broken = frame(b"x" * 60_000, fin=False) + frame(b"\xff")

    async def round_trip() -> None:
        line = await here.served.socket()
        line.send(broken)
        await line.ends()
        line.close()

    for _ in range(50):
        await round_trip()
    before = memory_kb()
    for _ in range(400):
        await round_trip()
    assert memory_kb() - before < 24_000  # 400 lines of 60 kB kept would be as much
    await here.emptied()
    await here.all_is_well()
