"""Proof of work and the slowing of guesses: what they ask, of whom, and for how long."""

import itertools
import os
from collections.abc import Iterator

import pytest

from hydradesk.accounts.domain.challenge import (
    Answer,
    CaptchaInvalid,
    CaptchaRequired,
    Challenge,
    issue,
    solves,
    verify,
)
from hydradesk.accounts.service.captcha import ALARM, GOOD_NS, FrontDefence, ProofOfWork
from hydradesk.accounts.service.guard import ASKED_FROM, FORGIVEN, FREE, LONGEST_NS, Throttle
from hydradesk.infra.origin import NOBODY, ORIGIN, Origin, network_of
from hydradesk.infra.shared import MemoryShared
from hydradesk.kernel.errors import Limited
from hydradesk.kernel.time import MINUTE, SECOND, SimClock, TimeNs

NOW = 1_763_723_200 * SECOND


def solve(one: Challenge) -> Answer:
    number = next(n for n in itertools.count() if solves(one.salt, n, one.difficulty))
    return Answer(salt=one.salt, number=number, signature=one.signature)


class Here:
    def __init__(self, difficulty: int = 6) -> None:
        self.clock = SimClock(NOW)
        self.shared = MemoryShared(self.clock)
        self.captcha = ProofOfWork(self.shared, self.clock, os.urandom, difficulty)
        self.guard = Throttle(self.shared, self.clock, self.captcha)
        self.defence = FrontDefence(self.shared, self.clock)

    async def answer(self) -> Answer:
        return solve(await self.captcha.challenge())

    async def miss(self, name: str, times: int) -> None:
        for _ in range(times):
            await self.guard.failed(name)


@pytest.fixture
def here() -> Iterator[Here]:
    yield Here()
    ORIGIN.set(NOBODY)


def come_from(ip: str) -> None:
    ORIGIN.set(Origin(ip=ip))


def test_an_answer_is_work_and_nothing_else_passes() -> None:
    key, other = b"k" * 32, b"o" * 32
    one = issue(key, b"n" * 16, 8, TimeNs(NOW + MINUTE))
    good = solve(one)
    assert verify(key, good, TimeNs(NOW)) == NOW + MINUTE
    wrong = next(n for n in itertools.count() if not solves(one.salt, n, 8))
    noise, bits, ends = one.salt.split(".")
    for bad in (
        Answer(salt=good.salt, number=wrong, signature=good.signature),
        Answer(salt=f"{noise}.0.{ends}", number=good.number, signature=good.signature),
        Answer(salt=f"{noise}.{bits}.{int(ends) + 1}", number=1, signature=good.signature),
        Answer(salt=good.salt, number=good.number, signature="0" * 64),
        Answer(salt=good.salt, number=good.number, signature="é"),
        solve(issue(other, b"n" * 16, 8, TimeNs(NOW + MINUTE))),
    ):
        with pytest.raises(CaptchaInvalid) as refused:
            verify(key, bad, TimeNs(NOW))
        assert refused.value.field == "captcha" and refused.value.fix
    with pytest.raises(CaptchaInvalid, match="expired"):
        verify(key, good, TimeNs(NOW + MINUTE))


async def test_an_answer_is_good_once_and_for_five_minutes(here: Here) -> None:
    answer = await here.answer()
    await here.captcha.check(answer)
    with pytest.raises(CaptchaInvalid, match="used before"):
        await here.captcha.check(answer)
    late = await here.answer()
    here.clock.advance(GOOD_NS)
    with pytest.raises(CaptchaInvalid, match="expired"):
        await here.captcha.check(late)
    with pytest.raises(CaptchaRequired):
        await here.captcha.check(None)
    await Here(difficulty=0).captcha.check(None)


async def test_another_process_accepts_what_this_one_asked(here: Here) -> None:
    other = ProofOfWork(here.shared, here.clock, os.urandom, 6)
    await other.check(await here.answer())


async def test_work_grows_with_failures_everywhere_and_shrinks_again(here: Here) -> None:
    quiet = (await here.captcha.challenge()).difficulty
    for _ in range(ALARM * 4):
        await here.captcha.alarm()
    assert (await here.captcha.challenge()).difficulty == quiet + 3
    here.clock.advance(MINUTE)
    assert (await here.captcha.challenge()).difficulty == quiet


