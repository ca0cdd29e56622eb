"""Sanctions screening against the operator's file, read again when it changes."""

import asyncio
import hashlib
from pathlib import Path

import structlog
from msgspec import Struct

from hydradesk.accounts.contracts import Hit
from hydradesk.accounts.domain import screening
from hydradesk.kernel.errors import Invalid, Unavailable

EVERY_S = 60.0
MAX_BYTES = 256 * 1024 * 1024

log = structlog.get_logger("screening")


class _List(Struct, frozen=True):
    """A list that was read: by address, by exact words, and by one word of each longer entry."""

    label: str
    mark: tuple[int, int]
    addresses: dict[str, str]
    exact: dict[tuple[str, ...], tuple[str, str]]
    by_word: dict[str, list[tuple[tuple[str, ...], str, str]]]


class ListScreening:
    """Answers contracts.Screening. Without a file nothing is ever found."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._list: _List | None = None

    def check(self, *, name: str | None = None, address: str | None = None) -> Hit | None:
        """Return the first match of a person's name, or of a wallet's address."""
        known = self._list
        if known is None:
            return None
        if address is not None:
            entry = known.addresses.get(screening.address_key(address))
            if entry is not None:
                return Hit(entry=entry, matched="address", list=known.label)
        return None if name is None else _named(known, screening.words(name))

    async def load(self) -> None:
        """Read the file when it is new or changed; Unavailable when it cannot be used."""
        if self._file is None:
            return
        mark = await asyncio.to_thread(_mark, self._file)
        if self._list is None or self._list.mark != mark:
            self._list = await asyncio.to_thread(_read, self._file, mark)
            log.info("sanctions_list.read", list=self._list.label)

    async def run(self) -> None:
        """Look at the file once a minute until cancelled; a bad one leaves the one before."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.load()
            except Unavailable as error:
                log.critical("sanctions_list_broken", reason=str(error))


def _mark(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError as error:
        raise _unusable(file, error.strerror or "it cannot be read") from error
    return found.st_mtime_ns, found.st_size


def _read(file: Path, mark: tuple[int, int]) -> _List:
    if mark[1] > MAX_BYTES:
        raise _unusable(file, f"it has more than {MAX_BYTES} bytes")
    try:
        raw = file.read_bytes()
        found = screening.entries(raw.decode("utf-8-sig"), as_csv=file.suffix.lower() == ".csv")
    except (OSError, UnicodeDecodeError, Invalid) as error:
        raise _unusable(file, str(error)) from error
    made = _List(f"{file.name} {hashlib.sha256(raw).hexdigest()[:8]}", mark, {}, {}, {})
    for entry in found:
        for address in entry.addresses:
            made.addresses[screening.address_key(address)] = entry.name
        for place, name in enumerate((entry.name, *entry.aliases)):
            parts, how = screening.words(name), "alias" if place else "name"
            if parts:
                made.exact.setdefault(parts, (entry.name, how))
            if len(parts) >= 2:
                rare = max(parts, key=len)
                made.by_word.setdefault(rare, []).append((parts, entry.name, how))
    return made


def _named(known: _List, name: tuple[str, ...]) -> Hit | None:
    same = known.exact.get(name)
    if same is not None:
        return Hit(entry=same[0], matched=same[1], list=known.label)
    for word in name:
        for parts, entry, how in known.by_word.get(word, ()):
            if screening.holds(name, parts):
                return Hit(entry=entry, matched=how, list=known.label)
    return None


def _unusable(file: Path, why: str) -> Unavailable:
    return Unavailable(
        f"the sanctions list {file.name} cannot be used: {why}",
        field="sanctions_list",
        fix="see docs/kyc.md, or unset HYDRADESK_SANCTIONS_LIST",
    )
