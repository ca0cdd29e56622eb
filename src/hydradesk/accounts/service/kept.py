"""Remembers for seconds what would otherwise be asked of the database with every request."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable

from hydradesk.accounts.ports.sessions import Standing
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import SECOND, Clock

KEPT_NS = 5 * SECOND
"""How long another process's change may go unseen when its message is lost."""
MOST = 20_000


class Kept:
    """Standings by session or key.

    A change in this process counts from its commit on: `forget` also keeps out what was being
    read from the database at that moment.
    """

    def __init__(self, load: Callable[[str], Awaitable[Standing | None]], clock: Clock) -> None:
        self._load, self._clock = load, clock
        self._kept: OrderedDict[str, tuple[int, Standing]] = OrderedDict()
        self._forgotten = 0

    async def get(self, name: str) -> Standing | None:
        """Return a standing that is at most five seconds old."""
        now = self._clock.now()
        known = self._kept.get(name)
        if known is not None and now - known[0] < KEPT_NS:
            return known[1]
        before = self._forgotten
        found = await self._load(name)
        if found is None:
            self._kept.pop(name, None)
        elif before == self._forgotten:
            self._kept[name] = now, found
            if len(self._kept) > MOST:
                self._kept.popitem(last=False)
        return found

    def forget(self, name: str) -> None:
        """Ask again about one session or key."""
        self._forgotten += 1
        self._kept.pop(name, None)

    def forget_person(self, person: PersonId) -> None:
        """Ask again about everything of one person."""
        self._forgotten += 1
        for name in [one for one, (_, it) in self._kept.items() if it.person == person]:
            del self._kept[name]

    def forget_all(self) -> None:
        """Ask again about everybody."""
        self._forgotten += 1
        self._kept.clear()
