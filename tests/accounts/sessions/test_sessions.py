"""Sessions: what opens, refreshes and ends them, and from when on they count no more."""

import asyncio
from pathlib import Path

import pytest

from hydradesk.accounts.contracts import Secret
from hydradesk.accounts.domain.jws import AccessExpired, AccessRefused
from hydradesk.accounts.domain.sessions import (
    MOST,
    CsrfFailed,
    RefreshRefused,
    RefreshReused,
    SessionEnded,
)
from hydradesk.infra.origin import ORIGIN, Origin
from hydradesk.infra.shared import MemoryShared
from hydradesk.kernel.errors import DeskError, NotFound, Unauthenticated
from hydradesk.kernel.time import DAY, MINUTE, SECOND
from tests.accounts.sessions.ring import Ring, rows


async def test_a_session_is_opened_used_and_closed(ring: Ring) -> None:
    alice = await ring.person()
    ORIGIN.set(Origin(actor="anonymous", ip="203.0.113.7", agent="Firefox"))
    issued = await ring.open(alice)
    assert issued.person == alice.id and issued.access_expires_at == ring.clock.now() + 5 * MINUTE
    standing = await ring.callers.of_token(issued.access.text())
    assert standing.person == alice.id and standing.role == "user"
    assert standing.session is not None and standing.session.id == issued.session
    assert (standing.session.ip, standing.session.agent) == ("203.0.113.7", "Firefox")
    assert standing.session.fresh_until == 0
    await ring.sessions.close(alice.id, issued.session, "logout")
    with pytest.raises(SessionEnded):
        await ring.callers.of_token(issued.access.text())
    with pytest.raises(RefreshRefused):
        await ring.sessions.refresh(issued.refresh, None)
    with pytest.raises(NotFound):
        await ring.sessions.close(alice.id, issued.session, "logout")
    assert await ring.audited(alice.id) == [("session.closed", True)]


async def test_names_and_tokens_cannot_be_guessed_and_are_not_stored(ring: Ring) -> None:
    alice = await ring.person()
    many = [await ring.open(alice) for _ in range(20)]
    assert len({one.session for one in many} | {one.refresh.text() for one in many}) == 40
    assert all(len(one.session) >= 2 + 22 and len(one.refresh.text()) >= 43 for one in many)
    async with ring.db.begin() as tx:
        stored = str(await rows(tx, "accounts_refresh_tokens"))
        stored += str(await rows(tx, "accounts_sessions"))
    for one in many:
        assert one.refresh.text() not in stored and one.access.text() not in stored


async def test_who_proved_twice_is_fresh_for_a_while(ring: Ring) -> None:
    alice = await ring.person()
    issued = await ring.open(alice, "passkey", twice=True)
    standing = await ring.callers.of_token(issued.access.text())
    assert standing.session and standing.session.fresh_until == ring.clock.now() + 10 * MINUTE


async def test_a_second_proof_counts_from_the_commit_on(ring: Ring) -> None:
    alice = await ring.person()
    issued = await ring.open(alice)
    await ring.callers.of_token(issued.access.text())  # remembered, without it
    async with ring.db.begin() as tx:
        until = await ring.sessions.freshen(tx, issued.session)
    standing = await ring.callers.of_token(issued.access.text())
    assert standing.session and standing.session.fresh_until == until
    await ring.sessions.close(alice.id, issued.session, "logout")
    with pytest.raises(Unauthenticated):
        async with ring.db.begin() as tx:
            await ring.sessions.freshen(tx, issued.session)


async def test_refreshing_gives_the_next_pair_and_keeps_the_session(ring: Ring) -> None:
    alice = await ring.person()
    first = await ring.open(alice)
    ring.clock.advance(6 * MINUTE)
    with pytest.raises(AccessExpired):
        await ring.callers.of_token(first.access.text())
    second, person = await ring.sessions.refresh(first.refresh, None)
    assert person.id == alice.id and second.session == first.session and second.csrf == first.csrf
    assert second.refresh.text() != first.refresh.text()
    await ring.callers.of_token(second.access.text())
    third, _ = await ring.sessions.refresh(second.refresh, first.csrf)
    assert third.session == first.session


