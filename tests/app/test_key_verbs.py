"""`hydradesk keys`: API keys for people, and the keys beneath everything sealed and signed."""

import asyncio
import json
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hydradesk.accounts.contracts import Person
from hydradesk.accounts.store.people import PeopleStore
from hydradesk.infra.db import Database
from hydradesk.infra.postgres import PostgresServer
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import TimeNs
from tests.app.desks import contents, verb


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="hydradesk-keys-", dir="/var/tmp"))
    path.chmod(0o755)
    done = verb("keys", "rotate", home=path)
    assert done.returncode == 0, done.stderr
    add_person(path)
    yield path
    PostgresServer(path).stop()
    shutil.rmtree(path, ignore_errors=True)


def add_person(home: Path) -> None:
    server = PostgresServer(home)
    server.start()

    async def add() -> None:
        db = Database(server.url, "system", pool=1)
        person = Person(
            id=PersonId("p-alice"),
            name="Alice",
            email="alice@desk.example",
            referral_code="ALICE",
            created_at=TimeNs(0),
        )
        async with db.begin() as tx:
            await PeopleStore().add(tx, person, TimeNs(0))
        await db.close()

    try:
        asyncio.run(add())
    finally:
        server.stop()


def made(home: Path, *arguments: str) -> dict[str, Any]:
    done = verb("keys", *arguments, "--json", home=home)
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


@pytest.mark.parametrize("whose", ["p-alice", "alice@desk.example"])
def test_a_key_is_made_for_a_person_and_shown_once(home: Path, whose: str) -> None:
    key = made(home, "create", whose, "--for", "read,trade", "--name", "bot")
    assert key["secret"].startswith(key["id"] + "_") and key["kinds"] == ["read", "trade"]


def test_it_is_shown_in_words_too(home: Path) -> None:
    done = verb("keys", "create", "p-alice", "--kind", "hmac", home=home)
    assert done.returncode == 0 and "shown this once: hds_" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["p-nobody"], "p-nobody"),
        (["nobody@desk.example"], "e-mail"),
        (["p-alice", "--kind", "magic"], "--kind"),
        (["p-alice", "--for", "everything"], "--for"),
        (["p-alice", "--for", "admin"], "administrators"),
        (["p-alice", "--kind", "ed25519"], "public key"),
    ],
    ids=str,
)
def test_misuse_is_one_line(home: Path, arguments: list[str], word: str) -> None:
    done = verb("keys", "create", *arguments, home=home)
    assert done.returncode == 2 and done.stdout == "", done
    assert done.stderr.count("\n") == 1 and word in done.stderr


def test_rotation_changes_the_file_and_records_it(home: Path) -> None:
    file = home / "kek.json"
    before = json.loads(file.read_text())
    said = made(home, "rotate", "--data-key")
    after = json.loads(file.read_text())
    assert said["rewrapped"] >= 1 and said["data_key"] and said["signing_key"] is None
    assert before["current"] not in after["keys"] and len(after["keys"]) == 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert made(home, "rotate", "--signing")["signing_key"]
    assert contents(home)["public.accounts_audit"][0] >= 3


def test_a_key_file_that_others_may_read_stops_everything(home: Path) -> None:
    file = home / "kek.json"
    file.chmod(0o644)
    try:
        for arguments in (["keys", "rotate"], ["run", "--feed", "simulated"]):
            done = verb(*arguments, home=home)
            assert done.returncode == 1 and "others may read" in done.stderr, done
    finally:
        file.chmod(0o600)
