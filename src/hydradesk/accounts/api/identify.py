"""Reads who is calling out of a request: a bearer token or key, a signature, or cookies."""

import hmac
from collections.abc import Mapping

import structlog
from sqlalchemy.exc import DBAPIError
from starlette.types import Scope

from hydradesk.accounts.api.answers import ACCESS, CSRF
from hydradesk.accounts.contracts import PUBLIC
from hydradesk.accounts.contracts.security import SecurityKind, SecurityLog
from hydradesk.accounts.domain.jws import AccessExpired, AccessRefused
from hydradesk.accounts.domain.keys import (
    PREFIX,
    IpNotAllowed,
    KeyRefused,
    Replayed,
    SignatureRefused,
    Signed,
    TimestampRefused,
)
from hydradesk.accounts.domain.sessions import CsrfFailed
from hydradesk.accounts.ports.sessions import Standing, TradingAccounts
from hydradesk.accounts.service.callers import Callers, allowed
from hydradesk.accounts.service.refusals import Refusal, Refusals
from hydradesk.infra.http import Principal
from hydradesk.kernel.errors import DeskError, Unavailable
from hydradesk.kernel.ids import AccountId, PersonId
from hydradesk.kernel.time import TimeNs

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
NOTED: dict[type[DeskError], SecurityKind] = {
    CsrfFailed: "csrf_refused",
    KeyRefused: "key_refused",
    IpNotAllowed: "key_refused",
    SignatureRefused: "signature_refused",
    TimestampRefused: "signature_refused",
    Replayed: "signature_refused",
    AccessRefused: "sign_in_refused",
}
"""What is worth a look; a token that has merely expired is not."""

log = structlog.get_logger("identify")


class Identify:
    """Answers the gateway's question; never raises.

    Whoever sends an Authorization header is judged by it alone, then by a signature, then by
    cookies: a page's cookies never help out a program's wrong token.
    """

    def __init__(
        self,
        callers: Callers,
        trading: TradingAccounts,
        refusals: Refusals,
        security: SecurityLog,
    ) -> None:
        self._callers, self._trading = callers, trading
        self._refusals, self._security = refusals, security

    async def __call__(self, scope: Scope) -> Principal:
        """Return who is calling; a stranger, with the reason, when what was shown is wrong."""
        try:
            standing = await self._standing(scope)
        except DeskError as error:
            self._note(error, scope)
            return Principal(scopes=PUBLIC, refusal=error)
        except (DBAPIError, OSError, TimeoutError) as error:
            log.warning("identify.waiting", error=type(error).__name__)
            gone = Unavailable("the desk cannot tell who you are at the moment", fix="try again")
            return Principal(scopes=PUBLIC, refusal=gone)
        if standing is None:
            return Principal(scopes=PUBLIC)
        session, key = standing.session, standing.key
        return Principal(
            person=standing.person,
            account=await self._account(standing.person),
            role=standing.role,
            scopes=allowed(standing),
            session=session.id if session else None,
            key=key.id if key else None,
            fresh_until=session.fresh_until if session else TimeNs(0),
        )

    async def _standing(self, scope: Scope) -> Standing | None:
        headers = _Headers(scope)
        authorization = headers.one("authorization")
        if authorization is not None:
            return await self._bearer(authorization, _ip(scope))
        if headers.one("x-hd-key") is not None:
            return await self._callers.of_signature(_signed(scope, headers))
        cookies = headers.cookies()
        if ACCESS not in cookies:
            return None
        standing = await self._callers.of_token(cookies[ACCESS])
        if scope["type"] == "http" and scope["method"] not in SAFE:
            _require_csrf(standing, headers.one("x-csrf-token"), cookies.get(CSRF))
        return standing

    async def _bearer(self, authorization: str, ip: str) -> Standing:
        kind, _, text = authorization.partition(" ")
        if kind.lower() != "bearer" or not text:
            raise AccessRefused("this is no bearer token", fix="Authorization: Bearer …")
        if text.startswith(PREFIX):
            return await self._callers.of_key(text, ip)
        return await self._callers.of_token(text)

    async def _account(self, person: PersonId) -> AccountId:
        try:
            return await self._trading.of(person)
        except (Unavailable, DBAPIError, OSError, TimeoutError):
            return AccountId("")  # who needs one is told to ask again

    def _note(self, error: DeskError, scope: Scope) -> None:
        kind = next((said for one, said in NOTED.items() if isinstance(error, one)), None)
        if kind is None or isinstance(error, AccessExpired):
            return
        state: Mapping[str, object] = scope.get("state", {})
        self._refusals.note(Refusal(error.code, _ip(scope), ""), str(state.get("request_id", "")))
        self._security.note(kind, detail={"code": error.code})


class _Headers:
    """A request's headers; one that may come once only is refused when it comes twice."""

    def __init__(self, scope: Scope) -> None:
        self._raw: list[tuple[bytes, bytes]] = scope["headers"]

    def one(self, name: str) -> str | None:
        found = [value for key, value in self._raw if key == name.encode()]
        if len(found) > 1:
            raise AccessRefused(f"the header {name} came twice")
        return found[0].decode("latin-1").strip() if found else None

    def cookies(self) -> dict[str, str]:
        """Cookies by name; two of one name, of which one was planted, are refused."""
        found: dict[str, str] = {}
        for key, value in self._raw:
            if key != b"cookie":
                continue
            for pair in value.decode("latin-1").split(";"):
                name, _, text = pair.strip().partition("=")
                if name in found and name in (ACCESS, CSRF):
                    raise AccessRefused(f"the cookie {name} came twice")
                found[name] = text
        return found


def _signed(scope: Scope, headers: _Headers) -> Signed:
    query: bytes = scope.get("query_string", b"")
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    return Signed(
        key=headers.one("x-hd-key") or "",
        timestamp=headers.one("x-hd-timestamp") or "",
        signature=headers.one("x-hd-signature") or "",
        method=scope.get("method", "GET"),
        target=path.partition(b"?")[0] + (b"?" + query if query else b""),
        body=scope.get("state", {}).get("body", b""),
        ip=_ip(scope),
    )


def _require_csrf(standing: Standing, header: str | None, cookie: str | None) -> None:
    """Refuse a write with cookies unless our own page, which can read the cookie, asked for it."""
    session = standing.session
    own = session.csrf.encode() if session else b""
    for given in (header, cookie):
        if not hmac.compare_digest((given or "").encode(), own) or not own:
            raise CsrfFailed(
                "X-CSRF-Token is not this session's",
                field="X-CSRF-Token",
                fix="repeat the value of the cookie __Host-desk-csrf",
            )


def _ip(scope: Scope) -> str:
    return str((scope.get("client") or ("", 0))[0])
