"""Sessions: which feed ran, and how far it came."""

from sqlalchemy import func, insert, select

from hydradesk.infra.db import raw, sql
from hydradesk.infra.outbox import emit
from hydradesk.kernel.errors import Conflict
from hydradesk.kernel.ids import SessionId
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx
from hydradesk.market.contracts import Session, SessionOpened, SessionProgress
from hydradesk.market.store.tables import market_sessions

SAVE = """
UPDATE market_sessions SET reached = $2, speed = $3, paused = $4, ended = $5, memory = $6
WHERE id = $1 AND reached <= $2"""
"""asyncpg's own: it runs every minute. The order of the values is that of `_columns`."""


class SqlSessions:
    """The session part of ports.MarketStore."""

    async def next_session_id(self, tx: Tx) -> SessionId:
        """Return the name of the next session: s0001, s0002 …"""
        last = await sql(tx).scalar(select(func.max(market_sessions.c.number)))
        return SessionId(f"s{(last or 0) + 1:04}")

    async def begin_session(
        self, tx: Tx, session: Session, progress: SessionProgress, at: TimeNs
    ) -> None:
        """Save a new session and emit SessionOpened."""
        row = {
            "number": int(session.id[1:]),
            "id": session.id,
            "feed": session.feed,
            "source": session.source,
            "name": session.name,
            "start_at": session.start,
            "end_at": session.end,
        }
        await sql(tx).execute(insert(market_sessions).values(**row, **_columns(progress)))
        await emit(tx, SessionOpened(id=session.id, at=at, key=session.id, session=session))

    async def last_session(self, tx: Tx) -> tuple[Session, SessionProgress] | None:
        """Return the session opened last, or None on an empty desk."""
        newest = select(market_sessions).order_by(market_sessions.c.number.desc()).limit(1)
        row = (await sql(tx).execute(newest)).one_or_none()
        if row is None:
            return None
        session = Session(
            id=row.id,
            feed=row.feed,
            source=row.source,
            name=row.name,
            start=row.start_at,
            end=row.end_at,
        )
        progress = SessionProgress(
            reached=row.reached,
            speed=row.speed,
            paused=row.paused,
            ended=row.ended,
            memory=row.memory,
        )
        return session, progress

    async def save_progress(self, tx: Tx, session: SessionId, progress: SessionProgress) -> None:
        """Save how far a session came; it never goes back."""
        done = await (await raw(tx)).execute(SAVE, session, *_columns(progress).values())
        if done != "UPDATE 1":
            raise Conflict(f"session {session} is already beyond {progress.reached}")


def _columns(progress: SessionProgress) -> dict[str, object]:
    return {
        "reached": progress.reached,
        "speed": progress.speed,
        "paused": progress.paused,
        "ended": progress.ended,
        "memory": progress.memory,
    }
