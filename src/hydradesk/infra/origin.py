"""Where the work in hand comes from: set once at the door, read where something is recorded."""

import ipaddress
from contextvars import ContextVar
from functools import lru_cache

from msgspec import Struct

V6_HOUSEHOLD = 64
"""Bits of an IPv6 address that one subscriber is given; the rest he can change at will."""


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


@lru_cache(maxsize=8192)
def network_of(ip: str) -> str:
    """Return whom an address stands for: itself, or its /64; whatever is no address stays."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ip
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), V6_HOUSEHOLD), strict=False))
