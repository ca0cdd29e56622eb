"""What every request meets: names, limits, hosts, compression, problems, repeats."""

from collections.abc import AsyncIterator

import httpx2
import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from hydradesk.doors.gateway.app import Door, build
from hydradesk.doors.gateway.armour import SECURITY
from hydradesk.doors.gateway.bodies import MAX_BODY
from hydradesk.doors.gateway.hub import Hub
from hydradesk.doors.gateway.idempotency import IdempotencyStore
from hydradesk.infra.clock import RandomIds
from hydradesk.infra.db import Database, sql
from hydradesk.infra.health import Checks, HealthCheck
from hydradesk.infra.http import Page, Principal, Routes, StepUp, requires
from hydradesk.kernel import errors
from hydradesk.kernel.ids import AccountId, PersonId
from hydradesk.kernel.time import DAY, SimClock, TimeNs

FAMILIES = {
    "invalid": (422, errors.Invalid),
    "unauthenticated": (401, errors.Unauthenticated),
    "forbidden": (403, errors.Forbidden),
    "not_found": (404, errors.NotFound),
    "conflict": (409, errors.Conflict),
    "limited": (429, errors.Limited),
    "unavailable": (503, errors.Unavailable),
}


class Counter:
    """Routes that fail on demand, and count how often they were reached."""

    def __init__(self, db: Database) -> None:
        self.db, self.count, self.fail = db, 0, False
        self.routes = Routes("/try", "try")
        add = self.routes.add
        add("GET", "/error/{family}", Page[str], scope="market:read")(self.error)
        add("GET", "/broken", Page[str], scope="market:read")(self.broken)
        add("GET", "/database/{what}", Page[str], scope="market:read")(self.database)
        add("GET", "/typed", Page[str], scope="market:read")(self.typed)
        add("GET", "/large", Page[str], scope="market:read")(self.large)
        add("POST", "/write", Page[int], status=201, scope="market:read")(self.write)
        add("POST", "/large", Page[str], scope="market:read")(self.large)

    async def error(self, family: str) -> None:
        raise FAMILIES[family][1]("so it is", field="thing", fix="do it so")

    async def broken(self) -> None:
        raise AssertionError("secret detail")

    async def database(self, what: str) -> None:
        if what == "gone":
            raise ConnectionRefusedError("secret address")
        async with self.db.begin() as tx:
            await sql(tx).execute(text("SELECT 1/0"))

    async def typed(self, n: int) -> Page[str]:
        return Page([str(n)])

    async def large(self) -> Page[str]:
        self.count += 1
        return Page([f"row {number}" for number in range(500)])

    async def write(self, fail: bool = False) -> Page[int]:
        self.count += 1
        if self.fail:
            raise AssertionError("secret detail")
        if fail:
            raise errors.Conflict("too late")
        return Page([self.count])


class Setting:
    def __init__(self, db: Database) -> None:
        self.db, self.wall, self.counter = db, SimClock(10**18), Counter(db)
        self.ids = RandomIds()
        self.client = self.boot()

    def boot(self) -> httpx2.AsyncClient:
        """A run of the desk, as its clients see it."""

        async def nobody(request: object) -> Principal:
            return Principal(account=AccountId("me"), scopes=frozenset({"market:read"}))

        async def fine() -> HealthCheck:
            return HealthCheck(name="fine", ok=True, detail="")

        door = Door(
            routes=[self.counter.routes],
            hub=Hub(self.wall),
            identify=nobody,
            checks=Checks({"fine": fine}),
            new_id=self.ids.new,
            now=self.wall.now,
            idempotency=IdempotencyStore(self.db, self.wall, self.ids.new()),
        )
        transport = httpx2.ASGITransport(build(door), raise_app_exceptions=False)
        return httpx2.AsyncClient(transport=transport, base_url="http://localhost:8000")


@pytest.fixture
async def here(db: Database) -> AsyncIterator[Setting]:
    setting = Setting(db)
    yield setting
    await setting.client.aclose()


async def test_every_family_of_errors_is_one_document(here: Setting) -> None:
    for family, (status, _) in FAMILIES.items():
        reply = await here.client.get(f"/api/try/error/{family}")
        said = reply.json()
        assert reply.headers["content-type"] == "application/problem+json"
        assert (reply.status_code, said["status"], said["code"]) == (status, status, family)
        assert said["errors"] == [{"field": "thing", "message": "so it is", "fix": "do it so"}]
        assert said["request_id"] == reply.headers["x-request-id"]
        assert said["type"].endswith(family) and said["title"] and said["detail"] == "so it is"
        assert ("retry-after" in reply.headers) == (status in (429, 503))


