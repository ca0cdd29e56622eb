"""Which addresses on the internet we may call on somebody's word, and how their names are read.

Sources: the IANA special-purpose address registries (RFC 6890 and successors), the WHATWG URL
standard for the spellings of IPv4 that resolvers accept, UTS 46 for names beyond ASCII.
"""

import ipaddress
import re
from urllib.parse import urlsplit

import idna
from msgspec import Struct

from hydradesk.kernel.errors import Invalid

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
SIX_TO_FOUR = ipaddress.IPv6Network("2002::/16")
SPECIAL: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = tuple(
    ipaddress.ip_network(one)
    for one in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24"),
        *("192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15"),
        *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32"),
        *("::/96", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23", "2001:db8::/32"),
        *("2620:4f:8000::/48", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10"),
        "ff00::/8",
    )
)
"""Written out, for Python's own list differs between versions; 168.63.129.16 is Azure's inside."""
LOCAL_NAMES = ("localhost", "local", "internal", "localdomain", "home.arpa", "lan", "intranet")
_NUMERIC = re.compile(r"(0x[0-9a-f]*|[0-9]+)")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")


class TargetRefused(Invalid):
    """An address that we do not call (HTTP 422)."""

    code = "target_refused"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, field="url", fix="use the https address of a public server")


class Target(Struct, frozen=True, kw_only=True):
    """One address to call, read once and written one way."""

    scheme: str
    host: str
    """ASCII, lower case, without a trailing dot; an IPv6 address without brackets."""
    port: int
    path: str
    """With the query."""
    local: bool = False
    """Named by the operator as one that may be called in spite of the rules."""

    @property
    def authority(self) -> str:
        """Host and port as the Host header says them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = {"https": 443, "http": 80}[self.scheme]
        return host if self.port == default else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The whole address."""
        return f"{self.scheme}://{self.authority}{self.path}"


def is_public(address: Address) -> bool:
    """Whether packets to it leave for somebody else's machine on the open internet."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = _embedded(address)
        if inner is not None:
            return is_public(inner)
        if address.scope_id is not None:
            return False
    inside = any(address in one for one in SPECIAL if one.version == address.version)
    return not inside and not address.is_multicast and not address.is_private


def read_target(text: str, ports: frozenset[int], local: frozenset[str]) -> Target:
    """Read an address that somebody wants called; raises TargetRefused.

    Args:
        text: as they sent it.
        ports: the ports that may be called.
        local: `host:port` of addresses that the operator allows: over http, at any address.
    """
    if not text.isprintable() or any(one in text for one in " \\<>\"'`{}|^"):
        raise TargetRefused("the address has characters that no address has")
    try:
        parts = urlsplit(text)
        port, name = parts.port, parts.hostname
    except ValueError as error:
        raise TargetRefused("this is not an address") from error
    if parts.scheme not in ("https", "http") or not name:
        raise TargetRefused("an address begins with https:// and a host")
    if "@" in parts.netloc or parts.fragment:
        raise TargetRefused("an address here has no user, no password and no fragment")
    host = _host(name)
    port = port if port is not None else {"https": 443, "http": 80}[parts.scheme]
    allowed = f"{host}:{port}" in local
    path = _ascii(parts.path or "/") + (f"?{_ascii(parts.query)}" if parts.query else "")
    target = Target(scheme=parts.scheme, host=host, port=port, path=path, local=allowed)
    if not allowed:
        _check(target, ports)
    return target


def literal(host: str) -> Address | None:
    """Return the address a host is, when it is one."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _check(target: Target, ports: frozenset[int]) -> None:
    if target.scheme != "https":
        raise TargetRefused("only https addresses are called")
    if target.port not in ports:
        raise TargetRefused(f"only the ports {', '.join(map(str, sorted(ports)))} are called")
    address = literal(target.host)
    if address is not None:
        if not is_public(address):
            raise TargetRefused("only public addresses are called")
    elif "." not in target.host or target.host.endswith(tuple(f".{one}" for one in LOCAL_NAMES)):
        raise TargetRefused("only names of the public internet are called")


def _host(name: str) -> str:
    """Return the one spelling of a host: what resolvers would make of it is not left to them."""
    if ":" in name:
        address = literal(name.partition("%")[0])
        if address is None or "%" in name:
            raise TargetRefused("this is not an IPv6 address")
        return str(address)
    try:
        plain = idna.uts46_remap(name, std3_rules=False, transitional=False).rstrip(".")
        host = plain if plain.isascii() else idna.encode(plain).decode()
    except (idna.IDNAError, UnicodeError) as error:
        raise TargetRefused("this is not a host's name") from error
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(one) for one in labels):
        raise TargetRefused("this is not a host's name")
    if _NUMERIC.fullmatch(labels[-1]) and literal(host) is None:
        raise TargetRefused("an IPv4 address is written as four decimal numbers")
    return host


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 address stands for, where it stands for one."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address in SIX_TO_FOUR:
        return ipaddress.IPv4Address(int(address) >> 80 & 0xFFFFFFFF)
    return None


def _ascii(text: str) -> str:
    if not text.isascii():
        raise TargetRefused("path and query are percent-encoded ASCII")
    return text
