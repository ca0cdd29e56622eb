"""Slows password guessing down, by name and by source; nobody is locked out for good."""

import hashlib

from hydradesk.accounts.domain.challenge import Answer
from hydradesk.accounts.service.captcha import DEMANDED, ProofOfWork
from hydradesk.infra.origin import ORIGIN, network_of
from hydradesk.infra.shared import Shared
from hydradesk.kernel.errors import Limited
from hydradesk.kernel.time import DAY, MINUTE, SECOND, Clock

WINDOW_NS = 15 * MINUTE
"""How long a failure counts."""
PER_MINUTE = 5
"""Tries for one name in a minute, from sources that do not know it."""
FREE = 5
"""Failures before the next try has to wait …"""
LONGEST_NS = 5 * MINUTE
"""… twice as long each time, up to this: the owner is never locked out for longer."""
ASKED_FROM = 3
"""Failures, of a name or a source, from which a try must bring a proof of work."""
KNOWN_NS = 30 * DAY
FORGIVEN = 10
"""Failures in a window after which a known source is a stranger again."""


class Throttle:
    """Answers ports.SignInGuard; all state is Shared, keyed by digests, and expires."""

    def __init__(self, shared: Shared, clock: Clock, captcha: ProofOfWork) -> None:
        self._shared, self._clock, self._captcha = shared, clock, captcha

    async def admit(self, name: str, answer: Answer | None) -> None:
        """Let a try go on; raises Limited, CaptchaRequired or CaptchaInvalid."""
        who, source = _digest(name), _source()
        if await self._shared.get(f"known:{who}:{source}") is not None:
            return
        wait = int(await self._shared.get(f"wait:{who}") or 0) - self._clock.now()
        if wait > 0:
            raise _too_often(wait)
        if await self._shared.count(f"tries:{who}", MINUTE) > PER_MINUTE:
            raise _too_often(MINUTE)
        if answer is not None or await self._suspicious(who, source):
            await self._captcha.check(answer)

    async def failed(self, name: str) -> None:
        """Count a failure; the next try for this name waits longer."""
        who, source = _digest(name), _source()
        await self._shared.count(f"failed:source:{source}", WINDOW_NS)
        failures = await self._shared.count(f"failed:{who}", WINDOW_NS)
        await self._captcha.alarm()
        if await self._shared.count(f"failed:{who}:{source}", WINDOW_NS) >= FORGIVEN:
            await self._shared.take(f"known:{who}:{source}")
        if failures >= FREE:
            wait = min(LONGEST_NS, SECOND << min(failures - FREE, 16))
            await self._shared.put(f"wait:{who}", str(self._clock.now() + wait), wait)

    async def passed(self, name: str) -> None:
        """Know the source from now on."""
        await self._shared.put(f"known:{_digest(name)}:{_source()}", "1", KNOWN_NS)

    async def _suspicious(self, who: str, source: str) -> bool:
        if await self._shared.get(DEMANDED) is not None:
            return True
        counts = [await self._shared.counted(f"failed:{one}") for one in (who, f"source:{source}")]
        return max(counts) >= ASKED_FROM


def _source() -> str:
    return network_of(ORIGIN.get().ip)


def _digest(name: str) -> str:
    """Names are personal: only their digests are kept."""
    return hashlib.sha256(name.strip().casefold().encode()).hexdigest()[:32]


def _too_often(wait_ns: int) -> Limited:
    error = Limited("too many tries", fix="wait, then try again; a wallet or passkey still works")
    error.retry_after_s = -(-wait_ns // SECOND)
    return error
