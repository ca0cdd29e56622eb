"""Sealed fields: what opens them, what does not, and how their keys are changed under way."""

import asyncio
import base64
import json
import secrets
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from hydradesk.accounts.contracts import Secret
from hydradesk.accounts.domain import sealing
from hydradesk.accounts.domain.sealing import BadSeal, key_of, require_strong
from hydradesk.accounts.service.keys import Wish
from hydradesk.accounts.store.wrapping import FILE, FileKek
from hydradesk.infra.db import Database, sql
from hydradesk.kernel.errors import Invalid, Unavailable
from tests.accounts.sessions.ring import Ring, rows

SEED = Secret(b"a seed nobody may see")


def strong() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


async def seal(ring: Ring, place: str = "totp:p-1") -> str:
    async with ring.db.begin() as tx:
        return await ring.vault.seal(tx, SEED, place)


async def opened(ring: Ring, sealed: str, place: str = "totp:p-1") -> bytes:
    async with ring.db.begin() as tx:
        return (await ring.vault.open(tx, sealed, place)).reveal()


def again(ring: Ring, folder: Path, **settings: object) -> Ring:
    """The desk after a restart: it has opened no keys yet."""
    return Ring(ring.db, ring.app, folder, clock=ring.clock, **settings)  # type: ignore[arg-type]


async def test_what_was_sealed_opens_where_it_was_sealed(ring: Ring, tmp_path: Path) -> None:
    first, second = await seal(ring), await seal(ring)
    assert first != second and b"seed" not in first.encode()
    version, key, nonce, _ = first.split(".")
    assert version == "v1" and len(sealing.decode(nonce)) == 12
    assert await opened(ring, first) == await opened(ring, second) == SEED.reveal()
    assert await opened(again(ring, tmp_path), first) == SEED.reveal()
    async with ring.db.begin() as tx:
        (stored,) = await rows(tx, "accounts_data_keys")
    assert stored["id"] == key and stored["wrapper"].startswith("file:")


async def test_it_opens_nowhere_else_and_not_when_changed(ring: Ring) -> None:
    sealed = await seal(ring)
    with pytest.raises(BadSeal):
        await opened(ring, sealed, "totp:p-2")
    version, key, nonce, body = sealed.split(".")
    data = bytearray(sealing.decode(body))
    data[0] ^= 1
    cut = sealing.encode(bytes(data[:-1]))
    for wrong in (
        f"{version}.{key}.{nonce}.{sealing.encode(bytes(data))}",
        f"{version}.{key}.{nonce}.{cut}",
        f"{version}.{key}.{sealing.encode(bytes(12))}.{body}",
        f"v2.{key}.{nonce}.{body}",
        f"{version}.{key}.{nonce}.{body}=",
        f"{version}.{key}.{nonce}",
        f"{sealed}.x",
        "",
        "v1...",
    ):
        with pytest.raises(BadSeal):
            await opened(ring, wrong)
    with pytest.raises(Unavailable):
        await opened(ring, f"{version}.unknown.{nonce}.{body}")


async def test_the_key_file_is_its_owners_alone(ring: Ring, tmp_path: Path) -> None:
    await seal(ring)
    file = tmp_path / FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for mode in (0o640, 0o604, 0o666, 0o610):
        file.chmod(mode)
        with pytest.raises(Unavailable, match="others may read"):
            again(ring, tmp_path)
    file.chmod(0o600)
    again(ring, tmp_path)


async def test_without_its_key_file_a_desk_does_not_start(ring: Ring, tmp_path: Path) -> None:
    await seal(ring)
    (tmp_path / FILE).rename(tmp_path / "aside")
    with pytest.raises(Unavailable, match=r"kek\.json"):
        await again(ring, tmp_path).keyring.start()
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    FileKek(foreign, secrets.token_bytes).begin()
    with pytest.raises(Unavailable, match="lacks the key"):
        await again(ring, foreign).keyring.start()
    (tmp_path / FILE).write_text("{}")
    (tmp_path / FILE).chmod(0o600)
    with pytest.raises(Unavailable, match="damaged"):
        again(ring, tmp_path)


@pytest.mark.parametrize(
    "weak",
    ["", "secret", "changeme", "AAAA", "A" * 43, base64.b64encode(b"changeme" * 4).decode(), "ä"],
)
async def test_a_weak_key_is_refused_at_startup(
    db: Database, app_db: Database, tmp_path: Path, weak: str
) -> None:
    with pytest.raises(Invalid) as refused:
        Ring(db, app_db, tmp_path, kek_source="env", kek=SecretStr(weak))
    assert refused.value.field == "kek" and (not weak or weak not in str(refused.value))


