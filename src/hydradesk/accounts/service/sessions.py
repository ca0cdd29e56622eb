"""Sessions: opened at sign-in, kept alive by refresh tokens that work once, closed for good."""

import hashlib
import hmac

from msgspec import Struct
from msgspec.structs import replace

from hydradesk.accounts.contracts import Action, Audit, Issued, Method, People, Person, Secret
from hydradesk.accounts.contracts.sessions import Session
from hydradesk.accounts.domain.sealing import encode
from hydradesk.accounts.domain.sessions import (
    MOST,
    CsrfFailed,
    RefreshRefused,
    RefreshReused,
    SessionRules,
    ends_at,
    refresh_until,
)
from hydradesk.accounts.ports.sessions import RefreshToken, SessionBook
from hydradesk.accounts.service.endings import Endings
from hydradesk.accounts.service.means import Means
from hydradesk.accounts.service.tokens import Tokens
from hydradesk.infra.origin import ORIGIN
from hydradesk.kernel.errors import DeskError, NotFound, Unauthenticated
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import DAY, TimeNs
from hydradesk.kernel.tx import Tx

PREFIX = "hdr_"
"""How a refresh token begins: scanners of leaked secrets know it by this."""
MAX_REFRESH = 64
KEPT_NS = 90 * DAY
"""How long a session is remembered after it ended."""


class Books(Struct, frozen=True):
    """Where sessions and people are kept, and what is done is recorded."""

    sessions: SessionBook
    people: People
    audit: Audit


