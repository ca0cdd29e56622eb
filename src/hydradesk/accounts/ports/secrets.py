"""What sealing secrets needs: where data keys are kept, and what wraps them."""

from typing import Protocol

from msgspec import Struct

from hydradesk.accounts.contracts import Secret
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx


class DataKey(Struct, frozen=True, kw_only=True):
    """A key that seals fields, itself wrapped."""

    id: str
    wrapper: str
    """Which key-encryption key wrapped it: `file:…`, `env:…` or `aws-kms:…`."""
    wrapped: str
    created_at: TimeNs


class KeyWrapper(Protocol):
    """A key-encryption key. It wraps data keys and never sees what they seal."""

    def knows(self, wrapper: str) -> bool:
        """Whether keys wrapped under this name are ours to unwrap."""
        ...

    async def wrap(self, data_key: Secret, name: str) -> tuple[str, str]:
        """Return what wrapped it and the wrapped key; `name` is bound to it."""
        ...

    async def unwrap(self, wrapper: str, wrapped: str, name: str) -> Secret:
        """Return the data key; raises Unavailable when the wrapping key is not there."""
        ...


class DataKeyBook(Protocol):
    """Stored data keys, answered by accounts' own store."""

    async def lock(self, tx: Tx) -> None:
        """Let nobody else add or re-wrap keys until the transaction ends."""
        ...

    async def newest(self, tx: Tx) -> DataKey | None:
        """Return the key that new fields are sealed with."""
        ...

    async def get(self, tx: Tx, key: str) -> DataKey | None:
        """Return one key."""
        ...

    async def every(self, tx: Tx) -> list[DataKey]:
        """Return all of them, newest first."""
        ...

    async def add(self, tx: Tx, key: DataKey) -> None:
        """Keep a new key."""
        ...

    async def rewrap(self, tx: Tx, key: DataKey) -> None:
        """Keep another wrapping of a known key."""
        ...

    async def drop(self, tx: Tx, key: str) -> None:
        """Forget a key that seals nothing any more."""
        ...


class SealedPlaces(Protocol):
    """One kind of sealed field, for the job that seals anew after a rotation.

    Answered by the stores that hold sealed fields.
    """

    async def sealed_otherwise(self, tx: Tx, key: str, limit: int) -> list[tuple[str, str]]:
        """Return (place, sealed text) of fields not sealed with this data key, locked."""
        ...

    async def reseal(self, tx: Tx, place: str, sealed: str) -> None:
        """Replace the sealed text of one field."""
        ...
