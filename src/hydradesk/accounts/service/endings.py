"""Tells every process at once who may no longer come in."""

import asyncio
from collections.abc import Callable

from hydradesk.accounts.contracts import PersonChanged
from hydradesk.accounts.service.kept import Kept
from hydradesk.infra.db import after_commit
from hydradesk.infra.shared import Shared
from hydradesk.kernel.errors import Unavailable
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.tx import Tx

CHANNEL = "accounts.endings"
Listener = Callable[[PersonId, str | None], None]
"""Called with a person, and with the session that ended or changed; None: look at all of them."""


class Endings:
    """Forgets what is kept of sessions, keys and people, here at commit, elsewhere by message."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._kept: list[Kept] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.listeners: list[Listener] = []
        """Sockets listen here: they end when their session does."""
        shared.subscribe(CHANNEL, self._heard)

    def watch(self, kept: Kept) -> None:
        """Forget here what ends."""
        self._kept.append(kept)

    def of(self, tx: Tx, person: PersonId, name: str | None = None) -> None:
        """Once this transaction has committed, forget one session or key, or all of a person."""
        after_commit(tx, f"ended:{person}:{name or ''}", lambda: self._tell(person, name))

    async def on_person(self, fact: PersonChanged) -> None:
        """Hear of a person whose role or status changed."""
        self._forget(fact.person, None)

    def person_changed(self, tx: Tx, person: PersonId) -> None:
        """The same, from the commit on: the people's store calls it with every change."""
        self.of(tx, person)

    def _tell(self, person: PersonId, name: str | None) -> None:
        self._forget(person, name)
        task = asyncio.get_running_loop().create_task(self._publish(f"{person} {name or ''}"))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _publish(self, text: str) -> None:
        try:
            await self._shared.publish(CHANNEL, text)
        except Unavailable:
            return  # the others ask again within seconds

    def _heard(self, text: str | None) -> None:
        if text is None:
            for kept in self._kept:
                kept.forget_all()
            return
        person, _, name = text.partition(" ")
        self._forget(PersonId(person), name or None)

    def _forget(self, person: PersonId, name: str | None) -> None:
        for kept in self._kept:
            if name is None:
                kept.forget_person(person)
            else:
                kept.forget(name)
        for listener in self.listeners:
            listener(person, name)
