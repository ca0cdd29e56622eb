"""KYC cases, documents and their sealed pieces."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from hydradesk.accounts.contracts import KycStatus, Person
from hydradesk.accounts.contracts.kyc import Case, Document
from hydradesk.accounts.store.credentials import credentials
from hydradesk.accounts.store.people import people
from hydradesk.infra.db import OF_PERSON, metadata, sql
from hydradesk.kernel.errors import NotFound
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx

PLACE = "kyc:"

cases = Table(
    "accounts_kyc_cases",
    metadata,
    Column("person", String, primary_key=True),
    Column("submitted_at", BigInteger, nullable=False),
    Column("decided_at", BigInteger),
    Column("body", Text, nullable=False),
    Index("accounts_kyc_cases_submitted", "submitted_at"),
    info=OF_PERSON,
)
documents = Table(
    "accounts_kyc_documents",
    metadata,
    Column("id", String, primary_key=True),
    Column("person", String, nullable=False),
    Column("uploaded_at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Index("accounts_kyc_documents_person", "person", "uploaded_at"),
    info=OF_PERSON,
)
parts = Table(
    "accounts_kyc_parts",
    metadata,
    Column("document", String, primary_key=True),
    Column("n", BigInteger, primary_key=True),
    Column("sealed", Text, nullable=False),
)
ENDED = text(
    "SELECT person FROM accounts_people WHERE kyc IN ('approved', 'pending') "
    "AND (body::jsonb ->> 'kyc_expires_at')::bigint <= :now LIMIT :limit"
)


class KycStore:
    """Answers ports.kyc.KycBook and, for its pieces, ports.secrets.SealedPlaces."""

    async def case(self, tx: Tx, person: PersonId) -> Case | None:
        """Return a person's latest case."""
        body = await sql(tx).scalar(select(cases.c.body).where(cases.c.person == person))
        return None if body is None else msgspec.json.decode(body, type=Case)

    async def save(self, tx: Tx, case: Case) -> None:
        """Save a case, new or changed; one a person."""
        values = {
            "person": case.person,
            "submitted_at": case.submitted_at,
            "decided_at": case.decided_at,
            "body": msgspec.json.encode(case).decode(),
        }
        change = upsert(cases).values(values)
        await sql(tx).execute(change.on_conflict_do_update(index_elements=["person"], set_=values))

    async def queue(
        self, tx: Tx, status: KycStatus, after: tuple[int, str] | None, limit: int
    ) -> list[tuple[Person, Case]]:
        """Return people of a status with their cases, the longest waiting first."""
        place = (cases.c.submitted_at, cases.c.person)
        query = select(people.c.body, cases.c.body).join(cases, cases.c.person == people.c.person)
        query = query.where(people.c.kyc == status).order_by(*place).limit(limit)
        if after is not None:
            query = query.where(tuple_(*place) > after)
        return [
            (msgspec.json.decode(one, type=Person), msgspec.json.decode(two, type=Case))
            for one, two in await sql(tx).execute(query)
        ]

    async def documents(self, tx: Tx, person: PersonId) -> list[Document]:
        """Return a person's documents, oldest first."""
        mine = select(documents.c.body).where(documents.c.person == person)
        rows = await sql(tx).scalars(mine.order_by(documents.c.uploaded_at, documents.c.id))
        return [msgspec.json.decode(one, type=Document) for one in rows]

    async def document(self, tx: Tx, person: PersonId, document: str) -> Document:
        """Return one; raises NotFound."""
        mine = (documents.c.person == person) & (documents.c.id == document)
        body = await sql(tx).scalar(select(documents.c.body).where(mine))
        if body is None:
            raise NotFound(f"there is no document {document[:64]!r}", field="document")
        return msgspec.json.decode(body, type=Document)

    async def add(self, tx: Tx, document: Document, sealed: Sequence[str]) -> None:
        """Keep a document and its sealed pieces."""
        row = {
            "id": document.id,
            "person": document.person,
            "uploaded_at": document.uploaded_at,
            "body": msgspec.json.encode(document).decode(),
        }
        await sql(tx).execute(insert(documents).values(row))
        pieces = [{"document": document.id, "n": n, "sealed": one} for n, one in enumerate(sealed)]
        await sql(tx).execute(insert(parts), pieces)

    async def pieces(self, tx: Tx, document: str) -> list[str]:
        """Return its sealed pieces in order."""
        query = select(parts.c.sealed).where(parts.c.document == document).order_by(parts.c.n)
        return list(await sql(tx).scalars(query))

    async def forget(self, tx: Tx, decided_before: TimeNs) -> int:
        """Delete the documents of cases decided before an instant; returns how many."""
        old = select(cases.c.person).where(cases.c.decided_at < decided_before)
        return await self._remove(tx, select(documents.c.id).where(documents.c.person.in_(old)))

    async def erase(self, tx: Tx, person: PersonId) -> int:
        """Delete everything of a person; returns how many documents there were."""
        mine = select(documents.c.id).where(documents.c.person == person)
        gone = await self._remove(tx, mine)
        await sql(tx).execute(delete(cases).where(cases.c.person == person))
        return gone

    async def _remove(self, tx: Tx, which: object) -> int:
        ids = list(await sql(tx).scalars(which))  # type: ignore[call-overload]
        await sql(tx).execute(delete(parts).where(parts.c.document.in_(ids)))
        await sql(tx).execute(delete(documents).where(documents.c.id.in_(ids)))
        return len(ids)

    async def ended(self, tx: Tx, now: TimeNs, limit: int) -> list[PersonId]:
        """Return people whose approval has ended."""
        return list(await sql(tx).scalars(ENDED, {"now": now, "limit": limit}))

    async def wallets(self, tx: Tx, person: PersonId) -> list[str]:
        """Return the addresses of the wallets a person signs in with."""
        query = select(credentials.c.subject).where(
            credentials.c.person == person, credentials.c.kind.in_(("siws", "siwe"))
        )
        return [str(one).partition("@")[0] for one in await sql(tx).scalars(query)]

    async def sealed_otherwise(self, tx: Tx, key: str, limit: int) -> list[tuple[str, str]]:
        """Return (place, sealed text) of pieces not sealed with this data key, locked."""
        query = select(parts).where(parts.c.sealed.not_like(f"v1.{key}.%")).limit(limit)
        rows = await sql(tx).execute(query.with_for_update(skip_locked=True))
        return [(f"{PLACE}{row.document}:{row.n}", row.sealed) for row in rows]

    async def reseal(self, tx: Tx, place: str, sealed: str) -> None:
        """Replace the sealed text of one piece."""
        document, _, n = place.removeprefix(PLACE).rpartition(":")
        mine = (parts.c.document == document) & (parts.c.n == int(n))
        await sql(tx).execute(update(parts).where(mine).values(sealed=sealed))
