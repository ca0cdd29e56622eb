"""Writes down whose credentials were refused: one row a second for each kind, however many."""

from msgspec import Struct

from hydradesk.accounts.contracts import DESK_CHAIN, Action, Audit
from hydradesk.accounts.service.means import Means
from hydradesk.infra.origin import ORIGIN, Origin

MOST = 500
"""Different refusals kept for one row each; what comes on top is counted in one more."""


class Refusal(Struct, frozen=True):
    """What was refused, from where."""

    code: str
    ip: str
    person: str
    """Whose it would have been, where that is certain."""


class Refusals:
    """Collects refusals at the gate, where nothing may wait for the database."""

    def __init__(self, means: Means, audit: Audit) -> None:
        self._db, self._audit = means.db, audit
        self._waiting: dict[Refusal, tuple[int, str]] = {}

    def note(self, refusal: Refusal, request_id: str) -> None:
        """Count one."""
        if refusal not in self._waiting and len(self._waiting) >= MOST:
            refusal = Refusal("many", "", "")
        times, first = self._waiting.get(refusal, (0, request_id))
        self._waiting[refusal] = times + 1, first

    async def flush(self) -> int:
        """Record what was refused since last time; returns how many rows."""
        waiting, self._waiting = self._waiting, {}
        if not waiting:
            return 0
        before = ORIGIN.get()
        try:
            async with self._db.begin() as tx:
                for one, (times, request_id) in waiting.items():
                    ORIGIN.set(_origin(one, request_id))
                    await self._audit.record(tx, _action(one, times))
        finally:
            ORIGIN.set(before)
        return len(waiting)


def _origin(refusal: Refusal, request_id: str) -> Origin:
    return Origin(actor="anonymous", via="credentials", ip=refusal.ip, request_id=request_id)


def _action(refusal: Refusal, times: int) -> Action:
    after: dict[str, str | int | bool | None] = {"code": refusal.code, "times": times}
    chain = refusal.person or DESK_CHAIN
    return Action(chain=chain, action="auth.credentials_refused", after=after, ok=False)
