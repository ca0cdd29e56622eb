"""Sanctions screening: is this name or address on the operator's list?"""

from typing import Protocol

from msgspec import Struct


class Hit(Struct, frozen=True, kw_only=True):
    """One match with the list."""

    entry: str
    """The list's own name of the entry."""
    matched: str
    """`name`, `alias` or `address`."""
    list: str
    """The list's file name and the first eight characters of its digest."""


class Screening(Protocol):
    """Answered from the list file; without one nothing is ever found."""

    def check(self, *, name: str | None = None, address: str | None = None) -> Hit | None:
        """Return the first match of a person's name, or of a wallet's address."""
        ...
