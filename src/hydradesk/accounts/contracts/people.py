"""People: who may sign in, and what the desk knows of them."""

from typing import Literal, Protocol, get_args

from msgspec import Struct

from hydradesk.accounts.contracts.access import Role
from hydradesk.kernel.events import Fact
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx

Status = Literal["active", "suspended", "erased"]
KycStatus = Literal["none", "pending", "approved", "rejected", "expired"]
RiskLevel = Literal["conservative", "balanced", "aggressive"]
RISK_LEVELS: tuple[RiskLevel, ...] = get_args(RiskLevel)
"""From careful to bold."""


class Preferences(Struct, frozen=True, kw_only=True):
    """What a person likes; the page keeps to it."""

    theme: Literal["system", "dark", "light"] = "system"
    symbol: str = "ETH-USDT"
    timeframe: str = "5m"
    sounds: bool = False


class Person(Struct, frozen=True, kw_only=True):
    """One person, whatever they sign in with. Instants are the wall clock's."""

    id: PersonId
    name: str
    """What they want to be called; personal."""
    role: Role = "user"
    status: Status = "active"
    email: str | None = None
    """Lower-cased domain, as given otherwise; personal."""
    email_verified: bool = False
    kyc: KycStatus = "none"
    kyc_level: int = 0
    """0 none, 1 identity, 2 identity and address."""
    kyc_expires_at: TimeNs | None = None
    risk_level: RiskLevel = "balanced"
    referral_code: str = ""
    """What others enter to name this person as their referrer."""
    referrer: PersonId | None = None
    whop_id: str | None = None
    """Whop's user id, where there is one: the key that joins what other services know."""
    preferences: Preferences = Preferences()
    created_at: TimeNs
    version: int = 1


class PersonChanged(Fact, frozen=True, kw_only=True, tag="accounts.person_changed.v1"):
    """A person joined, left or became somebody else to the desk. Holds nothing personal."""

    person: PersonId
    role: Role
    status: Status
    kyc: KycStatus
    kyc_level: int


class People(Protocol):
    """Stored people, answered by accounts' store; works in the caller's transaction."""

    async def get(self, tx: Tx, person: PersonId) -> Person:
        """Return one person; raises NotFound."""
        ...

    async def locked(self, tx: Tx, person: PersonId) -> Person:
        """Return one person, locked until the transaction ends; raises NotFound."""
        ...

    async def by_email(self, tx: Tx, email: str) -> Person | None:
        """Return who has an e-mail address, compared without case."""
        ...

    async def by_whop(self, tx: Tx, whop_id: str) -> Person | None:
        """Return who Whop knows by this id."""
        ...

    async def by_code(self, tx: Tx, referral_code: str) -> Person | None:
        """Return whose referral code this is."""
        ...

    async def add(self, tx: Tx, person: Person, at: TimeNs) -> None:
        """Save a new person; Conflict when the address, Whop id or code is somebody's already."""
        ...

    async def save(self, tx: Tx, person: Person, at: TimeNs) -> None:
        """Save a changed person (version + 1); Conflict when somebody changed it first."""
        ...
