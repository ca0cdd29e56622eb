"""The tables of API keys and venue keys."""

from collections.abc import Mapping

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
    delete,
    insert,
    select,
    update,
)

from hydradesk.accounts.contracts.keys import ApiKey, VenueKey
from hydradesk.accounts.domain.keys import KEY_PLACE, VENUE_PLACE, key_place, venue_place
from hydradesk.accounts.ports.sessions import Standing
from hydradesk.infra.db import OF_PERSON, insert_new, metadata, raw, sql
from hydradesk.kernel.errors import Conflict, NotFound
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx

api_keys = Table(
    "accounts_api_keys",
    metadata,
    Column("id", String, primary_key=True),
    Column("person", String, nullable=False),
    Column("body", Text, nullable=False),
    Column("sealed", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger),
    Index("accounts_api_keys_person", "person", "created_at"),
    info=OF_PERSON,
)
venue_keys = Table(
    "accounts_venue_keys",
    metadata,
    Column("id", String, primary_key=True),
    Column("person", String, nullable=False),
    Column("venue", String, nullable=False),
    Column("label", String, nullable=False),
    Column("hint", String, nullable=False),
    Column("sealed", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("person", "venue", "label", name="accounts_venue_keys_label"),
    info=OF_PERSON,
)

STANDING = """
SELECT p.role, p.status, k.body, k.sealed FROM accounts_api_keys k
JOIN accounts_people p ON p.person = k.person WHERE k.id = $1"""
TOUCH = """
UPDATE accounts_api_keys SET last_used_at = greatest(last_used_at, seen.at)
FROM unnest($1::text[], $2::bigint[]) AS seen (id, at) WHERE accounts_api_keys.id = seen.id"""
"""asyncpg's own: asked for every caller every few seconds."""


class KeyStore:
    """Answers ports.sessions.KeyBook."""

    async def add(self, tx: Tx, key: ApiKey) -> None:
        """Keep a new key."""
        bare = msgspec.structs.replace(key, sealed=None)
        row = {
            "id": key.id,
            "person": key.person,
            "body": msgspec.json.encode(bare).decode(),
            "sealed": key.sealed,
            "created_at": key.created_at,
        }
        await sql(tx).execute(insert(api_keys).values(row))

    async def standing(self, tx: Tx, key: str) -> Standing | None:
        """Return a key that was not deleted, with its person's role and status."""
        row = await (await raw(tx)).fetchrow(STANDING, key)
        if row is None:
            return None
        found = _key(row["body"], row["sealed"])
        return Standing(person=found.person, role=row["role"], status=row["status"], key=found)

    async def of_person(self, tx: Tx, person: PersonId) -> list[tuple[ApiKey, TimeNs | None]]:
        """Return a person's keys and when each was last used, oldest first."""
        mine = select(api_keys).where(api_keys.c.person == person)
        rows = await sql(tx).execute(mine.order_by(api_keys.c.created_at, api_keys.c.id))
        return [(_key(row.body, row.sealed), row.last_used_at) for row in rows]

    async def remove(self, tx: Tx, person: PersonId, key: str) -> bool:
        """Forget a key; False when the person has none of this id."""
        mine = (api_keys.c.person == person) & (api_keys.c.id == key)
        return (await sql(tx).execute(delete(api_keys).where(mine))).rowcount == 1

    async def touch(self, tx: Tx, used: Mapping[str, TimeNs]) -> None:
        """Note when keys were last used."""
        await (await raw(tx)).execute(TOUCH, list(used), list(used.values()))

    async def sealed_otherwise(self, tx: Tx, key: str, limit: int) -> list[tuple[str, str]]:
        """Return (place, sealed text) of secrets not sealed with this data key, locked."""
        other = api_keys.c.sealed.is_not(None) & api_keys.c.sealed.not_like(f"v1.{key}.%")
        query = select(api_keys.c.id, api_keys.c.sealed).where(other).limit(limit)
        rows = await sql(tx).execute(query.with_for_update(skip_locked=True))
        return [(key_place(row.id), row.sealed) for row in rows]

    async def reseal(self, tx: Tx, place: str, sealed: str) -> None:
        """Replace the sealed text of one key."""
        mine = api_keys.c.id == place.removeprefix(KEY_PLACE)
        await sql(tx).execute(update(api_keys).where(mine).values(sealed=sealed))


class VenueKeyStore:
    """Answers ports.sessions.VenueKeyBook."""

    async def add(self, tx: Tx, key: VenueKey) -> None:
        """Keep a new key; Conflict when the label is taken for this venue."""
        same = [venue_keys.c.person == key.person, venue_keys.c.label == key.label]
        taken = select(venue_keys.c.id).where(*same, venue_keys.c.venue == key.venue)
        known = await sql(tx).scalar(taken)
        if known is not None or not await insert_new(tx, venue_keys, **msgspec.structs.asdict(key)):
            raise Conflict(
                f"there is a key {key.label!r} for {key.venue} already",
                field="label",
                fix="use another label, or delete that key first",
            )

    async def of_person(self, tx: Tx, person: PersonId) -> list[VenueKey]:
        """Return a person's keys, oldest first."""
        mine = select(venue_keys).where(venue_keys.c.person == person)
        rows = await sql(tx).execute(mine.order_by(venue_keys.c.created_at, venue_keys.c.id))
        return [VenueKey(**row._mapping) for row in rows]

    async def get(self, tx: Tx, person: PersonId, key: str) -> VenueKey:
        """Return one; raises NotFound."""
        mine = (venue_keys.c.person == person) & (venue_keys.c.id == key)
        row = (await sql(tx).execute(select(venue_keys).where(mine))).one_or_none()
        if row is None:
            raise NotFound(f"venue key {key}")
        return VenueKey(**row._mapping)

    async def remove(self, tx: Tx, person: PersonId, key: str) -> bool:
        """Forget one; False when the person has none of this id."""
        mine = (venue_keys.c.person == person) & (venue_keys.c.id == key)
        return (await sql(tx).execute(delete(venue_keys).where(mine))).rowcount == 1

    async def sealed_otherwise(self, tx: Tx, key: str, limit: int) -> list[tuple[str, str]]:
        """Return (place, sealed text) of keys not sealed with this data key, locked."""
        other = venue_keys.c.sealed.not_like(f"v1.{key}.%")
        query = select(venue_keys.c.id, venue_keys.c.sealed).where(other).limit(limit)
        rows = await sql(tx).execute(query.with_for_update(skip_locked=True))
        return [(venue_place(row.id), row.sealed) for row in rows]

    async def reseal(self, tx: Tx, place: str, sealed: str) -> None:
        """Replace the sealed text of one key."""
        mine = venue_keys.c.id == place.removeprefix(VENUE_PLACE)
        await sql(tx).execute(update(venue_keys).where(mine).values(sealed=sealed))


def _key(body: str, sealed: str | None) -> ApiKey:
    return msgspec.structs.replace(msgspec.json.decode(body, type=ApiKey), sealed=sealed)