async def test_env_without_a_key_is_refused(db: Database, app_db: Database, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no HYDRADESK_KEK"):
        Ring(db, app_db, tmp_path, kek_source="env")


@pytest.mark.parametrize("weak", ["", "secret", "changeme", " ChangeMe ", "short", "a" * 40])
def test_weak_shared_secrets_are_refused(weak: str) -> None:
    with pytest.raises(Invalid):
        require_strong(weak, "whop_secret")
    require_strong(strong(), "whop_secret")
    assert len(key_of(strong(), "kek")) == 32


async def test_a_rotation_goes_on_under_a_running_desk(ring: Ring, tmp_path: Path) -> None:
    old = await seal(ring)
    file = FileKek(tmp_path, secrets.token_bytes)
    before = json.loads((tmp_path / FILE).read_text())["keys"]
    # what `hydradesk keys rotate --data-key` does, in another process
    other = again(ring, tmp_path)
    file.begin()
    during = json.loads((tmp_path / FILE).read_text())["keys"]
    assert before.items() < during.items(), "the old key stays until it is done"
    done = await other.vault.rotate(data_key=True)
    assert done.rewrapped == 1 and done.data_key is not None
    file.finish()
    after = json.loads((tmp_path / FILE).read_text())["keys"]
    assert not before.keys() & after.keys() and len(after) == 1
    assert await opened(ring, old) == SEED.reveal()
    new = await seal(ring)
    assert new.split(".")[1] == done.data_key, "the running desk seals with the new key at once"
    fresh = again(ring, tmp_path)
    assert await opened(fresh, old) == await opened(fresh, new) == SEED.reveal()


async def test_an_interrupted_rotation_loses_nothing(ring: Ring, tmp_path: Path) -> None:
    sealed = await seal(ring)
    file = FileKek(tmp_path, secrets.token_bytes)
    file.begin()  # killed here: nothing is wrapped anew yet
    assert await opened(again(ring, tmp_path), sealed) == SEED.reveal()
    await again(ring, tmp_path).vault.rotate(data_key=False)  # and here: the file has both
    assert await opened(again(ring, tmp_path), sealed) == SEED.reveal()
    file.begin()
    await again(ring, tmp_path).vault.rotate(data_key=False)
    file.finish()
    assert await opened(again(ring, tmp_path), sealed) == SEED.reveal()


async def test_from_the_file_to_the_environment_and_on(ring: Ring, tmp_path: Path) -> None:
    sealed = await seal(ring)
    one, two = SecretStr(strong()), SecretStr(strong())
    moving = again(ring, tmp_path, kek_source="env", kek=one)
    assert await opened(moving, sealed) == SEED.reveal()
    await moving.vault.rotate(data_key=False)
    (tmp_path / FILE).unlink()
    assert await opened(again(ring, tmp_path, kek_source="env", kek=one), sealed) == SEED.reveal()
    next_one = again(ring, tmp_path, kek_source="env", kek=two, kek_old=one)
    await next_one.vault.rotate(data_key=False)
    assert await opened(again(ring, tmp_path, kek_source="env", kek=two), sealed) == SEED.reveal()
    with pytest.raises(Unavailable, match="not set up for"):
        await opened(again(ring, tmp_path, kek_source="env", kek=one), sealed)


async def test_fields_are_sealed_anew_after_a_rotation(ring: Ring, tmp_path: Path) -> None:
    alice = await ring.person(role="pro")
    wish = Wish(name="bot", kind="hmac", kinds=("read",))
    async with ring.db.begin() as tx:
        made = [await ring.keys.make(tx, alice, wish) for _ in range(3)]
    assert await ring.vault.reseal(ring.keyring.key_store) == 0
    new = (await ring.vault.rotate(data_key=True)).data_key
    assert await ring.vault.reseal(ring.keyring.key_store) == 3
    async with ring.db.begin() as tx:
        stored = {one["id"]: one["sealed"] for one in await rows(tx, "accounts_api_keys")}
        for key, secret in made:
            assert stored[key.id].split(".")[1] == new and secret is not None
            found = await ring.vault.open(tx, stored[key.id], f"api_key:{key.id}")
            assert found.reveal() == secret.reveal()


async def test_many_that_seal_first_make_one_data_key(
    db: Database, app_db: Database, tmp_path: Path
) -> None:
    many = [Ring(db, app_db, tmp_path) for _ in range(5)]
    sealed = await asyncio.gather(*(seal(one) for one in many))
    assert len({one.split(".")[1] for one in sealed}) == 1
    async with db.begin() as tx:
        assert len(await rows(tx, "accounts_data_keys")) == 1


async def test_a_wrapped_key_under_another_name_does_not_open(ring: Ring, tmp_path: Path) -> None:
    sealed = await seal(ring)
    key = sealed.split(".")[1]
    async with ring.db.begin() as tx:
        change = text("UPDATE accounts_data_keys SET id = 'x' WHERE id = :key")
        await sql(tx).execute(change, {"key": key})
    with pytest.raises(Unavailable, match="changed"):
        await opened(again(ring, tmp_path), sealed.replace(key, "x"))


def test_a_secret_never_shows_itself() -> None:
    import pickle

    import msgspec

    for shown in (repr(SEED), str(SEED), f"{SEED}", f"{[SEED]}", f"{SEED!r:>20}".strip()):
        assert "seed" not in shown
    with pytest.raises(TypeError):
        msgspec.json.encode(SEED)
    with pytest.raises(TypeError):
        pickle.dumps(SEED)
