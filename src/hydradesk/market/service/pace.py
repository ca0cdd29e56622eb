"""Turns desk time into wall time at a chosen speed; a desk that is slow runs slower."""

import asyncio
from collections.abc import Awaitable, Callable

from hydradesk.kernel.errors import Invalid
from hydradesk.kernel.time import MICROSECOND, MILLISECOND, SECOND, Clock

MIN_SPEED, MAX_SPEED = 0.1, 3600.0
MADE_GOOD = 50 * MILLISECOND
"""Wall time that a desk may be late and still catch up: storing a minute takes less."""


def checked_speed(speed: float) -> float:
    """Return a speed that is allowed; Invalid names the range."""
    if not MIN_SPEED <= speed <= MAX_SPEED:  # false for NaN, too
        raise Invalid(
            f"speed {speed} is out of range", field="speed", fix="send 0.1 to 3600, e.g. 60"
        )
    return float(speed)


class Pace:
    """Where desk time should be by now.

    `wake` ends every wait early: after a change of speed the rest is waited for at the new one.
    """

    def __init__(
        self, wall: Clock, sleep: Callable[[float], Awaitable[None]], speed: float
    ) -> None:
        self._wall, self._sleep = wall, sleep
        self._changed = asyncio.Event()
        self._wall_then = wall.now()
        self._desk_then = 0
        self.speed = checked_speed(speed)
        self.paused = False

    def begin(self, desk: int) -> None:
        """Count from here and now."""
        self._desk_then, self._wall_then = desk, self._wall.now()

    def set_speed(self, speed: float) -> None:
        """Change the speed, also of a wait that is going on."""
        speed = checked_speed(speed)
        self.begin(self._due())
        self.speed = speed
        self.wake()

    def pause(self) -> None:
        """Let desk time stand."""
        if not self.paused:
            self.begin(self._due())
            self.paused = True
            self.wake()

    def resume(self) -> None:
        """Let desk time go on from where it stood."""
        if self.paused:
            self.paused = False
            self._wall_then = self._wall.now()
            self.wake()

    def wake(self) -> None:
        """End the present wait, to look again at what to do."""
        self._changed.set()

    async def until(self, desk: int, abandoned: Callable[[], bool]) -> bool:
        """Wait until desk time may be `desk`; False when the wait was abandoned."""
        while not abandoned():
            self._changed.clear()
            if self.paused:
                await self._changed.wait()
                continue
            left = (desk - self._due()) / self.speed
            if left < MICROSECOND:
                self._forgive(desk)
                await asyncio.sleep(0)
                return not abandoned()
            await self._doze(left / SECOND)
        return False

    async def change(self) -> None:
        """Wait until something changes."""
        self._changed.clear()
        await self._changed.wait()

    def _due(self) -> int:
        if self.paused:
            return self._desk_then
        return self._desk_then + int((self._wall.now() - self._wall_then) * self.speed)

    def _forgive(self, desk: int) -> None:
        """Make good what one busy moment cost; more than that stays lost, nothing is hurried."""
        most = desk + int(MADE_GOOD * self.speed)
        if self._due() > most:
            self.begin(most)

    async def _doze(self, seconds: float) -> None:
        waits = [asyncio.ensure_future(one) for one in (self._sleep(seconds), self._changed.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
