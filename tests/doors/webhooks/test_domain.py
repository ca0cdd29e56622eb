"""Signatures by the published vector; waiting times; what answers mean."""

import base64
import hashlib
import hmac
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydradesk.doors.webhooks import domain
from hydradesk.doors.webhooks.domain import Terms
from hydradesk.kernel.errors import Invalid
from hydradesk.kernel.time import DAY, HOUR, SECOND, TimeNs

TERMS = Terms()
NOW = TimeNs(1_700_000_000 * SECOND)


@pytest.fixture
def vector(shared: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads((shared / "vectors/standard_webhooks.json").read_text())
    return found


def test_the_published_signature_holds(vector: dict[str, str]) -> None:
    key = domain.read_secret(vector["secret"])
    at = TimeNs(int(vector["timestamp"]) * SECOND)
    said = domain.headers([key], vector["msg_id"], at, vector["payload"].encode())
    assert said["webhook-signature"] == vector["signature"]
    assert said["webhook-timestamp"] == str(vector["timestamp"])
    assert set(vector["headers"]) <= set(said)


def accepts(secret: bytes, headers: dict[str, str], body: bytes, now_s: int) -> bool:
    """What a receiver does, as docs/webhooks.md shows it."""
    at = headers.get("webhook-timestamp", "")
    if not at.isdigit() or abs(now_s - int(at)) > 300:
        return False
    said = f"{headers.get('webhook-id')}.{at}.".encode() + body
    mine = "v1," + base64.b64encode(hmac.digest(secret, said, hashlib.sha256)).decode()
    given = headers.get("webhook-signature", "").split(" ")
    return any(hmac.compare_digest(mine.encode(), one.encode()) for one in given)


def test_a_receiver_tells_ours_from_others(vector: dict[str, str]) -> None:
    body, now = vector["payload"].encode(), int(vector["timestamp"])
    old, new = domain.read_secret(vector["secret"]), b"n" * 24
    good = domain.headers([new, old], vector["msg_id"], TimeNs(now * SECOND), body)
    assert accepts(old, good, body, now) and accepts(new, good, body, now + 299)
    assert not accepts(old, good, body, now + 301) and not accepts(old, good, body, now - 301)
    assert not accepts(old, good, body + b" ", now)
    assert not accepts(b"other" * 5, good, body, now)
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        assert not accepts(old, {k: v for k, v in good.items() if k != name}, body, now)
    second = good["webhook-signature"].replace("v1,", "v2,")
    assert not accepts(old, good | {"webhook-signature": second}, body, now)


def test_a_secret_is_what_it_was_made_of() -> None:
    assert domain.read_secret(domain.write_secret(b"\xff" * 24)) == b"\xff" * 24
    with pytest.raises(Invalid):
        domain.read_secret("whsec_not base64!")


def test_ten_attempts_take_most_of_a_day() -> None:
    waits = [domain.backoff(n, 0.5, TERMS) for n in range(1, 10)]
    assert [(one or 0) // SECOND for one in waits[:4]] == [10, 30, 90, 270]
    assert domain.backoff(10, 0.5, TERMS) is None
    assert 20 * HOUR < sum(one or 0 for one in waits) < 30 * HOUR


@given(st.integers(1, 9), st.floats(0, 1, exclude_max=True))
def test_no_wait_leaves_its_band(attempts: int, chance: float) -> None:
    middle, wait = domain.backoff(attempts, 0.5, TERMS), domain.backoff(attempts, chance, TERMS)
    assert middle and wait and 0.8 * middle - 1 <= wait <= 1.2 * middle + 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 0),
        ("", 0),
        ("120", 120),
        (" 7 ", 7),
        ("0", 0),
        ("-5", 0),
        ("1e3", 0),
        ("soon", 0),
        ("999999999999999999999", 86_400),
        ("Tue, 14 Nov 2023 22:14:20 GMT", 60),
        ("Tue, 14 Nov 2023 22:10:00 GMT", 0),
        ("Fri, 14 Nov 2053 22:10:00 GMT", 86_400),
        ("٣", 0),
    ],
)
def test_what_a_target_may_ask(header: str | None, seconds: int) -> None:
    assert domain.asked_to_wait(header, NOW, TERMS) == seconds * SECOND


@given(st.text(max_size=40))
def test_no_header_breaks_the_reader(header: str) -> None:
    assert 0 <= domain.asked_to_wait(header, NOW, TERMS) <= DAY


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_any_success_is_one(status: int) -> None:
    assert domain.judge(status, 0, 1, 0.5, TERMS).delivered


@pytest.mark.parametrize("status", [301, 400, 401, 404, 429, 500, 503, 999])
def test_all_else_is_tried_again_and_ends(status: int) -> None:
    first = domain.judge(status, 0, 1, 0.5, TERMS)
    assert not first.delivered and first.wait_ns == 10 * SECOND and str(status) in str(first.error)
    assert domain.judge(status, 60 * SECOND, 1, 0.5, TERMS).wait_ns == 60 * SECOND
    assert domain.judge(status, 60 * SECOND, 10, 0.5, TERMS).wait_ns is None


def test_gone_is_gone() -> None:
    assert domain.judge(410, 0, 1, 0.5, TERMS).gone
