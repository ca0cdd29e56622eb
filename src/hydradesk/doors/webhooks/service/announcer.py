"""What is recorded about somebody's own security, told to them when they asked for it."""

from collections.abc import Callable

from hydradesk.accounts.contracts import Action, Audit
from hydradesk.doors.webhooks.contracts import SecurityNoted
from hydradesk.infra.outbox import emit
from hydradesk.kernel.ids import IdSource, PersonId
from hydradesk.kernel.time import Clock
from hydradesk.kernel.tx import Tx

ABOUT_SECURITY = frozenset({"api_key", "auth", "kyc", "person", "session", "venue_key", "webhooks"})
"""Subjects of actions, the part before the point, that are told."""


class Announcer:
    """An Audit in front of the trail.

    In the transaction of what was done it also states a SecurityNoted, for people who listen;
    about everybody else nothing more is written than the trail.
    """

    def __init__(self, trail: Audit, clock: Clock, ids: IdSource) -> None:
        self._trail, self._clock, self._ids = trail, clock, ids
        self.listens: Callable[[PersonId], bool] = lambda person: False
        """Whether somebody wants to hear; wired to the teller."""

    async def record(self, tx: Tx, *actions: Action) -> None:
        """Append to the trails, and tell those who listen."""
        await self._trail.record(tx, *actions)
        for one in actions:
            person = PersonId(one.chain)
            if one.action.partition(".")[0] in ABOUT_SECURITY and self.listens(person):
                noted = SecurityNoted(
                    id=f"security:{self._ids.new()}",
                    at=self._clock.now(),
                    key=person,
                    person=person,
                    action=one.action,
                    target=one.target,
                    ok=one.ok,
                )
                await emit(tx, noted)
