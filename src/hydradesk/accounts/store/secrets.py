"""The tables of data keys and signing keys; neither holds a key in the clear."""

import msgspec
from sqlalchemy import BigInteger, Column, Row, String, Table, Text, delete, insert, select, update

from hydradesk.accounts.ports.secrets import DataKey
from hydradesk.accounts.ports.tokens import SigningKey
from hydradesk.infra.db import metadata, raw, sql
from hydradesk.kernel.tx import Tx

DATA_KEYS_LOCK, SIGNING_KEYS_LOCK = 0x0B10, 0x0B11
LOCK = "SELECT pg_advisory_xact_lock($1)"

data_keys = Table(
    "accounts_data_keys",
    metadata,
    Column("id", String, primary_key=True),
    Column("wrapper", String, nullable=False),
    Column("wrapped", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)
signing_keys = Table(
    "accounts_signing_keys",
    metadata,
    Column("id", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("public", Text, nullable=False),
    Column("sealed", Text),
)


class DataKeyStore:
    """Answers ports.secrets.DataKeyBook."""

    async def lock(self, tx: Tx) -> None:
        """Let nobody else add or re-wrap keys until the transaction ends."""
        await (await raw(tx)).execute(LOCK, DATA_KEYS_LOCK)

    async def newest(self, tx: Tx) -> DataKey | None:
        """Return the key that new fields are sealed with."""
        query = select(data_keys).order_by(data_keys.c.created_at.desc(), data_keys.c.id).limit(1)
        row = (await sql(tx).execute(query)).one_or_none()
        return None if row is None else _data_key(row)

    async def get(self, tx: Tx, key: str) -> DataKey | None:
        """Return one key."""
        query = select(data_keys).where(data_keys.c.id == key)
        row = (await sql(tx).execute(query)).one_or_none()
        return None if row is None else _data_key(row)

    async def every(self, tx: Tx) -> list[DataKey]:
        """Return all of them, newest first."""
        query = select(data_keys).order_by(data_keys.c.created_at.desc(), data_keys.c.id)
        return [_data_key(row) for row in await sql(tx).execute(query)]

    async def add(self, tx: Tx, key: DataKey) -> None:
        """Keep a new key."""
        await sql(tx).execute(insert(data_keys).values(msgspec.structs.asdict(key)))

    async def rewrap(self, tx: Tx, key: DataKey) -> None:
        """Keep another wrapping of a known key."""
        mine = data_keys.c.id == key.id
        values = {"wrapper": key.wrapper, "wrapped": key.wrapped}
        await sql(tx).execute(update(data_keys).where(mine).values(values))

    async def drop(self, tx: Tx, key: str) -> None:
        """Forget a key that seals nothing any more."""
        await sql(tx).execute(delete(data_keys).where(data_keys.c.id == key))


class SigningKeyStore:
    """Answers ports.tokens.SigningKeyBook."""

    async def lock(self, tx: Tx) -> None:
        """Let nobody else change the keys until the transaction ends."""
        await (await raw(tx)).execute(LOCK, SIGNING_KEYS_LOCK)

    async def every(self, tx: Tx) -> list[SigningKey]:
        """Return all of them, oldest first."""
        query = select(signing_keys).order_by(signing_keys.c.since, signing_keys.c.id)
        return [SigningKey(**row._mapping) for row in await sql(tx).execute(query)]

    async def save(self, tx: Tx, key: SigningKey) -> None:
        """Keep a new key, or a known one's new state."""
        row = msgspec.structs.asdict(key)
        mine = signing_keys.c.id == key.id
        done = await sql(tx).execute(update(signing_keys).where(mine).values(row))
        if done.rowcount == 0:
            await sql(tx).execute(insert(signing_keys).values(row))

    async def drop(self, tx: Tx, key: str) -> None:
        """Forget a key whose last token has expired."""
        await sql(tx).execute(delete(signing_keys).where(signing_keys.c.id == key))


def _data_key(row: Row[tuple[object, ...]]) -> DataKey:
    return DataKey(**row._mapping)
