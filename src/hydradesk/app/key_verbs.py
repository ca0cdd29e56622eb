"""`hydradesk keys create` and `hydradesk keys rotate`."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import get_args

import msgspec
import typer
from msgspec import Struct

from hydradesk.accounts.contracts import DESK_CHAIN, Action, KeyScope, Person
from hydradesk.accounts.contracts.keys import KeyKind
from hydradesk.accounts.service.keys import Wish
from hydradesk.accounts.service.means import Means
from hydradesk.accounts.store.audit import AuditStore
from hydradesk.accounts.store.people import PeopleStore
from hydradesk.accounts.store.wrapping import FileKek
from hydradesk.app.database import attached
from hydradesk.app.keyring import Keyring
from hydradesk.app.settings import Settings
from hydradesk.app.verbs import prepare
from hydradesk.infra.clock import RandomIds, SystemClock
from hydradesk.infra.db import Database
from hydradesk.infra.origin import ORIGIN, Origin
from hydradesk.infra.shared import MemoryShared
from hydradesk.infra.valkey import RedisShared
from hydradesk.kernel.errors import Invalid, NotFound
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.tx import Tx


class Asked(Struct, frozen=True, kw_only=True):
    """The API key asked for on the command line."""

    person: str
    name: str
    kind: str
    kinds: str
    public_key: str | None = None


class Made(Struct, frozen=True, kw_only=True):
    """What a new key is, with --json."""

    id: str
    kind: str
    kinds: tuple[str, ...]
    secret: str | None


class Turned(Struct, frozen=True, kw_only=True):
    """What a rotation did, with --json."""

    rewrapped: int
    data_key: str | None
    signing_key: str | None


class _Desk:
    """The keyring of a data folder, without a desk around it."""

    def __init__(self, settings: Settings, db: Database) -> None:
        clock, random = SystemClock(), secrets.token_bytes
        shared = RedisShared(settings.redis) if settings.redis else MemoryShared(clock)
        self.db, self.shared, self.people = db, shared, PeopleStore()
        self.audit = AuditStore(clock, clock, random)
        means = Means(db, db, clock, random, RandomIds())
        self.keyring = Keyring(settings, means, self.people, self.audit, shared)


@asynccontextmanager
async def _opened(settings: Settings, url: str) -> AsyncIterator[_Desk]:
    db = Database(url, "system", pool=2)
    desk = _Desk(settings, db)
    ORIGIN.set(Origin(actor="cli", via="cli"))
    try:
        yield desk
    finally:
        await desk.shared.close()
        await db.close()


def create(settings: Settings, asked: Asked, *, as_json: bool) -> None:
    """Make an API key for a person (id or e-mail address) and show it once."""
    wish = _wish(asked)
    with attached(settings) as found:
        prepare(found)
        made = asyncio.run(_create(settings, found.url, asked.person, wish))
    if as_json:
        typer.echo(msgspec.json.encode(made).decode())
        return
    typer.echo(f"{made.id}  {made.kind}  {' '.join(made.kinds)}")
    if made.secret is not None:
        typer.echo(f"secret, shown this once: {made.secret}")


async def _create(settings: Settings, url: str, person: str, wish: Wish) -> Made:
    async with _opened(settings, url) as desk, desk.db.begin() as tx:
        owner = await _owner(desk.people, tx, person)
        key, secret = await desk.keyring.keys.make(tx, owner, wish)
    shown = None if secret is None else secret.text()
    return Made(id=key.id, kind=key.kind, kinds=key.kinds, secret=shown)


def rotate(settings: Settings, *, data_key: bool, signing: bool, as_json: bool) -> None:
    """Change the key-encryption key, or with `signing` the key that signs access tokens."""
    with attached(settings) as found:
        prepare(found)
        done = asyncio.run(_rotate(settings, found.url, data_key=data_key, signing=signing))
    if as_json:
        typer.echo(msgspec.json.encode(done).decode())
    elif done.signing_key is not None:
        typer.echo(f"{done.signing_key} signs access tokens from now on")
    else:
        new = f", new fields are sealed with {done.data_key}" if done.data_key else ""
        typer.echo(f"{done.rewrapped} data keys wrapped anew{new}")


async def _rotate(settings: Settings, url: str, *, data_key: bool, signing: bool) -> Turned:
    async with _opened(settings, url) as desk:
        if signing:
            await desk.keyring.start()
            kid = await desk.keyring.tokens.rotate(now=True)
            await _record(desk, "keys.signing_rotated", kid or "")
            return Turned(rewrapped=0, data_key=None, signing_key=kid)
        file = FileKek(settings.data_dir, secrets.token_bytes)
        on_file = settings.kek_source == "file"
        if on_file:
            await asyncio.to_thread(file.begin)
        done = await desk.keyring.vault.rotate(data_key=data_key)
        if on_file:
            await asyncio.to_thread(file.finish)
        await _record(desk, "keys.sealing_rotated", done.data_key or "")
        return Turned(rewrapped=done.rewrapped, data_key=done.data_key, signing_key=None)


async def _record(desk: _Desk, what: str, key: str) -> None:
    async with desk.db.begin() as tx:
        await desk.audit.record(tx, Action(chain=DESK_CHAIN, action=what, target=key))


async def _owner(people: PeopleStore, tx: Tx, named: str) -> Person:
    if "@" in named:
        found = await people.by_email(tx, named)
        if found is None:
            raise NotFound("nobody here has this e-mail address", fix="name a person's id")
        return await people.locked(tx, found.id)
    return await people.locked(tx, PersonId(named))


def _wish(asked: Asked) -> Wish:
    kinds = tuple(asked.kinds.replace(",", " ").split())
    try:
        kind = msgspec.convert(asked.kind, KeyKind)
        scopes = msgspec.convert(kinds, tuple[KeyScope, ...])
    except msgspec.ValidationError as error:
        known = f"--kind {'|'.join(get_args(KeyKind))}, --for {','.join(get_args(KeyScope))}"
        raise Invalid("no such kind of key", field="--kind, --for", fix=f"use {known}") from error
    return Wish(name=asked.name, kind=kind, kinds=scopes, public_key=asked.public_key)
