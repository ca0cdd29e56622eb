"""Sessions: one device of one person, signed in."""

from typing import Literal, Protocol

from msgspec import Struct

from hydradesk.accounts.contracts.secrets import Secret
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx

Method = Literal["siws", "siwe", "password", "passkey", "oidc", "whop", "cli"]


class Session(Struct, frozen=True, kw_only=True):
    """One signed-in device. Agent and address are personal. Instants are the wall clock's."""

    id: str
    person: PersonId
    method: Method
    agent: str
    """What the device called itself."""
    ip: str
    csrf: str
    """What a page's writes must repeat."""
    created_at: TimeNs
    last_seen_at: TimeNs
    """To about a minute."""
    fresh_until: TimeNs
    """Until when a second proof counts."""
    expires_at: TimeNs
    """When it ends at the latest, however often it is refreshed."""
    closed_at: TimeNs | None = None
    reason: str | None = None
    """Why it was closed: `logout`, `refresh_reused`, `password_changed` …"""


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
