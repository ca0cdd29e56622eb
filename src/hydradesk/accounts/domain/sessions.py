"""How long sessions live, and why one ends."""

from msgspec import Struct

from hydradesk.accounts.contracts.sessions import Session
from hydradesk.accounts.domain.jws import AccessRefused
from hydradesk.kernel.errors import Forbidden, Unauthenticated
from hydradesk.kernel.time import DAY, MINUTE, TimeNs

MOST = 50
"""Open sessions of one person; one more closes the one seen longest ago."""


class SessionRules(Struct, frozen=True, kw_only=True):
    """Lifetimes, nanoseconds."""

    refresh_ns: int = 30 * DAY
    """A refresh token that is not used."""
    idle_ns: int = 14 * DAY
    """A session in which nothing happens."""
    whole_ns: int = 90 * DAY
    """A session, whatever happens in it."""
    fresh_ns: int = 10 * MINUTE
    """A second proof of identity."""


class RefreshRefused(Unauthenticated):
    """A refresh token that is unknown, expired, or of a session that ended."""

    code = "refresh_token_invalid"


class RefreshReused(Unauthenticated):
    """A refresh token came twice: somebody has a copy, so the session was closed."""

    code = "refresh_token_reused"


class SessionEnded(AccessRefused):
    """A token, right in itself, of a session or person that is no longer let in."""

    code = "session_ended"


class CsrfFailed(Forbidden):
    """A write with cookies that does not show it comes from our page."""

    code = "csrf_failed"


def ends_at(session: Session, rules: SessionRules) -> TimeNs:
    """Return when a session ends if nothing more happens in it."""
    return TimeNs(min(session.expires_at, session.last_seen_at + rules.idle_ns))


def refresh_until(session: Session, now: TimeNs, rules: SessionRules) -> TimeNs:
    """Return until when a refresh token made now counts."""
    return TimeNs(min(now + min(rules.refresh_ns, rules.idle_ns), session.expires_at))
