"""The only module that reads the machine's clock; also the desk's own clock and names."""

import os
import time

from hydradesk.kernel.time import TimeNs


class SystemClock:
    """Wall clock in nanoseconds."""

    def now(self) -> TimeNs:
        """Return the present instant."""
        return TimeNs(time.time_ns())


class DeskClock:
    """The clock the desk trades by: the wall's while live, the feed's while replayed."""

    def __init__(self, wall: SystemClock) -> None:
        self._wall = wall
        self._replayed: TimeNs | None = None

    def now(self) -> TimeNs:
        """Return the desk's instant."""
        return self._wall.now() if self._replayed is None else self._replayed

    def follow_wall(self) -> None:
        """Be the wall clock from now on: a live feed."""
        self._replayed = None

    def jump(self, at: TimeNs) -> None:
        """Start a new session at `at`; only this may go back."""
        self._replayed = at

    def advance(self, at: TimeNs) -> None:
        """Move a replayed clock forward to `at`; an earlier instant changes nothing."""
        if self._replayed is not None and at > self._replayed:
            self._replayed = at


class RandomIds:
    """Names that sort by time of birth: 48 bits of milliseconds, 80 random bits, 26 characters."""

    _ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"

    def new(self) -> str:
        """Return a name never returned before."""
        number = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
        return "".join(self._ALPHABET[number >> shift & 31] for shift in range(125, -5, -5))
