"""Seals single fields with AES-256-GCM under data keys that a key-encryption key wraps."""

from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from hydradesk.accounts.contracts import Secret
from hydradesk.accounts.domain import sealing
from hydradesk.accounts.domain.sealing import BadSeal, Sealed
from hydradesk.accounts.ports.secrets import DataKey, DataKeyBook, KeyWrapper, SealedPlaces
from hydradesk.accounts.service.means import Means
from hydradesk.kernel.errors import Unavailable
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx

RESEALED_AT_ONCE = 100


class Rotated(Struct, frozen=True, kw_only=True):
    """What a rotation did."""

    rewrapped: int
    """Data keys that the present key-encryption key wraps now."""
    data_key: str | None
    """The new data key, if there is one."""


class Vault:
    """Answers contracts.Vault. Opened data keys stay in memory, and nowhere else.

    Args:
        means: transactions, clock, randomness.
        keys: where wrapped data keys are kept.
        wrapper: wraps new data keys.
        others: earlier key-encryption keys, which still unwrap.
    """

    def __init__(
        self, means: Means, keys: DataKeyBook, wrapper: KeyWrapper, others: Sequence[KeyWrapper]
    ) -> None:
        self._db, self._clock, self._random = means.db, means.clock, means.random
        self._keys, self._wrapper, self._others = keys, wrapper, others
        self._open: dict[str, AESGCM] = {}

    async def seal(self, tx: Tx, secret: Secret, place: str) -> str:
        """Return the sealed text to store."""
        key = await self._current(tx)
        nonce = self._random(sealing.NONCE_BYTES)
        cipher = await self._cipher(key)
        text = cipher.encrypt(nonce, secret.reveal(), sealing.bound(place, key.id))
        return sealing.write(Sealed(key.id, nonce, text))

    async def open(self, tx: Tx, sealed: str, place: str) -> Secret:
        """Return the secret; raises Unavailable without its key, BadSeal when it was changed."""
        parts = sealing.read(sealed)
        cipher = self._open.get(parts.key)
        if cipher is None:
            key = await self._keys.get(tx, parts.key)
            if key is None:
                raise Unavailable("the data key of a sealed field is not there")
            cipher = await self._cipher(key)
        try:
            aad = sealing.bound(place, parts.key)
            return Secret(cipher.decrypt(parts.nonce, parts.ciphertext, aad))
        except InvalidTag as error:
            raise BadSeal("a sealed field was changed, or belongs elsewhere") from error

    async def start(self) -> None:
        """Make the first data key, and make sure that we can open the newest."""
        async with self._db.begin() as tx:
            await self._cipher(await self._current(tx))

    async def rotate(self, *, data_key: bool) -> Rotated:
        """Wrap every data key with the present key-encryption key; maybe begin a new data key.

        A running desk goes on: it has opened the keys already, and reads new ones as it meets
        them.
        """
        async with self._db.begin() as tx:
            await self._keys.lock(tx)
            known = await self._keys.every(tx)
            for key in known:
                plain = await self._unwrapped(key)
                wrapper, wrapped = await self._wrapper.wrap(plain, key.id)
                await self._keys.rewrap(
                    tx,
                    DataKey(id=key.id, wrapper=wrapper, wrapped=wrapped, created_at=key.created_at),
                )
            latest = max((key.created_at for key in known), default=0)
            new = await self._made(tx, latest + 1) if data_key or not known else None
        return Rotated(rewrapped=len(known), data_key=None if new is None else new.id)

    async def reseal(self, places: SealedPlaces) -> int:
        """Seal anew what older data keys seal; returns how many fields."""
        done = 0
        while True:
            async with self._db.begin() as tx:
                newest = await self._current(tx)
                old = await places.sealed_otherwise(tx, newest.id, RESEALED_AT_ONCE)
                for place, sealed in old:
                    secret = await self.open(tx, sealed, place)
                    await places.reseal(tx, place, await self.seal(tx, secret, place))
            done += len(old)
            if len(old) < RESEALED_AT_ONCE:
                return done

    async def _current(self, tx: Tx) -> DataKey:
        newest = await self._keys.newest(tx)
        if newest is None:
            await self._keys.lock(tx)  # somebody else may be making it
            newest = await self._keys.newest(tx) or await self._made(tx)
        return newest

    async def _made(self, tx: Tx, least: int = 0) -> DataKey:
        """Add a key that is newer than any, also when the clock was set back."""
        name = sealing.encode(self._random(9))
        plain = Secret(self._random(sealing.KEY_BYTES))
        wrapper, wrapped = await self._wrapper.wrap(plain, name)
        at = TimeNs(max(self._clock.now(), least))
        key = DataKey(id=name, wrapper=wrapper, wrapped=wrapped, created_at=at)
        await self._keys.add(tx, key)
        return key

    async def _cipher(self, key: DataKey) -> AESGCM:
        known = self._open.get(key.id)
        if known is None:
            known = AESGCM((await self._unwrapped(key)).reveal())
            self._open[key.id] = known
        return known

    async def _unwrapped(self, key: DataKey) -> Secret:
        for one in (self._wrapper, *self._others):
            if one.knows(key.wrapper):
                return await one.unwrap(key.wrapper, key.wrapped, key.id)
        raise Unavailable(
            f"the data key {key.id} is wrapped by {key.wrapper.partition(':')[0]}, "
            "which this desk is not set up for",
            fix="set HYDRADESK_KEK_SOURCE and its key as they were, or restore the key file",
        )
