"""Key-encryption keys on this machine: in a file of 0600, or in the environment."""

import asyncio
import contextlib
import fcntl
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from hydradesk.accounts.contracts import Secret
from hydradesk.accounts.domain import sealing
from hydradesk.kernel.errors import Unavailable

FILE = "kek.json"
"""In the data folder. Whoever has it and the database has every secret; back it up elsewhere."""
OWNER_ONLY = 0o600


class Keys(Struct, forbid_unknown_fields=True):
    """What is in the file."""

    current: str
    keys: dict[str, str]
    """By name, base64url."""


class EnvironmentKek:
    """A key that is handed to the process.

    Args:
        text: 32 bytes in base64.
        name: which setting it came from.
    """

    def __init__(self, text: str, name: str, random: Callable[[int], bytes]) -> None:
        key = sealing.key_of(text, name)
        self._cipher, self._random = AESGCM(key), random
        self._name = "env:" + hashlib.sha256(b"hydradesk kek " + key).hexdigest()[:16]

    def knows(self, wrapper: str) -> bool:
        """Whether it is this key's name."""
        return wrapper == self._name

    async def wrap(self, data_key: Secret, name: str) -> tuple[str, str]:
        """Return our name and the wrapped key."""
        return self._name, _wrap(self._cipher, data_key, name, self._random)

    async def unwrap(self, wrapper: str, wrapped: str, name: str) -> Secret:
        """Return the data key."""
        return _unwrap(self._cipher, wrapped, name)


class FileKek:
    """Keys in a file that only its owner may read; made when it is first needed."""

    def __init__(self, folder: Path, random: Callable[[int], bytes]) -> None:
        self._file, self._random = folder / FILE, random

    def knows(self, wrapper: str) -> bool:
        """Whether it is a name of a file's key."""
        return wrapper.startswith("file:")

    async def wrap(self, data_key: Secret, name: str) -> tuple[str, str]:
        """Wrap with the current key."""
        return await asyncio.to_thread(self._wrap, data_key, name)

    async def unwrap(self, wrapper: str, wrapped: str, name: str) -> Secret:
        """Return the data key; reads the file anew, which another process may have changed."""
        return await asyncio.to_thread(self._unwrap, wrapper, wrapped, name)

    def check(self) -> None:
        """Refuse a file that others may read; raises Unavailable. No file yet is right."""
        if self._file.exists():
            self._read()

    def begin(self) -> None:
        """Wrap with a new key from now on; the earlier ones stay until `finish`."""
        with self._locked():
            keys = self._read() if self._file.exists() else Keys("", {})
            keys.current = sealing.encode(self._random(9))
            keys.keys[keys.current] = sealing.encode(self._random(sealing.KEY_BYTES))
            self._write(keys)

    def finish(self) -> None:
        """Forget every key but the current one: all data keys are wrapped with it."""
        with self._locked():
            keys = self._read()
            keys.keys = {keys.current: keys.keys[keys.current]}
            self._write(keys)

    def _wrap(self, data_key: Secret, name: str) -> tuple[str, str]:
        with self._locked():
            if not self._file.exists():
                first = sealing.encode(self._random(9))
                self._write(Keys(first, {first: sealing.encode(self._random(32))}))
            keys = self._read()
        cipher = AESGCM(sealing.decode(keys.keys[keys.current]))
        return f"file:{keys.current}", _wrap(cipher, data_key, name, self._random)

    def _unwrap(self, wrapper: str, wrapped: str, name: str) -> Secret:
        key = self._read().keys.get(wrapper.removeprefix("file:"))
        if key is None:
            raise Unavailable(
                f"{self._file} lacks the key that wrapped this desk's data keys",
                fix="restore the file that belongs to this database",
            )
        return _unwrap(AESGCM(sealing.decode(key)), wrapped, name)

    def _read(self) -> Keys:
        try:
            with self._file.open("rb") as file:
                mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
                body = file.read()
        except OSError as error:
            raise Unavailable(
                f"the key file {self._file} cannot be read: {error.strerror}",
                fix="restore the file that belongs to this database",
            ) from error
        if mode & 0o077:
            raise Unavailable(
                f"others may read the key file {self._file} (mode {mode:04o})",
                fix=f"chmod 600 {self._file}, and rotate the keys: somebody may have read it",
            )
        try:
            keys = msgspec.json.decode(body, type=Keys)
            for text in keys.keys.values():
                sealing.key_of(text, FILE)
            keys.keys[keys.current]
        except (msgspec.MsgspecError, KeyError) as error:
            raise Unavailable(f"the key file {self._file} is damaged", fix="restore it") from error
        return keys

    def _write(self, keys: Keys) -> None:
        """Replace the file, whole or not at all."""
        part = self._file.with_name(FILE + ".part")
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(keys))
            file.flush()
            os.fsync(file.fileno())
        part.rename(self._file)
        folder = os.open(self._file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with self._file.with_name("kek.lock").open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _wrap(cipher: AESGCM, data_key: Secret, name: str, random: Callable[[int], bytes]) -> str:
    nonce = random(sealing.NONCE_BYTES)
    return sealing.encode(nonce + cipher.encrypt(nonce, data_key.reveal(), name.encode()))


def _unwrap(cipher: AESGCM, wrapped: str, name: str) -> Secret:
    try:
        data = sealing.decode(wrapped)
        nonce, text = data[: sealing.NONCE_BYTES], data[sealing.NONCE_BYTES :]
        return Secret(cipher.decrypt(nonce, text, name.encode()))
    except (ValueError, InvalidTag) as error:
        raise Unavailable("a wrapped data key was changed, or belongs elsewhere") from error
