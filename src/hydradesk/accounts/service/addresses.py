"""Keeps people's lists of addresses; a new one has to wait before it may be used."""

from msgspec import Struct

from hydradesk.accounts.contracts import Action, Audit, Screening
from hydradesk.accounts.contracts.addresses import Address, Addresses
from hydradesk.accounts.domain.addresses import checked
from hydradesk.kernel.errors import Conflict, Forbidden, Limited
from hydradesk.kernel.ids import IdSource, PersonId
from hydradesk.kernel.time import Clock, TimeNs
from hydradesk.kernel.tx import Transactions, Tx

MOST = 50
"""Addresses one person may have."""


class Screened(Forbidden):
    """The address is on a sanctions list (HTTP 403)."""

    code = "address_refused"


class Shelf(Struct, frozen=True):
    """Where addresses are kept, checked and noted."""

    addresses: Addresses
    screening: Screening
    audit: Audit
    clock: Clock
    ids: IdSource


class AddressService:
    """One person's list at a time."""

    def __init__(self, db: Transactions, reads: Transactions, shelf: Shelf, delay_ns: int) -> None:
        self._db, self._reads, self._shelf, self._delay_ns = db, reads, shelf, delay_ns

    async def of(self, person: PersonId) -> list[Address]:
        """Return a person's addresses, oldest first."""
        async with self._reads.begin(person) as tx:
            return await self._shelf.addresses.of(tx, person)

    async def add(self, person: PersonId, asset: str, text: str, label: str) -> Address:
        """Put an address on the list; it may be used after the delay."""
        now = self._shelf.clock.now()
        new = Address(
            id=f"ad-{self._shelf.ids.new()}",
            person=person,
            asset=asset,
            address=checked(asset, text),
            label=label,
            added_at=now,
            usable_at=TimeNs(now + self._delay_ns),
        )
        hit = self._shelf.screening.check(address=new.address)
        async with self._db.begin() as tx:
            if hit is None and len(await self._shelf.addresses.of(tx, person)) >= MOST:
                raise Limited(f"at most {MOST} addresses", fix="remove one first")
            if hit is None and not await self._shelf.addresses.add(tx, new):
                raise Conflict("this address is on the list already", field="address")
            await self._note(tx, new, "address.added", ok=hit is None)
        if hit is not None:
            raise Screened("this address cannot be used", field="address", fix="use another")
        return new

    async def remove(self, person: PersonId, address_id: str) -> None:
        """Take an address off the list; what was asked for before is not affected."""
        async with self._db.begin() as tx:
            gone = await self._shelf.addresses.remove(tx, person, address_id)
            await self._note(tx, gone, "address.removed", ok=True)

    async def _note(self, tx: Tx, address: Address, done: str, *, ok: bool) -> None:
        told = Action(
            chain=address.person,
            action=done,
            target=address.id,
            after={"asset": address.asset},
            personal={"address": address.address},
            ok=ok,
        )
        await self._shelf.audit.record(tx, told)
