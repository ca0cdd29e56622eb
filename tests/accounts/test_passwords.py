"""Passwords: which are refused, and that hashing never holds up the loop."""

import asyncio
import re
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydradesk.accounts.contracts import Secret
from hydradesk.accounts.domain import passwords
from hydradesk.infra.passwords import Argon2Cost, Argon2Pool
from hydradesk.kernel.errors import Invalid, Limited

CHEAP = Argon2Cost(memory_kib=64, passes=1, slots=2, waiting=2)
COMMON = re.findall(
    r"\S+",
    """
password password1 Password123! P@ssw0rd passw0rd1 12345678 123456789 1234567890 87654321 11111111
00000000 qwertyui qwertyuiop qwerty123 Qwerty12345 1q2w3e4r 1qaz2wsx zaq12wsx asdfghjkl zxcvbnm1
iloveyou iloveyou2 sunshine princess football baseball superman trustno1 welcome1 Welcome2024!
letmein123 dragon12 monkey123 abc12345 abcdefgh abcd1234 aaaaaaaa abababab 123123123 12341234
19870624 24-06-1987 admin123 administrator changeme1 hydradesk1 bitcoin2025 trading123 Summer2024
michael1 passwordpassword adminadmin loveyou1 secret123 q1w2e3r4 computer internet whatever
1234qwer qwer1234 asdf1234 !@#$%^&*( 11112222 superstar1 starwars1 pokemon123 Liverpool1
""",
)


@pytest.mark.parametrize("one", COMMON)
def test_what_everybody_tries_first_is_refused(one: str) -> None:
    with pytest.raises(Invalid) as refused:
        passwords.check(one)
    assert refused.value.field == "password" and refused.value.fix
    assert one not in str(refused.value)


@pytest.mark.parametrize(
    "one",
    [
        "correct horse battery staple",
        "tr0mbone-Lagune",
        "k8#vQz!r",
        "zwei Igel im Nebel",
        "пароль из пяти слов тут",
        "🦔🦔 unter der Brücke",
        "x" * 4 + "quite-another-thing",
        " leading and trailing ",
        "8f14e45fceea167a",
        "a" * 20 + "b" * 20 + "c" * 20 + "7",
    ],
)
def test_what_nobody_would_guess_passes_whatever_it_is_made_of(one: str) -> None:
    passwords.check(one)


@pytest.mark.parametrize("one", ["", "k8#vQz!", "ab" * 65])
def test_length_is_8_to_128(one: str) -> None:
    with pytest.raises(Invalid, match="8 to 128"):
        passwords.check(one)
    passwords.check("k8#vQz!r" * 16)


def test_ones_own_name_is_refused() -> None:
    with pytest.raises(Invalid, match="own name"):
        passwords.check("Waldemuth77", "waldemuth", "w@desk.example")


@given(st.text(max_size=150))
def test_any_text_is_judged(text: str) -> None:
    try:
        passwords.check(text)
    except Invalid:
        return
    assert 8 <= len(text) <= 128


async def test_a_password_is_verified_exactly_as_sent() -> None:
    pool = Argon2Pool(CHEAP)
    for one in ("correct horse", "Brücke\u0301 über", "p\0ssword in it", " two  spaces "):
        stored = await pool.hash(Secret(one))
        assert stored.startswith("$argon2id$") and one not in stored
        assert await pool.verify(Secret(one), stored)
        for other in (one.upper(), one.strip() + "x", one + "\0", one[:-1]):
            assert not await pool.verify(Secret(other), stored)
    composed, decomposed = "Br\u00fccke im Nebel", "Bru\u0308cke im Nebel"
    assert not await pool.verify(Secret(decomposed), await pool.hash(Secret(composed)))
    pool.close()


async def test_nobodys_password_costs_the_same_and_is_never_right() -> None:
    pool = Argon2Pool(CHEAP)
    for one in ("nobody", "", "correct horse"):
        assert not await pool.verify(Secret(one), None)
    nobody = pool._nobody
    stored = await pool.hash(Secret("correct horse"))
    assert nobody is not None
    assert nobody.split("$")[1:4] == stored.split("$")[1:4]
    assert not await pool.verify(Secret("x"), "not a hash")
    pool.close()


async def test_other_parameters_make_a_hash_outdated() -> None:
    old, new = Argon2Pool(CHEAP), Argon2Pool(Argon2Cost(memory_kib=128, passes=1))
    stored = await old.hash(Secret("correct horse"))
    assert new.outdated(stored) and not old.outdated(stored)
    assert await new.verify(Secret("correct horse"), stored)
    old.close()
    new.close()


async def test_two_at_once_the_rest_waits_and_too_many_are_sent_away() -> None:
    pool = Argon2Pool(CHEAP)
    busy, most = 0, 0
    gate, lock = threading.Event(), threading.Lock()

    def work() -> int:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        gate.wait(30)
        with lock:
            busy -= 1
        return 1

    jobs = [asyncio.create_task(pool._apart(work)) for _ in range(4)]
    await asyncio.sleep(0)
    with pytest.raises(Limited):
        await pool.hash(Secret("one too many"))
    gate.set()  # the loop was free all the time: else nobody could have set it
    assert await asyncio.gather(*jobs) == [1] * 4
    assert most == 2
    assert await pool.hash(Secret("room again"))
    pool.close()
