"""The addresses' table."""

import msgspec
from sqlalchemy import BigInteger, Column, Index, String, Table, Text, delete, select
from sqlalchemy.dialects.postgresql import insert

from hydradesk.accounts.contracts.addresses import Address
from hydradesk.infra.db import OF_PERSON, metadata, sql
from hydradesk.kernel.errors import NotFound
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.tx import Tx

addresses = Table(
    "accounts_addresses",
    metadata,
    Column("id", String, primary_key=True),
    Column("person", String, nullable=False),
    Column("asset", String, nullable=False),
    Column("address", String, nullable=False),
    Column("added_at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Index("accounts_addresses_once", "person", "asset", "address", unique=True),
    info=OF_PERSON,
)


class AddressStore:
    """Answers contracts.Addresses."""

    async def find(self, tx: Tx, person: PersonId, address_id: str) -> Address:
        """Return one of a person's addresses; raises NotFound."""
        mine = (addresses.c.id == address_id) & (addresses.c.person == person)
        body = await sql(tx).scalar(select(addresses.c.body).where(mine))
        if body is None:
            raise NotFound("there is no such address", field="address_id", fix="add it first")
        return msgspec.json.decode(body, type=Address)

    async def of(self, tx: Tx, person: PersonId) -> list[Address]:
        """Return a person's addresses, oldest first."""
        mine = select(addresses.c.body).where(addresses.c.person == person)
        rows = await sql(tx).scalars(mine.order_by(addresses.c.added_at, addresses.c.id))
        return [msgspec.json.decode(body, type=Address) for body in rows]

    async def add(self, tx: Tx, address: Address) -> bool:
        """Save a new address; False when the person has it already."""
        row = insert(addresses).values(
            id=address.id,
            person=address.person,
            asset=address.asset,
            address=address.address,
            added_at=address.added_at,
            body=msgspec.json.encode(address).decode(),
        )
        done = await sql(tx).execute(row.on_conflict_do_nothing())
        return done.rowcount == 1

    async def remove(self, tx: Tx, person: PersonId, address_id: str) -> Address:
        """Take one off the list; raises NotFound."""
        found = await self.find(tx, person, address_id)
        await sql(tx).execute(delete(addresses).where(addresses.c.id == address_id))
        return found
