"""The people's table."""

from collections.abc import Callable

import msgspec
from sqlalchemy import BigInteger, Column, ColumnElement, String, Table, Text, select, update
from sqlalchemy.exc import IntegrityError

from hydradesk.accounts.contracts import Person, PersonChanged
from hydradesk.infra.db import OF_PERSON, metadata, sql
from hydradesk.infra.outbox import emit
from hydradesk.kernel.errors import Conflict, NotFound
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx

people = Table(
    "accounts_people",
    metadata,
    Column("person", String, primary_key=True),
    Column("email_key", String, unique=True),
    Column("whop_id", String, unique=True),
    Column("referral_code", String, unique=True, nullable=False),
    Column("role", String, nullable=False, index=True),
    Column("status", String, nullable=False),
    Column("kyc", String, nullable=False, index=True),
    Column("created_at", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    info=OF_PERSON,
)


class PeopleStore:
    """Answers contracts.People; emits PersonChanged with every change.

    `on_change` is told in the same transaction: what is remembered of a person must be forgotten
    at the commit, before any fact is delivered.
    """

    def __init__(self) -> None:
        self.on_change: Callable[[Tx, PersonId], None] = lambda tx, person: None

    async def get(self, tx: Tx, person: PersonId) -> Person:
        """Return one person; raises NotFound."""
        return _known(await self._one(tx, people.c.person == person), person)

    async def locked(self, tx: Tx, person: PersonId) -> Person:
        """Return one person, locked until the transaction ends; raises NotFound."""
        return _known(await self._one(tx, people.c.person == person, lock=True), person)

    async def by_email(self, tx: Tx, email: str) -> Person | None:
        """Return who has an e-mail address, compared without case."""
        return await self._one(tx, people.c.email_key == email_key(email))

    async def by_whop(self, tx: Tx, whop_id: str) -> Person | None:
        """Return who Whop knows by this id."""
        return await self._one(tx, people.c.whop_id == whop_id)

    async def by_code(self, tx: Tx, referral_code: str) -> Person | None:
        """Return whose referral code this is."""
        return await self._one(tx, people.c.referral_code == referral_code)

    async def add(self, tx: Tx, person: Person, at: TimeNs) -> None:
        """Save a new person; Conflict when the address, Whop id or code is somebody's already."""
        await _only_one(tx, people.insert().values(_row(person)))
        await emit(tx, _changed(person, at))

    async def save(self, tx: Tx, person: Person, at: TimeNs) -> None:
        """Save a changed person (version + 1); Conflict when somebody changed it first."""
        same = (people.c.person == person.id) & (people.c.version == person.version - 1)
        if await _only_one(tx, update(people).where(same).values(_row(person))) != 1:
            raise Conflict(f"person {person.id} is no longer at version {person.version - 1}")
        self.on_change(tx, person.id)
        await emit(tx, _changed(person, at))

    async def _one(
        self, tx: Tx, which: ColumnElement[bool], *, lock: bool = False
    ) -> Person | None:
        query = select(people.c.body).where(which)
        body = await sql(tx).scalar(query.with_for_update() if lock else query)
        return None if body is None else msgspec.json.decode(body, type=Person)


def email_key(email: str) -> str:
    """Return what two spellings of one address share."""
    return email.strip().casefold()


async def _only_one(tx: Tx, statement: object) -> int:
    """Run a write whose unique keys may refuse it; the transaction goes on either way."""
    try:
        async with sql(tx).begin_nested():
            done = await sql(tx).execute(statement)  # type: ignore[call-overload]
            return int(done.rowcount)
    except IntegrityError as error:
        raise Conflict(
            "somebody at this desk has this address, Whop id or code already",
            fix="sign in with it instead, or use another",
        ) from error


def _known(found: Person | None, person: PersonId) -> Person:
    if found is None:
        raise NotFound(f"person {person}")
    return found


def _row(person: Person) -> dict[str, object]:
    return {
        "person": person.id,
        "email_key": None if person.email is None else email_key(person.email),
        "whop_id": person.whop_id,
        "referral_code": person.referral_code,
        "role": person.role,
        "status": person.status,
        "kyc": person.kyc,
        "created_at": person.created_at,
        "version": person.version,
        "body": msgspec.json.encode(person).decode(),
    }


def _changed(person: Person, at: TimeNs) -> PersonChanged:
    return PersonChanged(
        id=f"{person.id}:{person.version}",
        at=at,
        key=person.id,
        person=person.id,
        role=person.role,
        status=person.status,
        kyc=person.kyc,
        kyc_level=person.kyc_level,
    )
