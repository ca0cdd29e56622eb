"""An Idempotency-Key belongs to who sent it, and keeps no secret."""

import pytest
from sqlalchemy import select

from hydradesk.doors.gateway.idempotency import SECRETS, kept
from hydradesk.infra.db import Database, sql
from hydradesk.infra.http import Principal
from hydradesk.kernel.ids import PersonId
from tests.doors.fronts import READ, Front

KEY = {"Idempotency-Key": "k1"}


async def test_a_key_is_private_to_its_caller(db: Database) -> None:
    one = Front(db)
    bob = Principal(person=PersonId("bob"), role="user", session="s-2", scopes=READ)
    robot = Principal(person=PersonId("ada"), role="user", key="key-1", scopes=READ)
    one.people |= {"bob": bob, "robot": robot}
    async with one.client() as client, one.client("198.51.100.9") as other:
        for number, (who, me) in enumerate(
            [(client, "ada"), (client, "bob"), (client, "robot"), (client, ""), (other, "")], 1
        ):
            headers = KEY | {"X-Me": me}
            replies = [await who.post("/api/orders", headers=headers) for _ in range(2)]
            assert [one.status_code for one in replies] == [200, 200]
            assert [one.headers.get("idempotent-replay") for one in replies] == [None, "1"]
            assert one.reached == number
        assert (await other.post("/api/orders", headers=KEY | {"X-Me": "ada"})).headers[
            "idempotent-replay"
        ] == "1"


async def test_an_answer_with_a_secret_is_kept_nowhere_and_done_once(db: Database) -> None:
    one = Front(db)
    async with one.client() as client:
        first, again = [await client.post("/api/auth/login", headers=KEY) for _ in range(2)]
    assert first.json()["items"] == ["a token that is shown once"] and one.reached == 1
    assert (again.status_code, again.json()["code"]) == (409, "shown_once")
    assert "only once" in again.json()["detail"]
    async with db.begin() as tx:
        (row,) = (await sql(tx).execute(select(kept))).all()
    assert "shown once" not in str(row) and "k1" not in str(row)


async def test_a_refused_sign_in_is_repeated_as_it_was(db: Database) -> None:
    one = Front(db)
    async with one.client() as client:
        path = "/api/auth/login?wrong=1"
        replies = [await client.post(path, headers=KEY) for _ in range(2)]
    assert [each.status_code for each in replies] == [401, 401] and one.reached == 1


@pytest.mark.parametrize(
    ("path", "secret"),
    [
        ("/api/auth/refresh", True),
        ("/api/account/keys", True),
        ("/api/account/totp/confirm", True),
        ("/api/account/recovery-codes", True),
        ("/api/webhooks/subscriptions", True),
        ("/api/webhooks/subscriptions/s-1/rotate", True),
        ("/api/webhooks/subscriptions/s-1/test", False),
        ("/api/orders", False),
        ("/api/account/addresses", False),
    ],
)
def test_routes_that_show_something_once_are_known(path: str, secret: bool) -> None:
    assert (SECRETS.match(path) is not None) == secret
