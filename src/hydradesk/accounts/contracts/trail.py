"""The audit trail as it is kept."""

from typing import Literal

from msgspec import Struct

from hydradesk.accounts.contracts.audit import Detail
from hydradesk.kernel.time import TimeNs

Wrong = Literal["changed", "missing", "reordered", "cut", "personal", "anchor"]


class Entry(Struct, frozen=True, kw_only=True):
    """One row's body: all that the hash covers. Encoded once, in this order."""

    chain: str
    at: TimeNs
    """The wall clock."""
    desk: TimeNs
    """The desk's clock, which may be replayed."""
    actor: str
    via: str
    request: str
    action: str
    target: str
    before: Detail
    after: Detail
    ok: bool
    personal: str
    """Hexadecimal digest of what stands beside the row; empty when there is nothing."""


class Kept(Struct, frozen=True, kw_only=True):
    """One row as the database holds it."""

    chain: str
    seq: int
    at: int
    actor: str
    action: str
    request: str
    ok: bool
    body: str
    personal: str | None
    salt: bytes | None
    prev: bytes
    hash: bytes


class Anchor(Struct, frozen=True, kw_only=True):
    """The heads of the chains that moved, as they stood at an instant."""

    n: int
    body: str
    """`[at, [[chain, seq, hash], …]]`; hashed as a row's body is."""
    prev: bytes
    hash: bytes


class Head(Struct, frozen=True, array_like=True):
    """How far a chain has come."""

    chain: str
    seq: int
    hash: str
    """Hexadecimal."""


class Broken(Struct, frozen=True, kw_only=True):
    """The first place where a trail does not hold."""

    chain: str
    seq: int
    """The row, or the anchor's number where `what` is `anchor`."""
    what: Wrong
    detail: str
