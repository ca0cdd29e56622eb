"""The one stream: topics with dense sequence numbers, encoded once, sent to many.

A message is encoded when it is published and the same text goes to every subscriber. A client
that does not read is dropped with a reason; it never slows the others.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable

import msgspec
from msgspec import Raw, Struct

from hydradesk.accounts.contracts import PUBLIC
from hydradesk.infra.http import Principal
from hydradesk.kernel.time import MILLISECOND, SECOND, Clock, rfc3339

KEPT_MESSAGES = 1_000
KEPT_NS = 60 * SECOND
RECENT = 50
WITH_NAMES = ("candles", "indicators")
"""Topics that say of what: `candles:ETH-USDT:1m`."""
QUEUE_MESSAGES = 2_000
QUEUE_BYTES = 4 * 1024 * 1024

OWNED = "@"
"""`orders@p-1` is what p-1 hears as `orders`: a name of ours, which nobody outside can say."""
STRANGER = Principal(scopes=PUBLIC)

Snapshot = Callable[[str], Awaitable[object]]


class Message(Struct, frozen=True, omit_defaults=False):
    """What travels out."""

    type: str
    topic: str | None
    seq: int
    ts: str
    data: object


def name_of(topic: str) -> str:
    """Return what a topic is about, without of what or whose."""
    return topic.partition(OWNED)[0].partition(":")[0]


class Client:
    """One connection's outgoing queue, bounded."""

    def __init__(self, me: Principal = STRANGER) -> None:
        self.me = me
        """Who listens."""
        self.over = False
        """Whether it was us who ended it, and not its slowness."""
        self.topics: set[str] = set()
        self.dropped: str | None = None
        self.overflow = asyncio.Event()
        self._queue: list[str] = []
        self._bytes = 0
        self._waiter: asyncio.Future[None] | None = None

    def offer(self, text: str) -> None:
        """Queue a message; mark the client as dropped when the queue is full."""
        if self.dropped is not None:
            return
        if len(self._queue) >= QUEUE_MESSAGES or self._bytes > QUEUE_BYTES:
            self.dropped = "you read too slowly; reconnect and resume with `from`"
            self.overflow.set()
            return
        self._queue.append(text)
        self._bytes += len(text)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def end(self, reason: str) -> None:
        """Say goodbye: its owner may not listen any more."""
        if self.dropped is None:
            self.dropped, self.over = reason, True
            self.overflow.set()

    def look_again(self) -> None:
        """Have it asked anew who its owner is: something about them has changed."""
        self.overflow.set()

    async def take(self) -> list[str]:
        """Wait for messages and return all there are. For one writer.

        A future, not an Event: a thousand writers wait here five times a second.
        """
        while not self._queue:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        texts, self._queue, self._bytes = self._queue, [], 0
        return texts


class Topic:
    """One topic's memory."""

    def __init__(self, seq: int) -> None:
        self.seq = self.first = seq
        self.kept: deque[tuple[int, int, str]] = deque(maxlen=KEPT_MESSAGES)
        self.recent: deque[Raw] = deque(maxlen=RECENT)
        self.clients: set[Client] = set()
        self.joining: dict[Client, list[str]] = {}
        self.left_at = -KEPT_NS
        """When the last client left: its past is kept for as long as it may resume."""


