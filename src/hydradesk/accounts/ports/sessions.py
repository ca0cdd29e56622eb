"""What sessions and keys need: where they are kept, and what a caller trades with."""

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from hydradesk.accounts.contracts import Role, Status
from hydradesk.accounts.contracts.keys import ApiKey, VenueKey
from hydradesk.accounts.contracts.sessions import Session
from hydradesk.kernel.ids import AccountId, PersonId
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx


class RefreshToken(Struct, frozen=True, kw_only=True):
    """One refresh token, of which only a digest is kept."""

    digest: str
    session: str
    issued_at: TimeNs
    expires_at: TimeNs
    used_at: TimeNs | None = None


class Standing(Struct, frozen=True, kw_only=True):
    """What decides whether a caller may go on: the session or key, and its person today."""

    person: PersonId
    role: Role
    status: Status
    session: Session | None = None
    key: ApiKey | None = None


class SessionBook(Protocol):
    """Stored sessions, answered by accounts' own store."""

    async def add(self, tx: Tx, session: Session) -> None:
        """Keep a new session."""
        ...

    async def locked(self, tx: Tx, session: str) -> Session | None:
        """Return one session, locked until the transaction ends."""
        ...

    async def standing(self, tx: Tx, session: str) -> Standing | None:
        """Return a session with its person's role and status."""
        ...

    async def open_ones(self, tx: Tx, person: PersonId) -> list[Session]:
        """Return a person's open sessions, newest first."""
        ...

    async def close(self, tx: Tx, session: str, reason: str, at: TimeNs) -> bool:
        """Close a session; False when it is closed already."""
        ...

    async def freshen(self, tx: Tx, session: str, until: TimeNs) -> bool:
        """Count a second proof; False when the session is closed."""
        ...

    async def touch(self, tx: Tx, seen: Mapping[str, TimeNs]) -> None:
        """Note when sessions were last seen."""
        ...

    async def add_refresh(self, tx: Tx, token: RefreshToken) -> None:
        """Keep a new refresh token."""
        ...

    async def refresh(self, tx: Tx, digest: str) -> RefreshToken | None:
        """Return one refresh token, locked until the transaction ends."""
        ...

    async def use_refresh(self, tx: Tx, digest: str, at: TimeNs) -> None:
        """Note that it was used."""
        ...

    async def purge(self, tx: Tx, before: TimeNs) -> int:
        """Forget sessions that ended before, with their refresh tokens; returns how many."""
        ...


class KeyBook(Protocol):
    """Stored API keys, answered by accounts' own store."""

    async def add(self, tx: Tx, key: ApiKey) -> None:
        """Keep a new key."""
        ...

    async def standing(self, tx: Tx, key: str) -> Standing | None:
        """Return a key that was not deleted, with its person's role and status."""
        ...

    async def of_person(self, tx: Tx, person: PersonId) -> list[tuple[ApiKey, TimeNs | None]]:
        """Return a person's keys and when each was last used, oldest first."""
        ...

    async def remove(self, tx: Tx, person: PersonId, key: str) -> bool:
        """Forget a key; False when the person has none of this id."""
        ...

    async def touch(self, tx: Tx, used: Mapping[str, TimeNs]) -> None:
        """Note when keys were last used."""
        ...


class VenueKeyBook(Protocol):
    """Stored venue keys, answered by accounts' own store."""

    async def add(self, tx: Tx, key: VenueKey) -> None:
        """Keep a new key; Conflict when the label is taken for this venue."""
        ...

    async def of_person(self, tx: Tx, person: PersonId) -> list[VenueKey]:
        """Return a person's keys, oldest first."""
        ...

    async def get(self, tx: Tx, person: PersonId, key: str) -> VenueKey:
        """Return one; raises NotFound."""
        ...

    async def remove(self, tx: Tx, person: PersonId, key: str) -> bool:
        """Forget one; False when the person has none of this id."""
        ...


class TradingAccounts(Protocol):
    """Which paper account a person trades with. Answered by whoever keeps those accounts."""

    async def of(self, person: PersonId) -> AccountId:
        """Return the person's account in the running session; empty when there is none yet."""
        ...


class SecondFactors(Protocol):
    """Whether a person has a second factor. Answered by accounts' credentials."""

    async def configured(self, tx: Tx, person: PersonId) -> bool:
        """Return whether there is a passkey or an authenticator."""
        ...


class OneTimeNames(Protocol):
    """Names that count once, for all processes. Answered by infra.shared."""

    async def seen(self, key: str, ttl_ns: int) -> bool:
        """Remember a name; True when it was known already. Raises Unavailable."""
        ...
