"""How often somebody may ask: by tier, class, person, source and network."""

import time
from collections.abc import Iterator

import pytest
from starlette.types import Scope

from hydradesk.app import front
from hydradesk.app.settings import Settings
from hydradesk.doors.gateway.limits import DEFAULTS, class_of
from hydradesk.infra.db import Database
from hydradesk.infra.http import Principal
from hydradesk.infra.rates import Flood, Rates, Windows, rules_of
from hydradesk.kernel.ids import PersonId
from tests.doors.fronts import READ, Front, times
from tests.valkey import Valkey


def limited(**table: dict[str, str] | str) -> Rates:
    return Rates(rules_of(table))


async def test_a_tier_has_its_limit_and_is_told_what_is_left(db: Database) -> None:
    rates = limited(anonymous={"data": "2/day"}, user={"data": "3/day"})
    one = Front(db, rates=rates)
    async with one.client() as client:
        first = await client.get("/api/markets")
        assert first.headers["ratelimit-policy"] == '"data";q=2;w=86400'
        assert first.headers["ratelimit"].startswith('"data";r=1;t=')
        assert await times(client, 2) == [200, 429]
        refused = await client.get("/api/markets")
        assert refused.json()["code"] == "limited"
        assert refused.headers["content-type"] == "application/problem+json"
        assert 0 < int(refused.headers["retry-after"]) <= 86400
        assert refused.headers["x-request-id"] == refused.json()["request_id"]
        assert refused.headers["ratelimit"].startswith('"data";r=0;')
        assert await times(client, 4, headers={"X-Me": "ada"}) == [200, 200, 200, 429]
        assert await times(client, 1, "/healthz") == [200]


async def test_classes_are_counted_apart(db: Database) -> None:
    one = Front(db, rates=limited(user={"data": "1/day", "trading": "1/day"}))
    async with one.client() as client:
        me = {"X-Me": "ada"}
        assert await times(client, 2, headers=me) == [200, 429]
        assert await times(client, 2, "/api/orders", method="POST", headers=me) == [200, 429]


async def test_a_person_pays_wherever_he_is_and_a_household_once(db: Database) -> None:
    rates = limited(anonymous={"data": "1/day", "sign_in": "1/day"}, user={"data": "1/day"})
    one = Front(db, rates=rates)
    for ip, me, status in (
        ("203.0.113.7", "ada", 200),
        ("198.51.100.9", "ada", 429),
        ("198.51.100.9", "", 200),
        ("2001:db8:1:2::7", "", 200),
        ("2001:db8:1:2:ffff::8", "", 429),
        ("2001:db8:1:3::7", "", 200),
    ):
        async with one.client(ip) as client:
            assert await times(client, 1, headers={"X-Me": me}) == [status], (ip, me)


async def test_who_signs_in_pays_by_source_whoever_he_is(db: Database) -> None:
    rates = limited(anonymous={"sign_in": "2/day"}, user={"sign_in": "2/day"})
    one = Front(db, rates=rates)
    async with one.client() as client:
        login = {"path": "/api/auth/login", "method": "POST"}
        assert await times(client, 1, **login) == [200]
        assert await times(client, 2, **login, headers={"X-Me": "ada"}) == [200, 429]


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "/api/candles", "data"),
        ("POST", "/api/orders", "trading"),
        ("DELETE", "/api/orders/1", "trading"),
        ("POST", "/api/auth/siws/verify", "sign_in"),
        ("POST", "/api/auth/step-up", "sign_in"),
        ("GET", "/api/auth/oidc/x/callback", "sign_in"),
        ("GET", "/api/auth/siws/nonce", "auth"),
        ("POST", "/api/auth/refresh", "auth"),
        ("GET", "/api/admin/people", "admin"),
        ("POST", "/api/account/kyc/documents", "upload"),
        ("POST", "/api/graphql", "data"),
    ],
)
def test_every_request_has_a_class(method: str, path: str, kind: str) -> None:
    assert class_of(method, path) == kind
    assert kind in DEFAULTS["anonymous"] and kind in DEFAULTS["user"]