class Hub:
    """Every topic and every client of one process."""

    def __init__(self, wall: Clock) -> None:
        self._wall = wall
        # Numbers go on where no earlier run can have been, so that a client that was away while
        # the desk restarted is never taken for one that lacks nothing.
        self._first = wall.now() // MILLISECOND
        self._topics: dict[str, Topic] = {}
        self._snapshots: dict[str, Snapshot] = {}
        self._pending: dict[str, object] = {}
        self.clients: set[Client] = set()

    def provide(self, prefix: str, snapshot: Snapshot) -> None:
        """Answer new subscribers of topics that begin with `prefix` from `snapshot`."""
        self._snapshots[prefix] = snapshot

    def known(self, topic: str) -> bool:
        """Whether there is such a topic."""
        name, colon, _ = topic.partition(":")
        return name in self._snapshots and (not colon or name in WITH_NAMES)

    def publish(self, topic: str, data: object) -> None:
        """Send to everyone who listens, and keep it for those who resume."""
        one = self._topic(topic)
        one.seq += 1
        if OWNED in topic and not self.listened(topic):
            one.recent.clear()  # one person's affairs: kept only for who may come back for them
            one.kept.clear()
            return
        encoded = Raw(msgspec.json.encode(data))
        text = self._encode("delta", topic, one.seq, encoded)
        one.kept.append((one.seq, self._wall.now(), text))
        one.recent.append(encoded)
        for client in one.clients:
            client.offer(text)
        for joining in one.joining.values():
            joining.append(text)

    def publish_latest(self, topic: str, data: object) -> None:
        """Publish at the next flush, replacing what has not been sent yet: for ticks."""
        self._pending[topic] = data

    def listeners(self, name: str) -> list[str]:
        """Return whose topics of this name are listened to."""
        mine = name + OWNED
        return [
            topic.removeprefix(mine)
            for topic in self._topics
            if topic.startswith(mine) and self.listened(topic)
        ]

    def end(self, whom: str, reason: str) -> int:
        """End every connection of a session or of a person, at once; return how many."""
        ended = [one for one in self.clients if whom in (one.me.session, one.me.key, one.me.person)]
        for client in ended:
            client.end(reason)
        return len(ended)

    def look_again(self, person: str, name: str | None) -> None:
        """Have a session's or key's connections, or all of a person's, ask anew who they are."""
        for client in self.clients:
            me = client.me
            if me.person == person and name in (None, me.session, me.key):
                client.look_again()

    def listened(self, topic: str) -> bool:
        """Whether anybody hears this topic, or left so lately that he may come back for it."""
        one = self._topics.get(topic)
        if one is None:
            return False
        return bool(one.clients or one.joining) or self._wall.now() < one.left_at + KEPT_NS

    def flush(self) -> None:
        """Send what publish_latest has collected; topics nobody hears only lose their past."""
        pending, self._pending = self._pending, {}
        for topic, data in pending.items():
            if self.listened(topic):
                self.publish(topic, data)
            else:
                one = self._topic(topic)
                one.seq += 1
                one.kept.clear()

    async def subscribe(self, client: Client, topic: str, after: int | None) -> None:
        """Resume after a sequence number when we can, else send a snapshot, then the rest."""
        one = self._topic(topic)
        missed = self._missed(one, after)
        one.clients.discard(client)  # asked again: it starts anew, and hears nothing twice
        client.topics.add(topic)
        if missed is not None:
            for text in missed:
                client.offer(text)
            one.clients.add(client)
            return
        seq = one.seq
        joining: list[str] = []
        one.joining[client] = joining  # deltas published while we look are newer: they follow
        try:
            data = await self._snapshots[name_of(topic)](topic)
        finally:
            del one.joining[client]
        client.offer(self._encode("snapshot", topic, seq, data))
        for text in joining:
            client.offer(text)
        one.clients.add(client)

    def unsubscribe(self, client: Client, topic: str) -> None:
        """Stop sending a topic to a client; a topic that nobody ever heard is forgotten."""
        client.topics.discard(topic)
        one = self._topics.get(topic)
        if one is None:
            return
        one.clients.discard(client)
        one.left_at = self._wall.now()
        if one.seq == one.first and not one.clients and not one.joining:
            del self._topics[topic]

    def leave(self, client: Client) -> None:
        """Forget a client."""
        for topic in list(client.topics):
            self.unsubscribe(client, topic)
        self.clients.discard(client)

    def heartbeat(self) -> None:
        """Tell every client that we are here."""
        text = self._encode("heartbeat", None, 0, None)
        for client in self.clients:
            client.offer(text)

    def said(self, kind: str, topic: str | None, data: object) -> str:
        """Encode a message for one client: error or bye."""
        return self._encode(kind, topic, 0, data)

    def forget(self, topics: Iterable[str], whose: str | None = None) -> None:
        """Drop the past of topics: it belongs to a session or an account that is over."""
        for topic in topics:
            for name, one in self._topics.items():
                if name_of(name) == topic and whose in (None, name.partition(OWNED)[2]):
                    one.recent.clear()
                    one.kept.clear()

    async def recent(self, topic: str) -> object:
        """A snapshot for list-like topics: the last items, oldest first."""
        return {"items": list(self._topic(topic).recent)}

    def _missed(self, one: Topic, after: int | None) -> list[str] | None:
        """What a resuming client lacks, or None when a snapshot is needed."""
        if after is None or after > one.seq:
            return None
        if after == one.seq:
            return []
        oldest = self._wall.now() - KEPT_NS
        kept = [text for seq, at, text in one.kept if seq > after and at >= oldest]
        return kept if len(kept) == one.seq - after else None

    def _topic(self, name: str) -> Topic:
        return self._topics.setdefault(name, Topic(self._first))

    def _encode(self, kind: str, topic: str | None, seq: int, data: object) -> str:
        public = None if topic is None else topic.partition(OWNED)[0]
        message = Message(kind, public, seq, rfc3339(self._wall.now()), data)
        return msgspec.json.encode(message).decode()
