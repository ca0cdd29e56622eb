"""Facts: things that happened and are never changed. Durable, ordered, redelivered."""

from msgspec import Struct

from hydradesk.kernel.time import TimeNs


class Fact(Struct, frozen=True, kw_only=True):
    """Base of every durable event. Handlers must be idempotent by `id`."""

    id: str
    """The entity's id and version, `f"{order.id}:{order.version}"`: one id for each change."""
    at: TimeNs
    """Desk time at which it became true."""
    key: str
    """What the fact is about (an account, a symbol): facts of one key are delivered in order."""