@pytest.mark.parametrize(
    ("path", "status", "code", "fields"),
    [
        ("/api/nowhere", 404, "not_found", []),
        ("/api/try/typed?n=x", 422, "invalid", ["n"]),
        ("/api/try/typed", 422, "invalid", ["n"]),
        ("/api/try/broken", 500, "internal", []),
        ("/api/try/database/gone", 503, "unavailable", []),
        ("/api/try/database/wrong", 500, "internal", []),
        ("/api/try/typed?n=%00", 422, "invalid", []),
        ("/api/%00", 422, "invalid", []),
    ],
)
async def test_faults_say_whose_they_are_and_no_more(
    here: Setting, path: str, status: int, code: str, fields: list[str]
) -> None:
    reply = await here.client.get(path)
    said = reply.json()
    assert (reply.status_code, said["code"]) == (status, code), said
    assert [one["field"] for one in said["errors"]] == fields and "secret" not in reply.text
    assert all(one["fix"] for one in said["errors"])
    assert said["request_id"] == reply.headers["x-request-id"]


async def test_every_answer_is_armoured_even_a_fault(here: Setting) -> None:
    for path in ("/healthz", "/api/try/typed?n=1", "/api/try/broken", "/api/nowhere", "/"):
        reply = await here.client.get(path)
        for name, value in SECURITY:
            assert reply.headers[name.decode()] == value.decode(), path


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8000", 200),
        ("127.0.0.1", 200),
        ("[::1]:8000", 200),
        ("evil.example:8000", 421),
        ("localhost.evil.example", 421),
        ("", 421),
    ],
)
async def test_a_foreign_name_for_our_address_is_not_answered(
    here: Setting, host: str, status: int
) -> None:
    reply = await here.client.get("/healthz", headers={"Host": host})
    assert reply.status_code == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 201),
        ("http://localhost:8000", 201),
        ("http://localhost:5173", 201),
        ("http://evil.example", 403),
        ("http://localhost.evil.example", 403),
        ("null", 403),
    ],
)
async def test_a_page_from_elsewhere_changes_nothing(
    here: Setting, origin: str | None, status: int
) -> None:
    headers = {"Origin": origin} if origin else {}
    reply = await here.client.post("/api/try/write", headers=headers)
    assert reply.status_code == status and here.counter.count == (status == 201)
    assert (await here.client.get("/api/try/typed?n=1", headers=headers)).status_code == 200


