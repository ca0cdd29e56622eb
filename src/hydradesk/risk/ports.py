"""What risk needs from outside. Wired in hydradesk.app.wiring."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from hydradesk.kernel.ids import AccountId, PersonId, Symbol
from hydradesk.kernel.tx import Tx
from hydradesk.risk.contracts import Approved, Bound, Exposure, Judgement, Limits, Profile


class ExposureReader(Protocol):
    """Answered by portfolio, which sits above risk and so cannot be imported here."""

    async def exposure(self, tx: Tx, account: AccountId, symbol: Symbol) -> Exposure:
        """Return the account's present exposure."""
        ...


class ProfileBook(Protocol):
    """Answered by risk's own store."""

    async def profile(self, tx: Tx, person: PersonId) -> Profile | None:
        """Return somebody's profile, None when they never changed it."""
        ...

    async def locked(self, tx: Tx, person: PersonId) -> Profile:
        """Return it, locked until the transaction ends; made when there is none."""
        ...

    async def save(self, tx: Tx, profile: Profile, at: int) -> None:
        """Save a changed profile and emit it; Conflict when somebody changed it first."""
        ...

    async def platform(self, tx: Tx) -> dict[Bound, Decimal]:
        """Return the platform's limits that were set last; empty when none ever were."""
        ...

    async def lock_platform(self, tx: Tx) -> None:
        """Wait until nobody else sets the platform's limits, until commit."""
        ...

    async def set_platform(self, tx: Tx, limits: Limits, at: int) -> None:
        """Remember and emit the platform's limits; call with the lock held."""
        ...


class JudgementBook(Protocol):
    """Answered by risk's own store."""

    async def receipt(self, tx: Tx, intent: str) -> str:
        """Return a name for the next judgement of this intent."""
        ...

    async def keep_judgement(self, tx: Tx, judgement: Judgement) -> None:
        """Store one verdict and emit it."""
        ...

    async def reserve(self, tx: Tx, approved: Approved) -> None:
        """Store the reservation of one yes."""
        ...

    async def judgements(
        self, tx: Tx, account: AccountId, before: int | None, limit: int
    ) -> Sequence[tuple[int, Judgement]]:
        """Return judgements, newest first, with their row numbers."""
        ...

    async def halt(self, tx: Tx) -> str | None:
        """Return why trading is halted, or None."""
        ...

    async def set_halt(self, tx: Tx, reason: str | None, at: int) -> None:
        """Halt or resume, and emit it when that changes anything."""
        ...