async def test_a_refresh_token_used_twice_ends_the_session_and_is_recorded(ring: Ring) -> None:
    alice = await ring.person()
    first = await ring.open(alice)
    other = await ring.open(alice)
    second, _ = await ring.sessions.refresh(first.refresh, None)
    await ring.callers.of_token(second.access.text())
    with pytest.raises(RefreshReused):
        await ring.sessions.refresh(first.refresh, None)
    with pytest.raises(SessionEnded):
        await ring.callers.of_token(second.access.text())
    with pytest.raises(RefreshRefused):
        await ring.sessions.refresh(second.refresh, None)
    await ring.callers.of_token(other.access.text())  # the other device goes on
    assert await ring.audited(alice.id) == [("session.refresh_reused", False)]
    with pytest.raises(RefreshReused):
        await ring.sessions.refresh(first.refresh, None)
    assert await ring.audited(alice.id) == [("session.refresh_reused", False)] * 2


async def test_of_two_refreshes_at_once_one_wins_and_the_session_ends(ring: Ring) -> None:
    alice = await ring.person()
    first = await ring.open(alice)
    got = await asyncio.gather(
        *(ring.sessions.refresh(first.refresh, None) for _ in range(5)), return_exceptions=True
    )
    won = [one for one in got if isinstance(one, tuple)]
    assert len(won) == 1
    assert {type(one) for one in got} == {tuple, RefreshReused}
    with pytest.raises(SessionEnded):
        await ring.callers.of_token(won[0][0].access.text())


@pytest.mark.parametrize("text", ["", "hdr_", "hdr_" + "A" * 43, "x" * 64, "x" * 5000, "ä" * 8])
async def test_a_refresh_token_nobody_gave_is_refused(ring: Ring, text: str) -> None:
    with pytest.raises(RefreshRefused):
        await ring.sessions.refresh(Secret(text), None)


async def test_a_wrong_csrf_token_refreshes_nothing(ring: Ring) -> None:
    alice = await ring.person()
    first, other = await ring.open(alice), await ring.open(alice)
    for wrong in ("", "x", other.csrf):
        with pytest.raises(CsrfFailed):
            await ring.sessions.refresh(first.refresh, wrong)
    await ring.sessions.refresh(first.refresh, first.csrf)  # it was not used up


async def test_an_idle_session_ends_and_a_busy_one_ends_after_its_whole_life(ring: Ring) -> None:
    alice = await ring.person()
    idle, busy = await ring.open(alice), await ring.open(alice)
    assert idle.refresh_expires_at == ring.clock.now() + 14 * DAY
    for _ in range(9):
        ring.clock.advance(10 * DAY - SECOND)
        busy, _ = await ring.sessions.refresh(busy.refresh, None)
    with pytest.raises(RefreshRefused):
        await ring.sessions.refresh(idle.refresh, None)
    assert [one.id for one in await ring.sessions.of_person(alice.id)] == [busy.session]
    ring.clock.advance(10 * SECOND)
    with pytest.raises(RefreshRefused):
        await ring.sessions.refresh(busy.refresh, None)
    with pytest.raises(SessionEnded):
        await ring.callers.of_token(busy.access.text())


async def test_closing_all_but_one_leaves_that_one(ring: Ring) -> None:
    alice, bob = await ring.person(), await ring.person("bob")
    mine = [await ring.open(alice) for _ in range(3)]
    his = await ring.open(bob)
    for one in (*mine, his):
        await ring.callers.of_token(one.access.text())
    async with ring.db.begin() as tx:
        assert await ring.sessions.close_all(tx, alice.id, "password", but=mine[1].session) == 2
    for one in (mine[0], mine[2]):
        with pytest.raises(SessionEnded):
            await ring.callers.of_token(one.access.text())
    await ring.callers.of_token(mine[1].access.text())
    await ring.callers.of_token(his.access.text())
    assert await ring.sessions.close_others(alice.id, "logout_everywhere") == 1
    with pytest.raises(SessionEnded):
        await ring.callers.of_token(mine[1].access.text())


@pytest.mark.parametrize("status", ["suspended", "erased"])
async def test_who_was_suspended_is_refused_from_the_commit_on(ring: Ring, status: str) -> None:
    alice = await ring.person()
    issued = await ring.open(alice)
    await ring.callers.of_token(issued.access.text())
    await ring.change(alice.id, status=status)
    with pytest.raises(SessionEnded):
        await ring.callers.of_token(issued.access.text())
    with pytest.raises(RefreshRefused):
        await ring.sessions.refresh(issued.refresh, None)


