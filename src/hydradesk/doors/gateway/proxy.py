"""Who really calls, when a reverse proxy of ours stands in front.

Only what a trusted peer says is believed, and of the chain it passes on only the part that
trusted proxies added: the rightmost address that is not one of theirs is the client's.
"""

import ipaddress
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

from starlette.types import Scope

Header = Literal["x-forwarded", "forwarded"]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
PAIR = re.compile(r'(for|proto|host)\s*=\s*(?:"([^"]*)"|([^;,\s]*))', re.IGNORECASE)
SECURE = {"http": "https", "ws": "wss"}
LONGEST = 2_048
"""Characters of a chain that are looked at, from its right end."""


class Proxies:
    """Rewrites client, scheme and host of a connection from one family of headers.

    The other family is ignored: a proxy that sets one passes the other on as the client wrote it.
    """

    def __init__(self, networks: str = "", header: Header = "x-forwarded") -> None:
        self._networks = [
            ipaddress.ip_network(one) for one in map(str.strip, networks.split(",")) if one
        ]
        self._header = header
        self._trusted = lru_cache(maxsize=4096)(self._is_trusted)

    def resolve(self, scope: Scope) -> None:
        """Set client, scheme and `state.direct` (no proxy between), and the host asked for."""
        state = scope.setdefault("state", {})
        peer = (scope.get("client") or ("", 0))[0]
        state["direct"] = True
        state["host"] = _last(scope, b"host")
        if not self._networks or not self._trusted(peer):
            return
        state["direct"] = False
        chain, proto, host = self._said(scope)
        scope["client"] = (self._client(chain, peer), 0)
        if proto == "https":
            scope["scheme"] = SECURE.get(scope["scheme"], scope["scheme"])
        if host:
            state["host"] = host

    def _client(self, chain: list[str], peer: str) -> str:
        found = peer
        for text in reversed(chain):
            address = _address(text)
            if address is None:
                break
            found = str(address)
            if not self._trusted(found):
                break
        return found

    def _said(self, scope: Scope) -> tuple[list[str], str, str]:
        if self._header == "forwarded":
            elements = _split(_joined(scope, b"forwarded"))
            pairs = [_pairs(one) for one in elements]
            last = pairs[-1] if pairs else {}
            chain = [one.get("for", "") for one in pairs]
            return chain, last.get("proto", "").lower(), last.get("host", "")
        chain = [one for one in _joined(scope, b"x-forwarded-for").split(",") if one.strip()]
        proto = _joined(scope, b"x-forwarded-proto").rpartition(",")[2].strip().lower()
        host = _joined(scope, b"x-forwarded-host").rpartition(",")[2].strip()
        return chain, proto, host

    def _is_trusted(self, ip: str) -> bool:
        address = _address(ip)
        return address is not None and any(address in one for one in self._networks)


def _address(text: str) -> Address | None:
    """Read 192.0.2.1, 192.0.2.1:80, 2001:db8::1 or [2001:db8::1]:80."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _split(text: str) -> list[str]:
    return [one for one in re.findall(r'(?:"[^"]*"|[^,"])+', text) if one.strip()]


def _pairs(element: str) -> dict[str, str]:
    return {name.lower(): quoted or plain for name, quoted, plain in PAIR.findall(element)}


def _values(scope: Scope, name: bytes) -> Iterable[str]:
    return (value.decode("latin-1") for key, value in scope["headers"] if key == name)


def _joined(scope: Scope, name: bytes) -> str:
    return ",".join(_values(scope, name))[-LONGEST:]


def _last(scope: Scope, name: bytes) -> str:
    return ([*_values(scope, name)] or [""])[-1]
