"""API keys: made by a person at the page, used by programs, shown once."""

import hashlib

from msgspec import Struct

from hydradesk.accounts.contracts import (
    ENTITLEMENTS,
    Action,
    Audit,
    KeyScope,
    Person,
    Secret,
    Vault,
)
from hydradesk.accounts.contracts.keys import ApiKey, KeyKind
from hydradesk.accounts.domain.keys import PREFIX, key_place, networks, public_key_of
from hydradesk.accounts.domain.sealing import encode
from hydradesk.accounts.ports.sessions import KeyBook
from hydradesk.accounts.service.endings import Endings
from hydradesk.accounts.service.means import Means
from hydradesk.kernel.errors import Forbidden, Invalid, NotFound
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx

HMAC_PREFIX = "hds_"
"""How such a secret begins: scanners of leaked ones know it by this."""


class Wish(Struct, frozen=True, kw_only=True):
    """What key a person wants."""

    name: str
    kind: KeyKind
    kinds: tuple[KeyScope, ...]
    ips: tuple[str, ...] = ()
    expires_at: TimeNs | None = None
    public_key: str | None = None


class KeyBooks(Struct, frozen=True):
    """Where keys are kept, secrets sealed, and what is done recorded."""

    keys: KeyBook
    vault: Vault
    audit: Audit


class KeyService:
    """Makes, lists and deletes API keys."""

    def __init__(self, means: Means, books: KeyBooks, endings: Endings) -> None:
        self._db, self._reads = means.db, means.reads
        self._clock, self._random = means.clock, means.random
        self._books, self._endings = books, endings

    async def make(self, tx: Tx, person: Person, wish: Wish) -> tuple[ApiKey, Secret | None]:
        """Make a key; returns it and what is shown once (nothing for a public key).

        `person` must be locked by the caller: the number of keys is limited.
        """
        self._require(person, wish)
        most = ENTITLEMENTS[person.role].api_keys
        if len(await self._books.keys.of_person(tx, person.id)) >= most:
            raise Forbidden(
                f"your membership includes {most} API keys", field="name", fix="delete one first"
            )
        name = PREFIX + self._random(8).hex()
        shown: Secret | None = None
        digest, sealed, public = None, None, None
        if wish.kind == "bearer":
            secret = encode(self._random(32))
            shown = Secret(f"{name}_{secret}")
            digest = hashlib.sha256(secret.encode()).hexdigest()
        elif wish.kind == "hmac":
            shown = Secret(HMAC_PREFIX + encode(self._random(32)))
            sealed = await self._books.vault.seal(tx, shown, key_place(name))
        else:
            public = public_key_of(wish.public_key or "")
        key = ApiKey(
            id=name,
            person=person.id,
            name=wish.name,
            kind=wish.kind,
            kinds=wish.kinds,
            ips=networks(list(wish.ips)),
            digest=digest,
            sealed=sealed,
            public_key=public,
            created_at=self._clock.now(),
            expires_at=wish.expires_at,
        )
        await self._books.keys.add(tx, key)
        await self._record(tx, key, "api_key.created")
        return key, shown

    async def of_person(self, person: PersonId) -> list[tuple[ApiKey, TimeNs | None]]:
        """Return a person's keys and when each was last used, oldest first."""
        async with self._reads.begin(person) as tx:
            return await self._books.keys.of_person(tx, person)

    async def delete(self, person: PersonId, key: str) -> None:
        """Delete a key: refused from the commit on. Raises NotFound."""
        async with self._db.begin() as tx:
            known = {one.id: one for one, _ in await self._books.keys.of_person(tx, person)}
            if key not in known or not await self._books.keys.remove(tx, person, key):
                raise NotFound(f"API key {key}")
            await self._record(tx, known[key], "api_key.deleted")
            self._endings.of(tx, person, key)

    async def delete_all(self, tx: Tx, person: PersonId, reason: str) -> int:
        """Delete every key of a person: for an erasure, or after a leak."""
        known = await self._books.keys.of_person(tx, person)
        for key, _ in known:
            await self._books.keys.remove(tx, person, key.id)
            await self._record(tx, key, "api_key.deleted", reason)
        self._endings.of(tx, person)
        return len(known)

    def _require(self, person: Person, wish: Wish) -> None:
        if not wish.kinds or len(set(wish.kinds)) != len(wish.kinds):
            raise Invalid("a key is for something, once", field="kinds", fix='send ["read"]')
        if "admin" in wish.kinds and person.role not in ("admin", "support"):
            raise Forbidden("only support and administrators make such keys", field="kinds")
        if wish.expires_at is not None and wish.expires_at <= self._clock.now():
            raise Invalid("the key would have expired already", field="expires_at", fix="a later")
        if (wish.public_key is not None) != (wish.kind == "ed25519"):
            raise Invalid(
                "a public key comes with kind ed25519, and only with it",
                field="public_key",
                fix="send both or neither",
            )

    async def _record(self, tx: Tx, key: ApiKey, what: str, reason: str = "") -> None:
        said: dict[str, str | int | bool | None] = {
            "kind": key.kind,
            "kinds": " ".join(key.kinds),
            "limited_to_networks": len(key.ips),
        }
        if reason:
            said["reason"] = reason
        after = said if what == "api_key.created" else {}
        before = {} if what == "api_key.created" else said
        action = Action(chain=key.person, action=what, target=key.id, before=before, after=after)
        await self._books.audit.record(tx, action)
