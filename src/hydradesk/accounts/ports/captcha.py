"""What public forms need against floods and guessing. Who asks and from where is in ORIGIN."""

from typing import Protocol

from hydradesk.accounts.domain.challenge import Answer, Challenge
from hydradesk.kernel.time import TimeNs


class Captcha(Protocol):
    """Something that tells a person from a flood: proof of work, or a provider's widget."""

    async def challenge(self) -> Challenge:
        """Return something to solve."""
        ...

    async def check(self, answer: Answer | None) -> None:
        """Accept an answer once; raises CaptchaRequired or CaptchaInvalid."""
        ...


class SignInGuard(Protocol):
    """Slows guessing down by name and by source, and never locks the owner out for good."""

    async def admit(self, name: str, answer: Answer | None) -> None:
        """Let a try for a name (an address, as typed) go on.

        Raises Limited with the seconds to wait, CaptchaRequired or CaptchaInvalid. A source from
        which this name signed in before waits for nobody else's failures.
        """
        ...

    async def failed(self, name: str) -> None:
        """A try was wrong: the next one waits longer."""
        ...

    async def passed(self, name: str) -> None:
        """A try was right: the source is known from now on."""
        ...


class Defence(Protocol):
    """What an incident's playbook can do at the door."""

    async def lock_source(self, source: str, until: TimeNs, reason: str) -> None:
        """Refuse everything from an address or network until an instant."""
        ...

    async def unlock_source(self, source: str) -> None:
        """Let it in again."""
        ...

    async def demand_captcha(self, until: TimeNs) -> None:
        """Make every sign-in carry an answer until an instant."""
        ...
