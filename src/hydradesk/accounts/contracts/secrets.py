"""Secrets at rest: sealed with AES-256-GCM, opened only where they are used."""

from typing import Protocol

from hydradesk.kernel.tx import Tx


class Secret:
    """Bytes that never show themselves: not in a log, a repr, an error or JSON."""

    __slots__ = ("_value",)

    def __init__(self, value: bytes | str) -> None:
        self._value = value.encode() if isinstance(value, str) else value

    def reveal(self) -> bytes:
        """Return what it is, for the moment of use."""
        return self._value

    def text(self) -> str:
        """Return what it is as text."""
        return self._value.decode()

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")


class Vault(Protocol):
    """Answered by accounts' vault. `place` says where a secret lives (`totp:p-1`): a sealed value
    moved to another place does not open."""

    async def seal(self, tx: Tx, secret: Secret, place: str) -> str:
        """Return the sealed text to store."""
        ...

    async def open(self, tx: Tx, sealed: str, place: str) -> Secret:
        """Return the secret; raises Unavailable when the key is not there, Invalid when the
        sealed text was changed or belongs elsewhere."""
        ...
