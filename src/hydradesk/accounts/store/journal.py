"""The journal's table."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, Column, Index, String, Table, Text, delete, select

from hydradesk.accounts.contracts.journal import JournalEntry
from hydradesk.infra.db import OF_PERSON, metadata, raw, sql
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx

journal = Table(
    "accounts_journal",
    metadata,
    Column("person", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    Column("symbol", String),
    Column("order_id", String),
    Index("accounts_journal_newest", "person", "at", "id"),
    info=OF_PERSON,
)
_COLUMNS = tuple(JournalEntry.__struct_fields__)
ADD = """
INSERT INTO accounts_journal (id, person, at, text, symbol, order_id)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[])
ON CONFLICT DO NOTHING RETURNING person, id"""
KNOWN = """
SELECT id, person, at, text, symbol, order_id FROM accounts_journal
WHERE (person, id) IN (SELECT * FROM unnest($1::text[], $2::text[]))"""


class JournalStore:
    """Keeps notes."""

    async def add(self, tx: Tx, entries: Sequence[JournalEntry]) -> list[JournalEntry]:
        """Save notes with one statement; one whose id is known already is answered as it stands."""
        connection = await raw(tx)
        columns = [[getattr(one, name) for one in entries] for name in _COLUMNS]
        rows = await connection.fetch(ADD, *columns)
        if len(rows) == len(entries):
            return list(entries)
        names = [(one.person, one.id) for one in entries]
        stored = await connection.fetch(KNOWN, *map(list, zip(*names, strict=True)))
        known = {(row["person"], row["id"]): _entry(row) for row in stored}
        return [known[name] for name in names]

    async def page(
        self, tx: Tx, person: PersonId, before: tuple[int, str] | None, limit: int
    ) -> list[JournalEntry]:
        """Return a person's notes before a place, newest first."""
        mine = journal.c.person == person
        if before is not None:
            at, name = before
            older = (journal.c.at < at) | ((journal.c.at == at) & (journal.c.id < name))
            mine = mine & older
        query = select(journal).where(mine).order_by(journal.c.at.desc(), journal.c.id.desc())
        rows = (await sql(tx).execute(query.limit(limit))).mappings()
        return [_entry(row) for row in rows]

    async def remove(self, tx: Tx, person: PersonId, name: str) -> bool:
        """Forget one note; False when there is none."""
        mine = (journal.c.person == person) & (journal.c.id == name)
        return (await sql(tx).execute(delete(journal).where(mine))).rowcount == 1


def _entry(row: object) -> JournalEntry:
    values = {name: row[name] for name in _COLUMNS}  # type: ignore[index]
    return JournalEntry(**values | {"at": TimeNs(values["at"])})
