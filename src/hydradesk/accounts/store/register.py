"""Everybody and everything that was done, as the desk's staff look at it."""

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, cast, func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import JSONB

from hydradesk.accounts.contracts import Person
from hydradesk.accounts.contracts.administration import (
    Counts,
    PeopleFilter,
    PersonRow,
    TrailFilter,
    TrailRow,
)
from hydradesk.accounts.contracts.trail import Entry
from hydradesk.accounts.store.audit import audit
from hydradesk.accounts.store.credentials import credentials
from hydradesk.accounts.store.people import people
from hydradesk.accounts.store.sessions import sessions
from hydradesk.infra.db import sql
from hydradesk.kernel.errors import NotFound
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx


class RegisterStore:
    """Answers ports.administration.Register."""

    async def people(
        self,
        tx: Tx,
        wanted: PeopleFilter,
        now: TimeNs,
        before: tuple[int, str] | None,
        limit: int,
    ) -> list[PersonRow]:
        """Return people, the newest first."""
        query = _rows(now).where(*_wanted(wanted))
        if before is not None:
            query = query.where(tuple_(people.c.created_at, people.c.person) < before)
        newest = query.order_by(people.c.created_at.desc(), people.c.person.desc())
        return [_row(one) for one in await sql(tx).execute(newest.limit(limit))]

    async def person(self, tx: Tx, person: PersonId, now: TimeNs) -> PersonRow:
        """Return one; raises NotFound."""
        found = (await sql(tx).execute(_rows(now).where(people.c.person == person))).one_or_none()
        if found is None:
            raise NotFound(f"there is no person {person[:64]!r}", field="person")
        return _row(found)

    async def counts(self, tx: Tx, now: TimeNs) -> Counts:
        """Return how many there are of what; who was erased does not count."""
        here = people.c.status != "erased"
        roles = select(people.c.role, func.count()).where(here).group_by(people.c.role)
        by_role: dict[str, int] = {one[0]: one[1] for one in await sql(tx).execute(roles)}
        live = select(func.count()).select_from(sessions).where(*_open(now))
        waiting = select(func.count()).select_from(people).where(here & (people.c.kyc == "pending"))
        return Counts(
            people=sum(by_role.values()),
            by_role=by_role,
            sessions=int(await sql(tx).scalar(live) or 0),
            kyc_pending=int(await sql(tx).scalar(waiting) or 0),
        )

    async def other_administrators(self, tx: Tx, person: PersonId) -> int:
        """Return how many active administrators there are besides."""
        them = (people.c.role == "admin") & (people.c.status == "active")
        query = select(func.count()).select_from(people).where(them & (people.c.person != person))
        return int(await sql(tx).scalar(query) or 0)

    async def chain(self, tx: Tx, chain: str, before: int | None, limit: int) -> list[TrailRow]:
        """Return the entries of one chain, the newest first."""
        query = select(audit.c.seq, audit.c.body, audit.c.personal).where(audit.c.person == chain)
        if before is not None:
            query = query.where(audit.c.seq < before)
        rows = await sql(tx).execute(query.order_by(audit.c.seq.desc()).limit(limit))
        return [_trail(*one) for one in rows]

    async def trail(
        self, tx: Tx, wanted: TrailFilter, before: tuple[int, str, int] | None, limit: int
    ) -> list[TrailRow]:
        """Return entries of all chains, the newest first."""
        place = (audit.c.at, audit.c.person, audit.c.seq)
        query = select(audit.c.seq, audit.c.body, audit.c.personal).where(*_done(wanted))
        if before is not None:
            query = query.where(tuple_(*place) < before)
        newest = query.order_by(*(one.desc() for one in place)).limit(limit)
        return [_trail(*one) for one in await sql(tx).execute(newest)]


def _open(now: TimeNs) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return sessions.c.closed_at.is_(None), sessions.c.expires_at > now


def _rows(now: TimeNs) -> Select[Any]:
    keys = select(func.count()).where(credentials.c.person == people.c.person).scalar_subquery()
    theirs = sessions.c.person == people.c.person
    live = select(func.count()).where(theirs, *_open(now)).scalar_subquery()
    seen = select(func.max(sessions.c.last_seen_at)).where(theirs).scalar_subquery()
    return select(people.c.body, keys, live, seen)


def _row(row: Any) -> PersonRow:  # noqa: ANN401  (SQLAlchemy's row)
    body, keys, live, seen = row
    person = msgspec.json.decode(body, type=Person)
    return PersonRow(person=person, credentials=keys, sessions=live, last_seen_at=seen)


def _wanted(wanted: PeopleFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.query:
        name = cast(people.c.body, JSONB)["name"].astext
        found.append(
            or_(
                people.c.person == wanted.query,
                people.c.email_key.contains(wanted.query.casefold(), autoescape=True),
                func.lower(name).contains(wanted.query.lower(), autoescape=True),
            )
        )
    if wanted.role:
        found.append(people.c.role == wanted.role)
    if wanted.status:
        found.append(people.c.status == wanted.status)
    return found


def _done(wanted: TrailFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.chain is not None:
        found.append(audit.c.person == wanted.chain)
    if wanted.actor is not None:
        found.append(audit.c.actor == wanted.actor)
    if wanted.start is not None:
        found.append(audit.c.at >= wanted.start)
    if wanted.end is not None:
        found.append(audit.c.at < wanted.end)
    if wanted.action is not None:
        found.append(audit.c.action.startswith(wanted.action, autoescape=True))
    return found


def _trail(seq: int, body: str, personal: str | None) -> TrailRow:
    details = msgspec.json.decode(personal) if personal else {}
    return TrailRow(
        seq=seq,
        entry=msgspec.json.decode(body, type=Entry),
        ip=str(details.get("ip", "")),
    )