async def test_a_body_has_a_limit_whether_its_length_is_told_or_not(here: Setting) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * (MAX_BODY // 2)

    for headers in ({}, {"Idempotency-Key": "k"}):
        for body in (b"x" * (MAX_BODY + 1), chunks()):
            reply = await here.client.post("/api/try/write", content=body, headers=headers)
            assert (reply.status_code, reply.json()["code"]) == (413, "too_large")
    reply = await here.client.post("/api/try/write", content=b"", headers={"Content-Length": "-1"})
    assert reply.status_code == 413 and here.counter.count == 0
    assert (await here.client.post("/api/try/write", content=b"x" * MAX_BODY)).status_code == 201


async def test_large_answers_are_compressed_for_those_who_can(here: Setting) -> None:
    small = await here.client.get("/api/try/typed?n=1")
    assert "content-encoding" not in small.headers
    large = await here.client.get("/api/try/large")
    assert large.headers["content-encoding"] == "gzip" and len(large.json()["items"]) == 500
    plain = await here.client.get("/api/try/large", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers and plain.json() == large.json()


async def test_a_write_sent_twice_happens_once(here: Setting) -> None:
    key = {"Idempotency-Key": "k1"}
    first, again = [await here.client.post("/api/try/write", headers=key) for _ in range(2)]
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert again.headers["idempotent-replay"] == "1" and "idempotent-replay" not in first.headers
    assert here.counter.count == 1
    after_restart = await here.boot().post("/api/try/write", headers=key)
    assert after_restart.json() == first.json() and here.counter.count == 1


async def test_a_large_answer_is_repeated_as_it_was(here: Setting) -> None:
    key = {"Idempotency-Key": "k1"}
    first = await here.client.post("/api/try/large", headers=key)
    again = await here.client.post("/api/try/large", headers=key)
    identity = key | {"Accept-Encoding": "identity"}
    plain = await here.client.post("/api/try/large", headers=identity)
    assert first.json() == again.json() == plain.json() and here.counter.count == 1


async def test_a_refusal_is_an_answer_too(here: Setting) -> None:
    key = {"Idempotency-Key": "k1"}
    replies = [await here.client.post("/api/try/write?fail=1", headers=key) for _ in range(2)]
    assert [one.status_code for one in replies] == [409, 409] and here.counter.count == 1
    assert replies[1].headers["content-type"] == "application/problem+json"


async def test_a_key_names_one_request(here: Setting) -> None:
    key = {"Idempotency-Key": "k1"}
    await here.client.post("/api/try/write", headers=key)
    for path, body in (("/api/try/write", b"{}"), ("/api/try/write?a=1", b"")):
        reply = await here.client.post(path, content=body, headers=key)
        assert (reply.status_code, reply.json()["code"]) == (409, "idempotency_conflict")
        assert reply.json()["errors"][0]["field"] == "Idempotency-Key"
    reply = await here.client.post("/api/try/write", headers={"Idempotency-Key": "k" * 129})
    assert reply.status_code == 422 and here.counter.count == 1


async def test_our_own_fault_is_forgotten_and_may_be_retried(here: Setting) -> None:
    key = {"Idempotency-Key": "k1"}
    here.counter.fail = True
    assert (await here.client.post("/api/try/write", headers=key)).status_code == 500
    here.counter.fail = False
    assert (await here.client.post("/api/try/write", headers=key)).status_code == 201
    assert here.counter.count == 2


async def test_what_a_dead_run_left_half_done_is_done_again(here: Setting) -> None:
    dead = IdempotencyStore(here.db, here.wall, "dead")
    alive = IdempotencyStore(here.db, here.wall, "alive")
    assert await dead.begin("k", "print") is None
    assert "still" in str(await dead.begin("k", "print"))
    assert "another" in str(await alive.begin("k", "other"))
    assert await alive.begin("k", "print") is None
    assert "still" in str(await alive.begin("k", "print"))


async def test_answers_are_kept_for_a_day(here: Setting) -> None:
    key = {"Idempotency-Key": "k1"}
    await here.client.post("/api/try/write", headers=key)
    store = IdempotencyStore(here.db, here.wall, "x")
    here.wall.advance(DAY)
    await store.forget()
    assert (await here.client.post("/api/try/write", headers=key)).json()["items"] == [1]
    here.wall.advance(1)
    await store.forget()
    assert (await here.client.post("/api/try/write", headers=key)).json()["items"] == [2]


async def test_a_scope_is_needed_and_named() -> None:
    from starlette.requests import Request

    def asked(me: Principal, now: int = 0) -> Request:
        class App:
            class state:
                pass

        App.state.now = lambda: now  # type: ignore[attr-defined]
        return Request({"type": "http", "app": App, "headers": [], "state": {"principal": me}})

    known = Principal(person=PersonId("p"), account=AccountId("a"), fresh_until=TimeNs(5))
    reader = msgspec.structs.replace(known, scopes=frozenset({"orders:read"}))
    stale = Principal(refusal=errors.Unauthenticated("this token has expired"))
    with pytest.raises(errors.Unauthenticated, match="sign in"):
        await requires("orders:read")(asked(Principal()))
    with pytest.raises(errors.Unauthenticated, match="expired"):
        await requires("orders:read")(asked(stale))
    with pytest.raises(errors.Forbidden, match="orders:write"):
        await requires("orders:write")(asked(reader))
    with pytest.raises(StepUp):
        await requires("orders:read", step_up=True)(asked(reader, now=6))
    await requires("orders:read", step_up=True)(asked(reader, now=5))
    with pytest.raises(errors.Unavailable):
        await requires("orders:read")(asked(msgspec.structs.replace(reader, account=AccountId(""))))


def test_only_a_server_that_is_away_is_called_away() -> None:
    from hydradesk.doors.gateway.problems import _explain

    class Refusal(Exception):
        sqlstate = "23505"

    class Leaving(Exception):
        sqlstate = "57P01"

    assert _explain(DBAPIError("q", None, Refusal()))[0] == 500
    assert _explain(DBAPIError("q", None, Leaving()))[0] == 503
    assert _explain(DBAPIError("q", None, Exception(), connection_invalidated=True))[0] == 503
    assert _explain(TimeoutError())[0] == 503
