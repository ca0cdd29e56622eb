"""Proof of work on public forms; nobody outside is asked, nobody is tracked."""

import json
from collections.abc import Callable

from hydradesk.accounts.domain.challenge import (
    Answer,
    CaptchaInvalid,
    CaptchaRequired,
    Challenge,
    issue,
    verify,
)
from hydradesk.infra.origin import network_of
from hydradesk.infra.shared import Shared
from hydradesk.kernel.time import DAY, MINUTE, Clock, TimeNs

GOOD_NS = 5 * MINUTE
"""How long a challenge may be worked on."""
ALARM_NS = MINUTE
ALARM = 32
"""Failed sign-ins of everybody in a minute from which the work grows, a bit with each doubling."""
EXTRA_BITS = 6
KEY = "captcha:key"
DEMANDED = "captcha:demanded"
LOCKED = "defence:locked"
"""Key and channel of the sources that are locked."""


class ProofOfWork:
    """Answers ports.Captcha. `difficulty` 0 asks nothing of anybody."""

    def __init__(
        self, shared: Shared, clock: Clock, random: Callable[[int], bytes], difficulty: int
    ) -> None:
        self._shared, self._clock, self._random = shared, clock, random
        self._difficulty = difficulty

    @property
    def on(self) -> bool:
        """Whether forms have to be paid for."""
        return self._difficulty > 0

    async def challenge(self) -> Challenge:
        """Return something to solve."""
        ends = TimeNs(self._clock.now() + GOOD_NS)
        alarms = await self._shared.counted("captcha:alarm")
        bits = self._difficulty + min(EXTRA_BITS, max(0, (alarms // ALARM).bit_length()))
        return issue(await self._key(), self._random(16), bits, ends)

    async def check(self, answer: Answer | None) -> None:
        """Accept an answer once; raises CaptchaRequired or CaptchaInvalid."""
        if not self.on:
            return
        if answer is None:
            raise CaptchaRequired(
                "this form needs a proof of work",
                field="captcha",
                fix="GET /api/auth/challenge, solve it, send {salt, number, signature}",
            )
        verify(await self._key(), answer, self._clock.now())
        if await self._shared.seen(f"captcha:{answer.salt}", GOOD_NS):
            raise CaptchaInvalid(
                "this answer was used before", field="captcha", fix="solve a new challenge"
            )

    async def alarm(self) -> None:
        """A sign-in failed somewhere: many of them make work harder for everybody."""
        await self._shared.count("captcha:alarm", ALARM_NS)

    async def _key(self) -> bytes:
        """A day's key, one for all processes."""
        known = await self._shared.get(KEY)
        if known is None:
            await self._shared.put(KEY, self._random(32).hex(), DAY)
            known = await self._shared.get(KEY) or ""
        return bytes.fromhex(known)


class FrontDefence:
    """Answers ports.Defence; the gate asks `is_locked` for each request, from memory."""

    def __init__(self, shared: Shared, clock: Clock) -> None:
        self._shared, self._clock = shared, clock
        self._locked: dict[str, int] = {}
        shared.subscribe(LOCKED, self._heard)

    async def lock_source(self, source: str, until: TimeNs, reason: str) -> None:
        """Refuse everything from a source; two processes that do so at once may lose one lock."""
        await self._change(lambda known: {**known, network_of(source): int(until)})

    async def unlock_source(self, source: str) -> None:
        """Let it in again."""
        gone = network_of(source)
        await self._change(lambda known: {one: at for one, at in known.items() if one != gone})

    async def demand_captcha(self, until: TimeNs) -> None:
        """Make every sign-in carry an answer until an instant."""
        await self._shared.put(DEMANDED, "1", max(1, until - self._clock.now()))

    def is_locked(self, ip: str) -> bool:
        """Whether an address is refused; costs a look into a dictionary."""
        if not self._locked:
            return False
        return self._locked.get(network_of(ip), 0) > self._clock.now()

    async def load(self) -> None:
        """Learn what other processes have locked."""
        self._learn(await self._shared.get(LOCKED))

    async def _change(self, change: Callable[[dict[str, int]], dict[str, int]]) -> None:
        now = self._clock.now()
        known = change(json.loads(await self._shared.get(LOCKED) or "{}"))
        kept = {one: at for one, at in known.items() if at > now}
        text, last = json.dumps(kept), max(kept.values(), default=now + 1)
        await self._shared.put(LOCKED, text, last - now)
        await self._shared.publish(LOCKED, text)

    def _heard(self, text: str | None) -> None:
        if text is not None:  # after a gap the locks known so far go on
            self._learn(text)

    def _learn(self, text: str | None) -> None:
        self._locked = json.loads(text or "{}")
