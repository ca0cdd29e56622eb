"""Keys of exchanges, sealed: shown masked, opened only to call the exchange."""

import msgspec
from msgspec import Struct

from hydradesk.accounts.contracts import Action, Audit, Secret, Vault
from hydradesk.accounts.contracts.keys import VenueKey
from hydradesk.accounts.domain.keys import venue_place
from hydradesk.accounts.ports.sessions import VenueKeyBook
from hydradesk.accounts.service.means import Means
from hydradesk.kernel.errors import Conflict, NotFound
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.tx import Tx

MOST = 20
"""Venue keys of one person."""


class VenueBooks(Struct, frozen=True):
    """Where keys are kept, secrets sealed, and what is done recorded."""

    keys: VenueKeyBook
    vault: Vault
    audit: Audit


class VenueKeys:
    """Keeps a person's keys of exchanges."""

    def __init__(self, means: Means, books: VenueBooks) -> None:
        self._db, self._reads, self._books = means.db, means.reads, books
        self._clock, self._ids = means.clock, means.ids

    async def add(
        self, person: PersonId, venue: str, label: str, credentials: dict[str, Secret]
    ) -> VenueKey:
        """Seal and keep a key; `credentials` has api_key, api_secret and maybe passphrase."""
        name = f"vk-{self._ids.new()}"
        plain = Secret(msgspec.json.encode({k: one.text() for k, one in credentials.items()}))
        async with self._db.begin() as tx:
            if len(await self._books.keys.of_person(tx, person)) >= MOST:
                raise Conflict(f"at most {MOST} venue keys", fix="delete one first")
            key = VenueKey(
                id=name,
                person=person,
                venue=venue,
                label=label,
                hint=hint(credentials["api_key"]),
                sealed=await self._books.vault.seal(tx, plain, venue_place(name)),
                created_at=self._clock.now(),
            )
            await self._books.keys.add(tx, key)
            await self._record(tx, key, "venue_key.added")
        return key

    async def of_person(self, person: PersonId) -> list[VenueKey]:
        """Return a person's keys, oldest first; nothing in them is secret."""
        async with self._reads.begin(person) as tx:
            return await self._books.keys.of_person(tx, person)

    async def opened(self, tx: Tx, person: PersonId, key: str) -> dict[str, Secret]:
        """Return the credentials, for the moment of a call to the exchange."""
        known = await self._books.keys.get(tx, person, key)
        plain = await self._books.vault.open(tx, known.sealed, venue_place(known.id))
        said = msgspec.json.decode(plain.reveal(), type=dict[str, str])
        return {name: Secret(one) for name, one in said.items()}

    async def remove(self, person: PersonId, key: str) -> None:
        """Forget a key; raises NotFound."""
        async with self._db.begin() as tx:
            known = await self._books.keys.get(tx, person, key)
            if not await self._books.keys.remove(tx, person, key):
                raise NotFound(f"venue key {key}")
            await self._record(tx, known, "venue_key.removed")

    async def _record(self, tx: Tx, key: VenueKey, what: str) -> None:
        after: dict[str, str | int | bool | None] = {"venue": key.venue}
        action = Action(chain=key.person, action=what, target=key.id, after=after)
        await self._books.audit.record(tx, action)


def hint(secret: Secret) -> str:
    """Return what tells one key from another and gives nothing away."""
    text = secret.text()
    return text[-4:] if len(text) >= 16 else ""
