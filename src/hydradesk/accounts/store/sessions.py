"""The tables of sessions and refresh tokens."""

from collections.abc import Mapping

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    String,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)

from hydradesk.accounts.contracts.sessions import Session
from hydradesk.accounts.ports.sessions import RefreshToken, Standing
from hydradesk.infra.db import OF_PERSON, metadata, raw, sql
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx

sessions = Table(
    "accounts_sessions",
    metadata,
    Column("id", String, primary_key=True),
    Column("person", String, nullable=False),
    Column("method", String, nullable=False),
    Column("agent", String, nullable=False),
    Column("ip", String, nullable=False),
    Column("csrf", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_seen_at", BigInteger, nullable=False),
    Column("fresh_until", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger),
    Column("reason", String),
    Index("accounts_sessions_person", "person", "created_at"),
    info=OF_PERSON,
)
refresh_tokens = Table(
    "accounts_refresh_tokens",
    metadata,
    Column("digest", String, primary_key=True),
    Column("session", String, nullable=False, index=True),
    Column("issued_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
)

_FIELDS = ", ".join(f"s.{column.name}" for column in sessions.columns)
STANDING = (
    f"SELECT p.role, p.status, {_FIELDS} FROM accounts_sessions s "  # noqa: S608  (our columns)
    "JOIN accounts_people p ON p.person = s.person WHERE s.id = $1"
)
TOUCH = """
UPDATE accounts_sessions SET last_seen_at = greatest(last_seen_at, seen.at)
FROM unnest($1::text[], $2::bigint[]) AS seen (id, at)
WHERE accounts_sessions.id = seen.id AND closed_at IS NULL"""
"""asyncpg's own: asked for every caller every few seconds."""


class SessionStore:
    """Answers ports.sessions.SessionBook."""

    async def add(self, tx: Tx, session: Session) -> None:
        """Keep a new session."""
        await sql(tx).execute(insert(sessions).values(msgspec.structs.asdict(session)))

    async def locked(self, tx: Tx, session: str) -> Session | None:
        """Return one session, locked until the transaction ends."""
        query = select(sessions).where(sessions.c.id == session).with_for_update()
        row = (await sql(tx).execute(query)).one_or_none()
        return None if row is None else Session(**row._mapping)

    async def standing(self, tx: Tx, session: str) -> Standing | None:
        """Return a session with its person's role and status."""
        row = await (await raw(tx)).fetchrow(STANDING, session)
        if row is None:
            return None
        role, status, *rest = row
        names = [column.name for column in sessions.columns]
        found = Session(**dict(zip(names, rest, strict=True)))
        return Standing(person=found.person, role=role, status=status, session=found)

    async def open_ones(self, tx: Tx, person: PersonId) -> list[Session]:
        """Return a person's open sessions, newest first."""
        mine = (sessions.c.person == person) & sessions.c.closed_at.is_(None)
        query = select(sessions).where(mine).order_by(sessions.c.created_at.desc(), sessions.c.id)
        return [Session(**row._mapping) for row in await sql(tx).execute(query)]

    async def count_open(self, tx: Tx, at: TimeNs) -> int:
        """Return how many sessions of everybody are open."""
        live = sessions.c.closed_at.is_(None) & (sessions.c.expires_at > at)
        found = await sql(tx).scalar(select(func.count()).select_from(sessions).where(live))
        return int(found or 0)

    async def close(self, tx: Tx, session: str, reason: str, at: TimeNs) -> bool:
        """Close a session; False when it is closed already."""
        mine = (sessions.c.id == session) & sessions.c.closed_at.is_(None)
        change = update(sessions).where(mine).values(closed_at=at, reason=reason)
        return (await sql(tx).execute(change)).rowcount == 1

    async def freshen(self, tx: Tx, session: str, until: TimeNs) -> bool:
        """Count a second proof; False when the session is closed."""
        mine = (sessions.c.id == session) & sessions.c.closed_at.is_(None)
        change = update(sessions).where(mine).values(fresh_until=until)
        return (await sql(tx).execute(change)).rowcount == 1

    async def touch(self, tx: Tx, seen: Mapping[str, TimeNs]) -> None:
        """Note when sessions were last seen."""
        await (await raw(tx)).execute(TOUCH, list(seen), list(seen.values()))

    async def add_refresh(self, tx: Tx, token: RefreshToken) -> None:
        """Keep a new refresh token."""
        await sql(tx).execute(insert(refresh_tokens).values(msgspec.structs.asdict(token)))

    async def refresh(self, tx: Tx, digest: str) -> RefreshToken | None:
        """Return one refresh token, locked until the transaction ends."""
        mine = refresh_tokens.c.digest == digest
        row = (await sql(tx).execute(select(refresh_tokens).where(mine).with_for_update())).first()
        return None if row is None else RefreshToken(**row._mapping)

    async def use_refresh(self, tx: Tx, digest: str, at: TimeNs) -> None:
        """Note that it was used."""
        mine = refresh_tokens.c.digest == digest
        await sql(tx).execute(update(refresh_tokens).where(mine).values(used_at=at))

    async def purge(self, tx: Tx, before: TimeNs) -> int:
        """Forget sessions that ended before, with their refresh tokens; returns how many."""
        ended = (sessions.c.closed_at < before) | (sessions.c.expires_at < before)
        gone = select(sessions.c.id).where(ended)
        await sql(tx).execute(delete(refresh_tokens).where(refresh_tokens.c.session.in_(gone)))
        return (await sql(tx).execute(delete(sessions).where(ended))).rowcount
