"""What every service of accounts works with."""

from collections.abc import Callable

from msgspec import Struct

from hydradesk.kernel.ids import IdSource
from hydradesk.kernel.time import Clock
from hydradesk.kernel.tx import Transactions


class Means(Struct, frozen=True):
    """Transactions of the system role, the wall clock, unguessable bytes, names."""

    db: Transactions
    clock: Clock
    random: Callable[[int], bytes]
    ids: IdSource
