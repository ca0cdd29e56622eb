"""Data keys wrapped by AWS KMS, spoken to over HTTP."""

import asyncio
import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hydradesk.accounts.contracts import Secret
from hydradesk.adapters.aws.kms import KmsKek
from hydradesk.infra.db import Database
from hydradesk.kernel.errors import Unavailable
from tests.accounts.sessions.ring import Ring
from tests.adapters.kms_server import REGION, kms

DATA_KEY = Secret(bytes(range(32)))


class Kms:
    """A KMS with keys in it."""

    def __init__(self, url: str, seen: list[tuple[str, bytes]]) -> None:
        self.url, self.seen = url, seen

    async def key(self) -> str:
        from aiobotocore.session import get_session

        async with get_session().create_client(
            "kms", region_name=REGION, endpoint_url=self.url
        ) as client:
            return str((await client.create_key())["KeyMetadata"]["KeyId"])

    def kek(self, key: str) -> KmsKek:
        return KmsKek(key, REGION, self.url)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kms]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with kms() as (url, seen):
        yield Kms(url, seen)


async def test_a_data_key_is_wrapped_and_unwrapped_there(served: Kms) -> None:
    key = await served.key()
    wrapper, wrapped = await served.kek(key).wrap(DATA_KEY, "k1")
    assert wrapper == f"aws-kms:{key}" and served.kek("another").knows(wrapper)
    assert (await served.kek("another").unwrap(wrapper, wrapped, "k1")).reveal() == (
        DATA_KEY.reveal()
    )
    target, body = served.seen[-1]
    said = json.loads(body)
    assert target == "TrentService.Decrypt" and said["KeyId"] == key
    assert said["EncryptionContext"] == {"hydradesk:data-key": "k1"}


async def test_it_opens_under_no_other_name_and_no_other_key(served: Kms) -> None:
    key, other = await served.key(), await served.key()
    wrapper, wrapped = await served.kek(key).wrap(DATA_KEY, "k1")
    with pytest.raises(Unavailable, match="InvalidCiphertext"):
        await served.kek(key).unwrap(wrapper, wrapped, "k2")
    with pytest.raises(Unavailable):
        await served.kek(key).unwrap(f"aws-kms:{other}", wrapped, "k1")
    with pytest.raises(Unavailable):
        await served.kek(key).unwrap(wrapper, base64.b64encode(b"x" * 80).decode(), "k1")
    with pytest.raises(Unavailable):
        await served.kek(key).unwrap(wrapper, "not base64!", "k1")
    with pytest.raises(Unavailable, match="NotFound"):
        await served.kek("00000000-0000-0000-0000-000000000000").wrap(DATA_KEY, "k1")


async def test_a_desk_seals_under_it_and_moves_there_from_its_file(
    served: Kms, db: Database, app_db: Database, tmp_path: Path
) -> None:
    key = await served.key()
    on_file = Ring(db, app_db, tmp_path)
    async with db.begin() as tx:
        sealed = await on_file.vault.seal(tx, Secret("venue secret"), "venue_key:v")
    there = {"kek_source": f"aws-kms:{key}", "aws_endpoint": served.url}
    moving = Ring(db, app_db, tmp_path, **there)
    assert (await moving.vault.rotate(data_key=True)).rewrapped == 1
    bare = tmp_path / "elsewhere"
    bare.mkdir()
    moved = Ring(db, app_db, bare, **there)
    await moved.keyring.start()
    async with db.begin() as tx:
        assert (await moved.vault.open(tx, sealed, "venue_key:v")).text() == "venue secret"
    assert not any(b"venue secret" in body for _, body in served.seen), "fields stay here"


async def test_a_kms_that_is_away_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    gone = KmsKek("k", REGION, "http://127.0.0.1:1")
    with pytest.raises(Unavailable, match="EndpointConnection"):
        await asyncio.wait_for(gone.wrap(DATA_KEY, "k1"), 30)
