"""Sessions: one device of one person, signed in."""

from typing import Literal, Protocol

from msgspec import Struct

from hydradesk.accounts.contracts.secrets import Secret
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx

Method = Literal["siws", "siwe", "password", "passkey", "oidc", "whop", "cli"]


class Issued(Struct, frozen=True, kw_only=True):
    """What a device receives when it signs in or refreshes. Instants are the wall clock's."""

    session: str
    person: PersonId
    access: Secret
    """A short JWT."""
    access_expires_at: TimeNs
    refresh: Secret
    """To be used once; its successor comes with the next pair."""
    refresh_expires_at: TimeNs
    csrf: str
    """What the page repeats in X-CSRF-Token."""


class Sessions(Protocol):
    """Answered by accounts' session service."""

    async def open(
        self, tx: Tx, person: PersonId, method: Method, *, proved_twice: bool = False
    ) -> Issued:
        """Begin a session; who proved twice (second factor, passkey) is fresh for step-up."""
        ...

    async def freshen(self, tx: Tx, session: str) -> TimeNs:
        """Count a second proof; returns until when it counts."""
        ...

    async def close_all(
        self, tx: Tx, person: PersonId, reason: str, *, but: str | None = None
    ) -> int:
        """End a person's sessions: their tokens are refused from the commit on."""
        ...
