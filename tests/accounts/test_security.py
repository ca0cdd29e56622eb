"""Security events reach the log and the table; switches are set, told and remembered."""

import pytest
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from hydradesk.accounts.contracts import FEATURES, FeatureOff
from hydradesk.accounts.contracts.trail import Entry
from hydradesk.accounts.service import security as service
from hydradesk.accounts.service.features import WHAT, FeatureSwitches
from hydradesk.accounts.service.security import SecurityEvents
from hydradesk.accounts.store.audit import AuditStore
from hydradesk.accounts.store.security import FeatureStore, SecurityStore
from hydradesk.infra.db import Database
from hydradesk.infra.origin import ORIGIN, Origin
from hydradesk.kernel.errors import NotFound
from hydradesk.kernel.time import DAY, SECOND, SimClock
from tests.accounts.trail import entries

NOW = 1_800_000_000 * SECOND


def events(db: Database) -> SecurityEvents:
    return SecurityEvents(db, SecurityStore(), SimClock(NOW))


async def test_an_event_is_one_line_at_once_and_one_row_soon_after(db: Database) -> None:
    log = events(db)
    token = ORIGIN.set(Origin(actor="anonymous", ip="203.0.113.9", request_id="r-1"))
    try:
        with capture_logs() as lines:
            log.note("sign_in_refused", "p-1", {"method": "password"})
            log.note("key_leaked", "k-1", severity="critical")
    finally:
        ORIGIN.reset(token)
    assert [line["kind"] for line in lines] == ["sign_in_refused", "key_leaked"]
    assert [line["log_level"] for line in lines] == ["warning", "critical"]
    assert lines[0]["ip"] == "203.0.113.9" and lines[0]["request_id"] == "r-1"
    assert await log.page(None, None, 10) == []
    await log.flush()
    newest, older = await log.page(None, None, 10)
    assert (newest.kind, older.kind) == ("key_leaked", "sign_in_refused")
    assert (older.subject, older.ip, older.at) == ("p-1", "203.0.113.9", NOW)
    assert older.detail == {"method": "password"} and older.incident is None
    assert await log.page("key_leaked", None, 10) == [newest]
    assert await log.page(None, newest.id, 10) == [older]
    assert await log.today() == 2


async def test_a_flood_is_counted_not_kept(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "WAITING", 20)
    log = events(db)
    for _ in range(50):
        log.note("limit_storm")
    await log.flush()
    dropped = await log.page("events_dropped", None, 10)
    assert [one.detail for one in dropped] == [{"events": 30}]
    assert dropped[0].severity == "critical" and await log.today() == 21


async def test_what_cannot_be_written_waits(db: Database) -> None:
    class Away(SecurityStore):
        away = True

        async def add(self, tx: object, noted: object) -> None:  # type: ignore[override]
            if self.away:
                raise ConnectionError("gone")
            await super().add(tx, noted)  # type: ignore[arg-type]

    book = Away()
    log = SecurityEvents(db, book, SimClock(NOW))
    log.note("limit_storm")
    with pytest.raises(ConnectionError):
        await log.flush()
    book.away = False
    await log.flush()
    assert await log.today() == 1


async def test_old_events_are_forgotten(db: Database) -> None:
    store, clock = SecurityStore(), SimClock(NOW)
    log = SecurityEvents(db, store, clock)
    log.note("limit_storm")
    await log.flush()
    clock.advance(DAY)
    log.note("limit_storm")
    await log.flush()
    async with db.begin() as tx:
        assert await store.forget(tx, clock.now()) == 1
    assert len(await log.page(None, None, 10)) == 1


def switches(db: Database) -> FeatureSwitches:
    clock = SimClock(NOW)
    audit = AuditStore(clock, clock, lambda size: b"x" * size)
    return FeatureSwitches(db, FeatureStore(), audit, clock)


async def test_a_switch_is_set_recorded_and_known_to_another_process(db: Database) -> None:
    here, there = switches(db), switches(db)
    assert here.enabled("graphql") and set(FEATURES) == set(WHAT)
    token = ORIGIN.set(Origin(actor="p-admin"))
    try:
        set_ = await here.set("graphql", False)
    finally:
        ORIGIN.reset(token)
    assert (set_.changed_by, set_.changed_at, set_.enabled) == ("p-admin", NOW, False)
    assert not here.enabled("graphql") and there.enabled("graphql")
    await there.load()
    assert not there.enabled("graphql") and there.enabled("webhooks")
    with pytest.raises(FeatureOff, match="graphql"):
        there.require("graphql")
    there.require("webhooks")
    await there.set("graphql", True)
    first, second = await entries(db, "desk")
    assert (first.action, first.target, first.actor) == ("feature.set", "graphql", "p-admin")
    assert (first.before, first.after) == ({"enabled": True}, {"enabled": False})
    assert (second.before, second.after) == ({"enabled": False}, {"enabled": True})
    assert isinstance(first, Entry)


async def test_there_is_no_other_switch(db: Database) -> None:
    with pytest.raises(NotFound, match="no feature 'leverage'"):
        await switches(db).set("leverage", True)
    assert await entries(db) == []


async def test_the_app_role_reads_no_events(app_db: Database) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        await events(app_db).page(None, None, 1)
