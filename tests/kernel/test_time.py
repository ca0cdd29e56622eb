"""Instants are written one way and read strictly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydradesk.kernel.errors import Invalid
from hydradesk.kernel.time import DAY, MILLISECOND, SECOND, SimClock, parse_time, rfc3339

NOON_2025 = 1_750_766_400 * SECOND


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (NOON_2025, "2025-06-24T12:00:00Z"),
        (NOON_2025 + 7 * MILLISECOND, "2025-06-24T12:00:00.007Z"),
        (NOON_2025 + 999_999, "2025-06-24T12:00:00Z"),
        (-SECOND, "1969-12-31T23:59:59Z"),
    ],
)
def test_an_instant_is_written_in_utc(at: int, text: str) -> None:
    assert rfc3339(at) == text


@given(st.integers(-(2**53), 2**53))
def test_what_is_written_is_read_back(milliseconds: int) -> None:
    at = milliseconds % (100 * 365 * DAY // MILLISECOND) * MILLISECOND
    assert parse_time(rfc3339(at)) == at


@pytest.mark.parametrize(
    "text", ["2025-06-24", "2025-06-24T00:00:00", "2025-06-24T02:00:00+02:00", "2025-06-24T00:00Z"]
)
def test_other_spellings_of_one_instant(text: str) -> None:
    assert rfc3339(parse_time(text)) == "2025-06-24T00:00:00Z"


@pytest.mark.parametrize(
    "text", ["", "yesterday", "1e400", "24.6.2025", "2025-13-01", "9999-12-31", "0001-01-01"]
)
def test_what_is_no_time_we_can_hold_is_refused_by_name(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_time(text, "from")
    assert refused.value.field == "from" and refused.value.fix


def test_time_never_goes_back() -> None:
    clock = SimClock(5)
    clock.advance(0)
    with pytest.raises(ValueError, match="never"):
        clock.advance(-1)
    assert clock.now() == 5
