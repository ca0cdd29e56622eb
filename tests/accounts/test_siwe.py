"""Every published EIP-4361 message is read; everything else is malformed, and nothing else."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydradesk.accounts.contracts.refusals import (
    ChainMismatch,
    DomainMismatch,
    MessageExpired,
    MessageMalformed,
)
from hydradesk.accounts.domain import siwe
from hydradesk.accounts.domain.signin import Expected, SignInMessage, check, instant
from hydradesk.kernel.time import MINUTE, SECOND, TimeNs

FIELDS = {
    "chainId": "chain_id",
    "issuedAt": "issued_at",
    "expirationTime": "expiration_time",
    "notBefore": "not_before",
    "requestId": "request_id",
}
ADDRESS = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
ISSUED = "2025-06-24T12:00:00Z"
GOOD = SignInMessage(
    domain="desk.example",
    address=ADDRESS,
    statement="Sign in to Hydradesk.",
    uri="https://desk.example/sign-in",
    version="1",
    chain_id="1",
    nonce="abcdefgh12345678",
    issued_at=ISSUED,
    expiration_time="2025-06-24T12:10:00Z",
    not_before="2025-06-24T11:59:00Z",
    request_id="r-1",
    resources=("https://desk.example/tos",),
)
EXPECTED = Expected(
    origin="https://desk.example", chains=frozenset({"1"}), now=instant(ISSUED, "now")
)


@pytest.fixture(scope="session")
def vectors(shared: Path) -> dict[str, Any]:
    return json.loads((shared / "vectors/siwe_eip4361_positive.json").read_text())  # type: ignore[no-any-return]


def ours(fields: dict[str, Any]) -> SignInMessage:
    named = {FIELDS.get(name, name): value for name, value in fields.items()}
    named["chain_id"] = str(named["chain_id"])
    if "resources" in named:
        named["resources"] = tuple(named["resources"])
    for extra in ("signature", "time"):
        named.pop(extra, None)
    return SignInMessage(**named)


def test_every_published_message_is_read_and_written_again(vectors: dict[str, Any]) -> None:
    assert len(vectors["parsing_positive"]) >= 18
    for name, one in vectors["parsing_positive"].items():
        assert siwe.parse(one["message"]) == ours(one["fields"]), name
        assert siwe.write(ours(one["fields"])) == one["message"], name
    for name, one in vectors["verification_positive"].items():
        assert siwe.parse(siwe.write(ours(one))) == ours(one), name
    for name, one in vectors["eip1271"].items():
        assert siwe.write(siwe.parse(one["message"])) == one["message"], name


def changed(old: str, new: str, *, all_of_them: bool = False) -> str:
    text = siwe.write(GOOD)
    assert old in text
    return text.replace(old, new) if all_of_them else text.replace(old, new, 1)


def bad_heads() -> dict[str, str]:
    good = siwe.write(GOOD)
    return {
        "empty": "",
        "space before": " " + good,
        "line feed after": good + "\n",
        "text after": good + "\nmore",
        "CRLF": good.replace("\n", "\r\n"),
        "CR": good.replace("\n", "\r"),
        "line separator": good.replace("\n", "\u2028"),
        "NUL": changed("Hydradesk", "Hydra\0desk"),
        "tab": changed("Sign in to", "Sign\tin to"),
        "escape": changed("Sign in to", "\x1b[2JSign in to"),
        "C1 control": changed("Sign in to", "\x85Sign in to"),
        "lone surrogate": changed("Sign", "\ud800Sign"),
        "too long": changed("Sign in to", "a" * 4096),
        "two statements": changed("Hydradesk.", "Hydradesk.\nAnd more."),
        "statement in another script": changed("Hydradesk", "Hydr\u0430desk"),
        "quotes in the statement": changed("Hydradesk", '"Hydradesk"'),
        "another product": changed("Ethereum account", "Solana account"),
        "capitals": changed("wants you", "Wants you"),
        "no domain": changed("desk.example wants", " wants"),
        "mixed script domain": changed("desk.example", "d\u0435sk.example"),
        "full-width domain": changed("desk.example", "\uff44\uff45\uff53\uff4b.\uff45xample"),
        "full-width dot": changed("desk.example", "desk\uff0eexample"),
        "zero-width domain": changed("desk.example", "desk\u200b.example"),
        "domain with a path": changed("desk.example", "desk.example/x"),
        "domain with a space": changed("desk.example", "desk example"),
        "domain with a backslash": changed("desk.example", "desk.example\\@x"),
        "port with letters": changed("desk.example", "desk.example:80a"),
        "unclosed bracket": changed("desk.example", "[::1"),
        "scheme of nothing": changed("desk.example", "://desk.example"),
        "scheme with a digit first": changed("desk.example", "1http://desk.example"),
    }


def bad_fields() -> dict[str, str]:
    swapped = siwe.write(GOOD).split("\n")
    swapped[5], swapped[6] = swapped[6], swapped[5]
    return {
        "lower-case address": changed(ADDRESS, ADDRESS.lower()),
        "upper-case address": changed(ADDRESS, "0x" + ADDRESS[2:].upper()),
        "one wrong capital": changed("0xC02a", "0xc02a"),
        "short address": changed(ADDRESS, ADDRESS[:-1]),
        "long address": changed(ADDRESS, ADDRESS + "0"),
        "address of other letters": changed(ADDRESS, ADDRESS[:-1] + "g"),
        "address without 0x": changed(ADDRESS, ADDRESS[2:]),
        "full-width digit": changed(ADDRESS, ADDRESS[:-1] + "\uff12"),
        "no empty line after the address": changed(ADDRESS + "\n", ADDRESS),
        "no empty line after the statement": changed("Hydradesk.\n\n", "Hydradesk.\n"),
        "two empty lines": changed("Hydradesk.\n\n", "Hydradesk.\n\n\n"),
        "swapped fields": "\n".join(swapped),
        "URI twice": changed("Version: 1", "URI: https://desk.example/\nVersion: 1"),
        "no colon space": changed("Nonce: ", "Nonce:"),
        "lower-case label": changed("Nonce: ", "nonce: "),
        "version 2": changed("Version: 1", "Version: 2"),
        "version 01": changed("Version: 1", "Version: 01"),
        "chain of letters": changed("Chain ID: 1", "Chain ID: one"),
        "chain in hex": changed("Chain ID: 1", "Chain ID: 0x1"),
        "negative chain": changed("Chain ID: 1", "Chain ID: -1"),
        "Arabic digits": changed("Chain ID: 1", "Chain ID: \u0661"),
        "no chain": changed("Chain ID: 1\n", ""),
        "short nonce": changed("abcdefgh12345678", "abcdefg"),
        "nonce with a dash": changed("abcdefgh12345678", "abcdefgh-1234567"),
        "relative URI": changed("URI: https://desk.example/sign-in", "URI: /sign-in"),
        "URI with a space": changed("/sign-in", "/sign in"),
        "URI with a wrong escape": changed("/sign-in", "/%zz"),
        "URI in another script": changed("/sign-in", "/s\u00efgn-in"),
        "resource without dash": changed("- https://desk", "https://desk"),
        "resource that is none": changed("- https://desk.example/tos", "- tos"),
        "empty line among resources": changed("Resources:\n", "Resources:\n\n"),
        "request id with a space": changed("r-1", "r 1"),
        "not before after request id": changed(
            "Not Before: 2025-06-24T11:59:00Z\nRequest ID: r-1",
            "Request ID: r-1\nNot Before: 2025-06-24T11:59:00Z",
        ),
    }


BAD_TIMES = (
    "2025-06-24",
    "2025-06-24 12:00:00Z",
    "2025-06-24T12:00:00",
    "2025-06-24t12:00:00z",
    "2025-06-24T12:00Z",
    "2025-06-24T25:00:00Z",
    "2025-02-30T12:00:00Z",
    "2025-13-01T12:00:00Z",
    "0000-01-01T00:00:00Z",
    "2025-06-24T12:00:00.Z",
    "2025-06-24T12:00:00.1234567890Z",
    "2025-06-24T12:00:00+2:00",
    "2025-06-24T12:00:00+24:00",
    "\u0662025-06-24T12:00:00Z",
    "1750766400",
    "",
)


def bad_times() -> dict[str, str]:
    issued = f"Issued At: {ISSUED}"
    return {f"issued at {time!r}": changed(issued, f"Issued At: {time}") for time in BAD_TIMES}


BAD = bad_heads() | bad_fields() | bad_times()


@pytest.mark.parametrize("name", BAD)
def test_what_the_grammar_does_not_derive_is_malformed(name: str) -> None:
    with pytest.raises(MessageMalformed) as refused:
        siwe.parse(BAD[name])
    assert refused.value.field == "message" and refused.value.fix


def test_every_cut_is_malformed_or_a_shorter_message() -> None:
    """Cut inside an optional tail and another message may be left, which then is not signed."""
    good = siwe.write(GOOD)
    read = 0
    for end in range(len(good)):
        try:
            siwe.parse(good[:end])
        except MessageMalformed:
            continue
        read += 1
        assert end > good.index("Issued At: ")
    assert read < 60


def test_lines_removed_one_by_one() -> None:
    lines = siwe.write(GOOD).split("\n")
    optional = {line for line in lines if line.startswith(("Exp", "Not", "Req", "- "))}
    for number, line in enumerate(lines):
        rest = "\n".join([*lines[:number], *lines[number + 1 :]])
        if line in optional or line == GOOD.statement:
            continue
        with pytest.raises(MessageMalformed):
            siwe.parse(rest)


def test_a_message_for_us_now_passes() -> None:
    check(GOOD, EXPECTED)
    check(msgspec.structs.replace(GOOD, scheme="https"), EXPECTED)


@pytest.mark.parametrize(
    "change",
    [
        {"domain": "evil.example"},
        {"domain": "desk.example:443"},
        {"domain": "user@desk.example"},
        {"domain": "xn--dsk-hoa.example"},
        {"domain": "xn--esk-7cd.example"},
        {"domain": "DESK.example"},
        {"domain": "desk.example."},
        {"domain": "desk%2Eexample"},
        {"domain": "desk.example.evil.example"},
        {"scheme": "http"},
        {"uri": "https://evil.example/sign-in"},
        {"uri": "http://desk.example/sign-in"},
        {"uri": "https://desk.example:444/"},
        {"uri": "https://desk.example@evil.example/"},
        {"uri": "https://evil@desk.example/"},
        {"uri": "https://[1::2::3]/"},
        {"uri": "urn:desk.example"},
    ],
)
def test_a_message_for_another_site_is_refused(change: dict[str, str]) -> None:
    message = siwe.parse(siwe.write(msgspec.structs.replace(GOOD, **change)))
    with pytest.raises(DomainMismatch):
        check(message, EXPECTED)


def test_a_message_for_another_chain_is_refused() -> None:
    for other in ("5", "01", "11155111"):
        with pytest.raises(ChainMismatch):
            check(msgspec.structs.replace(GOOD, chain_id=other), EXPECTED)


@pytest.mark.parametrize("minutes", [-5, 0, 5])
def test_a_clock_five_minutes_off_is_borne(minutes: int) -> None:
    lasting = msgspec.structs.replace(GOOD, expiration_time=None, not_before=None)
    at = TimeNs(EXPECTED.now + minutes * MINUTE)
    check(lasting, msgspec.structs.replace(EXPECTED, now=at))


@pytest.mark.parametrize("off", [-5 * MINUTE - 1, 5 * MINUTE + 1])
def test_a_clock_further_off_is_not(off: int) -> None:
    lasting = msgspec.structs.replace(GOOD, expiration_time=None, not_before=None)
    with pytest.raises(MessageExpired):
        check(lasting, msgspec.structs.replace(EXPECTED, now=TimeNs(EXPECTED.now + off)))


def test_expiry_and_not_before_count_to_the_nanosecond() -> None:
    soon = "2025-06-24T12:00:01.000000001Z"
    ends = msgspec.structs.replace(GOOD, expiration_time=soon)
    begins = msgspec.structs.replace(GOOD, not_before=soon)
    then = EXPECTED.now + SECOND + 1
    at = msgspec.structs.replace(EXPECTED, now=TimeNs(then))
    just = msgspec.structs.replace(EXPECTED, now=TimeNs(then - 1))
    check(begins, at)
    check(ends, just)
    with pytest.raises(MessageExpired):
        check(ends, at)
    with pytest.raises(MessageExpired):
        check(begins, just)


def test_zones_are_understood() -> None:
    assert instant("2025-06-24T14:00:00+02:00", "x") == instant("2025-06-24T12:00:00Z", "x")


ASCII_TEXT = st.text(alphabet="abcXYZ019 -._~:/?#[]@!$&'()*+,;=", min_size=1, max_size=60)
TIMES = st.datetimes().map(lambda at: at.isoformat(timespec="milliseconds") + "Z")
HOSTS = st.from_regex(r"[a-z][a-z0-9-]{0,20}(\.[a-z]{2,5})?(:[0-9]{1,5})?", fullmatch=True)
URIS = st.builds("https://{}/{}".format, HOSTS, st.from_regex(r"[a-z0-9/]{0,20}", fullmatch=True))
MESSAGES = st.builds(
    SignInMessage,
    scheme=st.none() | st.sampled_from(["https", "http"]),
    domain=HOSTS,
    address=st.binary(min_size=20, max_size=20).map(lambda b: siwe.checksummed("0x" + b.hex())),
    statement=st.none() | ASCII_TEXT,
    uri=URIS,
    version=st.just("1"),
    chain_id=st.integers(0, 10**18).map(str),
    nonce=st.from_regex(r"[A-Za-z0-9]{8,40}", fullmatch=True),
    issued_at=TIMES,
    expiration_time=st.none() | TIMES,
    not_before=st.none() | TIMES,
    request_id=st.none() | st.from_regex(r"[a-z0-9:@]{0,20}", fullmatch=True),
    resources=st.none() | st.lists(URIS, max_size=4).map(tuple),
)


@given(MESSAGES)
def test_what_is_written_is_read(message: SignInMessage) -> None:
    assert siwe.parse(siwe.write(message)) == message


def judged(text: str) -> None:
    try:
        message = siwe.parse(text)
        check(message, EXPECTED)
    except (MessageMalformed, DomainMismatch, ChainMismatch, MessageExpired):
        return
    assert message.domain == "desk.example"


@given(st.text())
def test_any_text_is_a_message_or_malformed(text: str) -> None:
    judged(text)
    judged(f"{text}{siwe.HEAD}\n{ADDRESS}")


@given(MESSAGES, st.integers(0, 400), st.integers(0, 3), st.text(max_size=4))
def test_a_message_changed_anywhere_is_a_message_or_malformed(
    message: SignInMessage, at: int, cut: int, put: str
) -> None:
    text = siwe.write(message)
    judged(text[:at] + put + text[at + cut :])
