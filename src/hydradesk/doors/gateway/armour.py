"""Headers that tell browsers what our pages may do, and whose pages may ask us.

The policy allows no inline script and no inline style: the page's own files are all it needs.
"""

import re
from collections.abc import Mapping

from starlette.types import Scope

Headers = list[tuple[bytes, bytes]]
POLICY = (
    b"default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    b"connect-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; "
    b"form-action 'self'"
)
SECURITY: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (
        b"permissions-policy",
        b"camera=(), geolocation=(), microphone=(), payment=(), usb=(), "
        b"publickey-credentials-get=(self), publickey-credentials-create=(self)",
    ),
    (b"content-security-policy", POLICY),
]
HSTS = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
NO_STORE = (b"cache-control", b"no-store")
TEXTS = re.compile(rb"text/[a-z.+-]+$")
"""A text whose charset is not said."""
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
METHODS = b"GET, POST, PUT, PATCH, DELETE"
ASKS = b"authorization, content-type, idempotency-key, x-csrf-token, x-request-id"
SHOWS = b"ratelimit, ratelimit-policy, retry-after, x-request-id, idempotent-replay, etag"


def dressed(headers: Headers, scope: Scope, extra: Headers) -> Headers:
    """Return an answer's headers with ours, where it does not say otherwise itself."""
    said = dict(headers)
    own = [one for one in SECURITY if one[0] not in said]
    if scope["scheme"] in ("https", "wss"):
        own.append(HSTS)
    if b"cache-control" not in said and scope["path"].startswith("/api/"):
        own.append(NO_STORE)
    plain = said.get(b"content-type", b"")
    if TEXTS.fullmatch(plain):
        headers = [
            (name, value + b"; charset=utf-8" if name == b"content-type" else value)
            for name, value in headers
        ]
    return [*headers, *own, *extra]


class Origins:
    """Whose pages may read us (CORS) and change things here."""

    def __init__(self, hosts: frozenset[str], listed: frozenset[str] = frozenset()) -> None:
        self._hosts, self._listed = hosts, listed

    def is_forged(self, scope: Scope, headers: Mapping[bytes, bytes]) -> bool:
        """Whether a page from elsewhere asks for a change. Programs say nothing, and may."""
        if scope["method"] in ("GET", "HEAD", "OPTIONS"):
            return False
        origin = headers.get(b"origin")
        if origin is None:
            return headers.get(b"sec-fetch-site", b"none") not in (b"same-origin", b"none")
        return not self._is_ours(origin.decode("latin-1"), scope)

    def is_listed(self, origin: str) -> bool:
        """Whether pages of a foreign origin may do what ours may."""
        return origin in self._listed

    def _is_ours(self, origin: str, scope: Scope) -> bool:
        if origin in self._listed:
            return True
        scheme, _, netloc = origin.partition("://")
        host = host_of(netloc)
        if host not in self._hosts:
            return False
        # On this machine the page may be served from another port: `npm run dev`.
        return host in LOOPBACK or (scheme == scope["scheme"] and netloc == scope["state"]["host"])

    def allowed(self, headers: Mapping[bytes, bytes]) -> Headers:
        """Return the CORS headers of an answer; none for who is not listed."""
        origin = headers.get(b"origin")
        if not self._listed or origin is None:
            return []
        vary = [(b"vary", b"Origin")]
        if origin.decode("latin-1") not in self._listed:
            return vary
        return [
            *vary,
            (b"access-control-allow-origin", origin),
            (b"access-control-allow-credentials", b"true"),
            (b"access-control-expose-headers", SHOWS),
            (b"cross-origin-resource-policy", b"cross-origin"),
        ]

    def preflight(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Headers | None:
        """Return the answer to a browser that asks whether it may ask; None: it does not."""
        asks = scope["method"] == "OPTIONS" and b"access-control-request-method" in headers
        if not asks:
            return None
        allowed = self.allowed(headers)
        if len(allowed) < 2:
            return allowed
        more = [(b"access-control-allow-methods", METHODS), (b"access-control-allow-headers", ASKS)]
        return [*allowed, *more, (b"access-control-max-age", b"600")]


def host_of(netloc: str) -> str:
    """Return the name without its port; an IPv6 address keeps its brackets."""
    host, colon, port = netloc.rpartition(":")
    return host if colon and port.isdigit() else netloc