async def test_after_failures_a_try_needs_work_then_time(here: Here) -> None:
    come_from("203.0.113.7")
    await here.guard.admit("ada@example.org", None)
    await here.miss("ada@example.org", ASKED_FROM)
    come_from("198.51.100.9")
    with pytest.raises(CaptchaRequired):
        await here.guard.admit(" ADA@example.org", None)
    await here.guard.admit("ada@example.org", await here.answer())
    await here.miss("ada@example.org", FREE - ASKED_FROM)
    waits = []
    for _ in range(14):
        with pytest.raises(Limited) as refused:
            await here.guard.admit("ada@example.org", await here.answer())
        waits.append(refused.value.retry_after_s)
        await here.miss("ada@example.org", 1)
    assert waits[:4] == [1, 2, 4, 8] and waits[-1] == LONGEST_NS // SECOND == max(waits)
    here.clock.advance(LONGEST_NS)
    await here.guard.admit("ada@example.org", await here.answer())
    come_from("192.0.2.1")
    await here.guard.admit("grace@example.org", None)


async def test_a_source_that_guesses_many_names_needs_work_for_each(here: Here) -> None:
    come_from("203.0.113.7")
    for number in range(ASKED_FROM):
        await here.guard.admit(f"n{number}@example.org", None)
        await here.miss(f"n{number}@example.org", 1)
    with pytest.raises(CaptchaRequired):
        await here.guard.admit("another@example.org", None)
    come_from("198.51.100.9")
    await here.guard.admit("another@example.org", None)


async def test_tries_for_one_name_are_few_a_minute_even_unanswered(here: Here) -> None:
    for number in range(5):
        come_from(f"203.0.113.{number}")
        await here.guard.admit("ada@example.org", None)
    come_from("203.0.113.99")
    with pytest.raises(Limited):
        await here.guard.admit("ada@example.org", None)
    here.clock.advance(MINUTE)
    await here.guard.admit("ada@example.org", None)


async def test_the_owner_signs_in_while_others_guess(here: Here) -> None:
    come_from("2001:db8:1:2::7")
    await here.guard.passed("ada@example.org")
    come_from("203.0.113.7")
    await here.miss("ada@example.org", 20)
    with pytest.raises(Limited):
        await here.guard.admit("ada@example.org", None)
    come_from("2001:db8:1:2:ffff::1")  # the same household
    await here.guard.admit("ada@example.org", None)
    await here.miss("ada@example.org", FORGIVEN)
    with pytest.raises(Limited):
        await here.guard.admit("ada@example.org", None)


async def test_an_incident_can_ask_everybody_for_work(here: Here) -> None:
    await here.defence.demand_captcha(TimeNs(NOW + MINUTE))
    with pytest.raises(CaptchaRequired):
        await here.guard.admit("ada@example.org", None)
    here.clock.advance(MINUTE)
    await here.guard.admit("ada@example.org", None)


async def test_a_source_is_locked_in_every_process_until_it_is_not(here: Here) -> None:
    other = FrontDefence(here.shared, here.clock)
    await here.defence.lock_source("203.0.113.7", TimeNs(NOW + MINUTE), "guessing")
    await here.defence.lock_source("2001:db8:1:2::7", TimeNs(NOW + 2 * MINUTE), "guessing")
    late = FrontDefence(here.shared, here.clock)
    await late.load()
    for one in (here.defence, other, late):
        assert one.is_locked("203.0.113.7") and one.is_locked("2001:db8:1:2:3::4")
        assert not one.is_locked("203.0.113.8") and not one.is_locked("2001:db8:1:3::7")
    await other.unlock_source("2001:db8:1:2::9")
    assert not here.defence.is_locked("2001:db8:1:2::7")
    here.clock.advance(MINUTE)
    assert not here.defence.is_locked("203.0.113.7")


def test_an_ipv6_household_is_one_source() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff") == "2001:db8::/64"
    assert network_of("::ffff:203.0.113.7") == network_of("203.0.113.7") == "203.0.113.7"
    assert network_of("") == "" and network_of("nonsense") == "nonsense"