async def test_a_flood_is_dropped_before_anybody_is_asked_who_it_is(db: Database) -> None:
    one = Front(db, flood=Flood(per_s=0.001, burst=3))

    async def never(scope: Scope) -> Principal:
        raise AssertionError("nobody asks")

    async with one.client() as client:
        assert await times(client, 3) == [200] * 3
        one.identify = never  # type: ignore[method-assign]
        dropped = await client.get("/api/markets")
        assert (dropped.status_code, dropped.json()["code"]) == (429, "limited")
        assert dropped.headers["retry-after"] == "1"
        assert dropped.json()["request_id"] == dropped.headers["x-request-id"]
    async with one.client("198.51.100.9") as other:
        assert await times(other, 1) == [200]


async def test_who_has_no_limit_is_waved_through(db: Database) -> None:
    flood = Flood(per_s=0.001, burst=2)
    one = Front(db, flood=flood, rates=limited(service="off"))
    one.people["robot"] = Principal(person=PersonId("r"), role="service", key="k", scopes=READ)
    async with one.client() as client:
        assert await times(client, 20, headers={"X-Me": "robot"}) == [200] * 20


async def test_a_source_locked_by_an_incident_is_refused(db: Database) -> None:
    one = Front(db, locked=lambda ip: ip == "203.0.113.7")
    async with one.client() as client, one.client("203.0.113.8") as other:
        assert await times(client, 1) == [429] and await times(other, 1) == [200]


def test_buckets_and_windows_are_bounded() -> None:
    flood = Flood(per_s=1, burst=1, most=3)
    assert [flood.drops(str(n)) for n in range(5)] == [False] * 5 and flood.drops("4")
    assert len(flood._buckets) == 3


async def test_windows_slide(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [600_000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    windows = Windows(most=2)
    hits = [await windows.acquire_sliding_window_entry("a", 4, 60) for _ in range(5)]
    assert hits == [True] * 4 + [False]
    now[0] += 60 + 30  # half of the previous window still counts
    hits = [await windows.acquire_sliding_window_entry("a", 4, 60) for _ in range(3)]
    assert hits == [True, True, False]
    now[0] += 120
    assert await windows.get_sliding_window("a", 60) == (0, 30.0, 0, 90.0)
    for key in "bcd":
        await windows.acquire_sliding_window_entry(key, 4, 60)
    assert await windows.get("a") == 0 and await windows.get("d") == 1
    assert await windows.reset() == 2


@pytest.fixture(scope="module")
def valkey() -> Iterator[Valkey]:
    with Valkey.started() as server:
        yield server


async def test_processes_count_together_and_apart_when_the_store_is_away(valkey: Valkey) -> None:
    settings = Settings(
        redis=valkey.url, rate_limits='{"user": {"data": "3/day"}}', forwarded_header="forwarded"
    )
    two = [front.rates(settings) for _ in range(2)]
    said = [await two[n % 2].hit("user", "data", "person:ada") for n in range(4)]
    assert [one.allowed for one in said] == [True, True, True, False]
    valkey.kill()
    said = [await two[0].hit("user", "data", "person:ada") for _ in range(4)]
    assert [one.allowed for one in said] == [True, True, True, False]
    for one in two:
        await one.close()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rate_limits", "{"),
        ("rate_limits", '{"user": {"data": "often"}}'),
        ("rate_limits", '{"user": "never"}'),
        ("rate_limits", "[1]"),
        ("cors_origins", "*"),
        ("cors_origins", "https://a.example/path"),
        ("redis", "http://localhost"),
        ("metrics_token", "short"),
    ],
)
def test_wrong_settings_are_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=name):
        Settings(**{name: value})


def test_the_setting_changes_the_table() -> None:
    changed = front.table(Settings(rate_limits='{"user": {"data": "5/second"}, "pro": "off"}'))
    assert changed["user"] == {**DEFAULTS["user"], "data": "5/second"} and changed["pro"] == "off"
    assert changed["anonymous"] == DEFAULTS["anonymous"]
