"""Calls to addresses that somebody else chose: only the open internet, and only what was checked.

The name is resolved here, every address it has is judged, and the connection goes to the very
address that passed, with the name kept for TLS and Host: a name that changes its mind between
check and call (DNS rebinding) changes nothing. Every redirect is judged anew.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urljoin

import httpx2
from msgspec import Struct

from hydradesk.infra.addresses import Target, TargetRefused, is_public, literal, read_target

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Turns a name and a port into addresses; raises OSError when there are none."""
MOST_READ = 64 * 1024
MOST_REDIRECTS = 3
REPEATED = frozenset({301, 302, 307, 308})
"""Redirects after which the same request is sent again; 303 asks for a GET, which we do not do."""
RESOLVERS = 16
"""Threads that may wait for a name server at once."""


class Answer(Struct, frozen=True, kw_only=True):
    """What a target said. Its body was read and is not kept: it is nobody's business."""

    status: int
    retry_after: str | None = None


class Unreachable(Exception):
    """A target did not answer as HTTP servers do; the words are fit for whoever named it."""


class Rules(Struct, frozen=True, kw_only=True):
    """What may be called."""

    ports: frozenset[int] = frozenset({443, 8443})
    local: frozenset[str] = frozenset()
    """`host:port` that the operator allows over http and at private addresses."""
    timeout_s: float = 10


class SystemNames:
    """The machine's own resolver, in threads of its own: a slow name server holds up nobody."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(RESOLVERS, "resolver")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Return a name's addresses."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(
            self._pool, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return [str(one[4][0]) for one in found]


class Outbound:
    """Posts to other people's addresses. One connection a call: none is shared between names."""

    def __init__(self, rules: Rules, resolve: Resolve, trust: ssl.SSLContext | None = None) -> None:
        self._rules, self._resolve, self._trust = rules, resolve, trust
        self._made: httpx2.AsyncClient | None = None

    async def close(self) -> None:
        """Drop what is open."""
        if self._made is not None:
            await self._made.aclose()

    def _client(self) -> httpx2.AsyncClient:
        """Made when first used: to read the world's certificates takes a while."""
        if self._made is None:
            context = self._trust or httpx2.create_ssl_context()
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            self._made = httpx2.AsyncClient(
                verify=context,
                trust_env=False,  # a proxy would resolve the name again
                follow_redirects=False,
                timeout=self._rules.timeout_s,
                limits=httpx2.Limits(max_connections=None, max_keepalive_connections=0),
            )
        return self._made

    async def check(self, url: str) -> Target:
        """Read and resolve an address; raises TargetRefused, also when it has no address."""
        target = read_target(url, self._rules.ports, self._rules.local)
        try:
            async with asyncio.timeout(self._rules.timeout_s):
                await self._addresses(target)
        except (OSError, TimeoutError) as error:
            raise TargetRefused(f"the name {target.host} does not resolve") from error
        return target

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send one request and read what comes back, within the time allowed for all of it.

        Raises:
            TargetRefused: it, or what it redirects to, may not be called.
            Unreachable: no answer.
        """
        try:
            async with asyncio.timeout(self._rules.timeout_s):
                return await self._follow(url, headers, body)
        except TimeoutError as error:
            raise Unreachable(f"no answer within {self._rules.timeout_s:g} s") from error
        except httpx2.HTTPError as error:
            raise Unreachable(f"no answer: {type(error).__name__}") from error
        except OSError as error:
            raise Unreachable("the name does not resolve") from error

    async def _follow(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        for _ in range(MOST_REDIRECTS + 1):
            target = read_target(url, self._rules.ports, self._rules.local)
            status, reply = await self._send(target, headers, body)
            if status not in REPEATED or "location" not in reply:
                return Answer(status=status, retry_after=reply.get("retry-after"))
            url = urljoin(target.url, reply["location"])
        raise Unreachable(f"more than {MOST_REDIRECTS} redirects")

    async def _send(
        self, target: Target, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, httpx2.Headers]:
        address = (await self._addresses(target))[0]
        pinned = f"[{address}]" if ":" in address else address
        said = {**headers, "Host": target.authority, "Accept-Encoding": "identity"}
        async with self._client().stream(
            "POST",
            f"{target.scheme}://{pinned}:{target.port}{target.path}",
            headers=said,
            content=body,
            extensions={"sni_hostname": target.host},
        ) as reply:
            read = 0
            async for chunk in reply.aiter_raw():
                read += len(chunk)
                if read >= MOST_READ:
                    break
            return reply.status_code, reply.headers

    async def _addresses(self, target: Target) -> Sequence[str]:
        """Return where it is; one address that may not be called is enough to refuse the name."""
        found = [target.host]
        if literal(target.host) is None:
            found = list(await self._resolve(target.host, target.port))
        if not found:
            raise OSError(f"{target.host} has no address")
        if not target.local and not all(is_public(ipaddress.ip_address(one)) for one in found):
            raise TargetRefused("the name leads to an address that is not public")
        return found
