"""What tokens need: where the keys that sign them are kept."""

from typing import Literal, Protocol

from msgspec import Struct

from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx

KeyState = Literal["next", "active", "retiring"]


class SigningKey(Struct, frozen=True, kw_only=True):
    """One Ed25519 key. `next` is published before it signs, `retiring` after it did."""

    id: str
    """Its `kid`."""
    state: KeyState
    since: TimeNs
    """When it came into this state."""
    public: str
    """The public half, a JWK as JSON."""
    sealed: str | None
    """The private half, sealed; None once it signs no more."""


class SigningKeyBook(Protocol):
    """Stored signing keys, answered by accounts' own store."""

    async def lock(self, tx: Tx) -> None:
        """Let nobody else change the keys until the transaction ends."""
        ...

    async def every(self, tx: Tx) -> list[SigningKey]:
        """Return all of them, oldest first."""
        ...

    async def save(self, tx: Tx, key: SigningKey) -> None:
        """Keep a new key, or a known one's new state."""
        ...

    async def drop(self, tx: Tx, key: str) -> None:
        """Forget a key whose last token has expired."""
        ...
