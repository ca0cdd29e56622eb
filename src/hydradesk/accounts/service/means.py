"""What every service of accounts works with."""

from collections.abc import Callable

from msgspec import Struct

from hydradesk.kernel.ids import IdSource
from hydradesk.kernel.time import Clock
from hydradesk.kernel.tx import Transactions


class Means(Struct, frozen=True):
    """The wall clock, unguessable bytes, names, and transactions of two roles."""

    db: Transactions
    """Of the system role."""
    reads: Transactions
    """Of the app role: one person's rows only."""
    clock: Clock
    random: Callable[[int], bytes]
    ids: IdSource