async def test_a_token_of_another_role_is_refused_and_its_successor_has_the_new_one(
    ring: Ring,
) -> None:
    alice = await ring.person(role="admin")
    issued = await ring.open(alice)
    assert (await ring.callers.of_token(issued.access.text())).role == "admin"
    await ring.change(alice.id, role="user")
    with pytest.raises(AccessExpired):
        await ring.callers.of_token(issued.access.text())
    again, _ = await ring.sessions.refresh(issued.refresh, None)
    assert (await ring.callers.of_token(again.access.text())).role == "user"


async def test_another_process_hears_of_it_at_once_or_within_five_seconds(
    ring: Ring, tmp_path: Path
) -> None:
    near = Ring(ring.db, ring.app, tmp_path, clock=ring.clock, shared=ring.shared)
    deaf = Ring(ring.db, ring.app, tmp_path, clock=ring.clock, shared=MemoryShared(ring.clock))
    alice = await ring.person()
    issued = await ring.open(alice)
    for one in (near, deaf):
        await one.callers.of_token(issued.access.text())
    await ring.sessions.close(alice.id, issued.session, "logout")
    await asyncio.sleep(0)  # the message is on its way
    await asyncio.sleep(0)
    with pytest.raises(SessionEnded):
        await near.callers.of_token(issued.access.text())
    await deaf.callers.of_token(issued.access.text())  # the message was lost …
    ring.clock.advance(5 * SECOND)
    with pytest.raises(SessionEnded):  # … and five seconds are over
        await deaf.callers.of_token(issued.access.text())


async def test_what_is_read_while_it_changes_is_not_remembered(
    ring: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = await ring.person()
    issued = await ring.open(alice)
    store = ring.keyring.session_store
    real = store.standing

    async def slow(tx: object, session: str) -> object:
        found = await real(tx, session)  # type: ignore[arg-type]
        await ring.sessions.close(alice.id, issued.session, "logout")
        return found

    with monkeypatch.context() as patch:
        patch.setattr(store, "standing", slow)
        await ring.callers.of_token(issued.access.text())  # was true when it was read
    with pytest.raises(SessionEnded):
        await ring.callers.of_token(issued.access.text())


async def test_nobody_has_sessions_without_end(ring: Ring) -> None:
    alice = await ring.person()
    first = await ring.open(alice)
    for _ in range(MOST - 1):
        ring.clock.advance(SECOND)
        last = await ring.open(alice)
    assert len(await ring.sessions.of_person(alice.id)) == MOST
    ring.clock.advance(SECOND)
    newest = await ring.open(alice)
    known = [one.id for one in await ring.sessions.of_person(alice.id)]
    assert len(known) == MOST and known[0] == newest.session and last.session in known
    assert first.session not in known


async def test_seen_is_written_down_later_and_what_ended_long_ago_is_forgotten(ring: Ring) -> None:
    alice = await ring.person()
    issued = await ring.open(alice)
    ring.clock.advance(2 * MINUTE)
    await ring.callers.of_token(issued.access.text())
    (before,) = await ring.sessions.of_person(alice.id)
    await ring.callers.save_seen()
    (after,) = await ring.sessions.of_person(alice.id)
    assert after.last_seen_at == before.last_seen_at + 2 * MINUTE == ring.clock.now()
    await ring.sessions.close(alice.id, issued.session, "logout")
    ring.clock.advance(89 * DAY)
    assert await ring.sessions.purge() == 0
    ring.clock.advance(2 * DAY)
    assert await ring.sessions.purge() == 1
    async with ring.db.begin() as tx:
        assert await rows(tx, "accounts_refresh_tokens") == []


async def test_another_persons_session_is_not_found(ring: Ring) -> None:
    alice, bob = await ring.person(), await ring.person("bob")
    his = await ring.open(bob)
    with pytest.raises(NotFound):
        await ring.sessions.close(alice.id, his.session, "logout")
    await ring.callers.of_token(his.access.text())


async def test_a_token_whose_session_never_was_committed_is_refused(ring: Ring) -> None:
    alice = await ring.person()
    with pytest.raises(ZeroDivisionError):
        async with ring.db.begin() as tx:
            issued = await ring.sessions.open(tx, alice.id, "siws")
            raise ZeroDivisionError
    with pytest.raises(SessionEnded) as refused:
        await ring.callers.of_token(issued.access.text())
    assert isinstance(refused.value, AccessRefused) and isinstance(refused.value, DeskError)
