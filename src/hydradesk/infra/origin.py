"""Where the work in hand comes from: set once at the door, read where something is recorded."""

from contextvars import ContextVar

from msgspec import Struct


class Origin(Struct, frozen=True, kw_only=True):
    """Who asked for what is being done, and from where. Personal: never put it in a fact."""

    actor: str = "system"
    """A person's id, `anonymous`, `system`, or `cli` for whoever owns the machine."""
    via: str = "system"
    """`session:…`, `key:…`, `cli`, `demo` or `system`."""
    ip: str = ""
    request_id: str = ""
    agent: str = ""


NOBODY = Origin()
ORIGIN: ContextVar[Origin] = ContextVar("hydradesk_origin", default=NOBODY)
"""The door sets it for each request; work that nobody asked for keeps the default."""