class SessionService:
    """Answers contracts.Sessions."""

    def __init__(
        self, means: Means, books: Books, tokens: Tokens, endings: Endings, rules: SessionRules
    ) -> None:
        self._db, self._reads = means.db, means.reads
        self._clock, self._random = means.clock, means.random
        self._books, self._tokens, self._endings, self.rules = books, tokens, endings, rules

    async def open(
        self, tx: Tx, person: PersonId, method: Method, *, proved_twice: bool = False
    ) -> Issued:
        """Begin a session on the device that the work comes from."""
        now, origin = self._clock.now(), ORIGIN.get()
        await self._make_room(tx, person, now)
        session = Session(
            id=f"s-{encode(self._random(18))}",
            person=person,
            method=method,
            agent=origin.agent,
            ip=origin.ip,
            csrf=encode(self._random(18)),
            created_at=now,
            last_seen_at=now,
            fresh_until=TimeNs(now + self.rules.fresh_ns if proved_twice else 0),
            expires_at=TimeNs(now + self.rules.whole_ns),
        )
        await self._books.sessions.add(tx, session)
        return await self._issue(tx, await self._books.people.get(tx, person), session)

    async def freshen(self, tx: Tx, session: str) -> TimeNs:
        """Count a second proof; returns until when it counts."""
        until = TimeNs(self._clock.now() + self.rules.fresh_ns)
        known = await self._books.sessions.locked(tx, session)
        if known is None or not await self._books.sessions.freshen(tx, session, until):
            raise Unauthenticated("the session has ended", fix="sign in again")
        self._endings.of(tx, known.person, session)
        return until

    async def close_all(
        self, tx: Tx, person: PersonId, reason: str, *, but: str | None = None
    ) -> int:
        """End a person's sessions: their tokens are refused from the commit on."""
        closed = 0
        for one in await self._books.sessions.open_ones(tx, person):
            if one.id != but:
                closed += await self._closed(tx, one, reason)
        self._endings.of(tx, person)
        return closed

    async def close(self, person: PersonId, session: str, reason: str) -> None:
        """End one session of a person; raises NotFound when it is not theirs or has ended."""
        async with self._db.begin() as tx:
            known = await self._books.sessions.locked(tx, session)
            mine = known is not None and known.person == person
            if known is None or not mine or not await self._closed(tx, known, reason):
                raise NotFound(f"session {session}")

    async def close_others(self, person: PersonId, reason: str) -> int:
        """End every session of a person, in a transaction of its own."""
        async with self._db.begin() as tx:
            return await self.close_all(tx, person, reason)

    async def refresh(self, token: Secret, csrf: str | None) -> tuple[Issued, Person]:
        """Give the next pair of tokens for a refresh token, which works once.

        Args:
            token: as it was given.
            csrf: with cookies, what the page repeated; None for programs.

        Raises RefreshRefused, RefreshReused or CsrfFailed; what a refusal changes is kept.
        """
        if len(token.reveal()) > MAX_REFRESH:
            raise _unknown()
        digest = digest_of(token)
        async with self._db.begin() as tx:
            known = await self._books.sessions.refresh(tx, digest)
            if known is None:
                raise _unknown()
            session = await self._books.sessions.locked(tx, known.session)
            if session is None:
                raise _unknown()
            if csrf is not None and not hmac.compare_digest(csrf.encode(), session.csrf.encode()):
                raise CsrfFailed("X-CSRF-Token is not this session's", fix="repeat the cookie")
            refusal = await self._refusal(tx, known, session)
            if refusal is None:
                person = await self._books.people.get(tx, session.person)
                refusal = _gone(person)
            if refusal is None:
                now = self._clock.now()
                await self._books.sessions.use_refresh(tx, digest, now)
                await self._books.sessions.touch(tx, {session.id: now})
                seen = replace(session, last_seen_at=now)
                return await self._issue(tx, person, seen), person
        raise refusal

    async def of_person(self, person: PersonId) -> list[Session]:
        """Return a person's open sessions, newest first."""
        now = self._clock.now()
        async with self._reads.begin(person) as tx:
            known = await self._books.sessions.open_ones(tx, person)
        return [one for one in known if ends_at(one, self.rules) > now]

    async def purge(self) -> int:
        """Forget sessions that ended long ago."""
        async with self._db.begin() as tx:
            before = TimeNs(self._clock.now() - KEPT_NS)
            return await self._books.sessions.purge(tx, before)

    async def _refusal(self, tx: Tx, token: RefreshToken, session: Session) -> DeskError | None:
        """Say why a known refresh token does not count; one that came twice closes its session."""
        now = self._clock.now()
        if token.used_at is not None:
            await self._closed(tx, session, "refresh_reused", ok=False)
            return RefreshReused(
                "this refresh token was used before, so the session was closed", fix="sign in again"
            )
        ended = session.closed_at is not None or ends_at(session, self.rules) <= now
        return _unknown() if ended or token.expires_at <= now else None

    async def _closed(self, tx: Tx, session: Session, reason: str, *, ok: bool = True) -> bool:
        now = self._clock.now()
        if not await self._books.sessions.close(tx, session.id, reason, now):
            if not ok:
                await self._record(tx, session, reason, ok=False)
            return False
        await self._record(tx, session, reason, ok=ok)
        self._endings.of(tx, session.person, session.id)
        return True

    async def _record(self, tx: Tx, session: Session, reason: str, *, ok: bool) -> None:
        done = "session.closed" if ok else f"session.{reason}"
        after: dict[str, str | int | bool | None] = {"reason": reason}
        action = Action(chain=session.person, action=done, target=session.id, after=after, ok=ok)
        await self._books.audit.record(tx, action)

    async def _make_room(self, tx: Tx, person: PersonId, now: TimeNs) -> None:
        known = await self._books.sessions.open_ones(tx, person)
        if len(known) >= MOST:
            oldest = min(known, key=lambda one: one.last_seen_at)
            await self._closed(tx, oldest, "too_many")

    async def _issue(self, tx: Tx, person: Person, session: Session) -> Issued:
        now = self._clock.now()
        refresh = Secret(PREFIX + encode(self._random(32)))
        until = refresh_until(session, now, self.rules)
        token = RefreshToken(
            digest=digest_of(refresh), session=session.id, issued_at=now, expires_at=until
        )
        await self._books.sessions.add_refresh(tx, token)
        access, expires = await self._tokens.issue(person, session.id)
        return Issued(
            session=session.id,
            person=person.id,
            access=access,
            access_expires_at=expires,
            refresh=refresh,
            refresh_expires_at=until,
            csrf=session.csrf,
        )


def digest_of(token: Secret) -> str:
    """Return what is kept of a token. It has 256 random bits: no salt, no slow hash needed."""
    return hashlib.sha256(token.reveal()).hexdigest()


def _unknown() -> RefreshRefused:
    return RefreshRefused("the refresh token does not count (any more)", fix="sign in again")


def _gone(person: Person) -> RefreshRefused | None:
    return None if person.status == "active" else _unknown()
