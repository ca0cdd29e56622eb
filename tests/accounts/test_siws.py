"""Every published Sign-In With Solana message is read; everything else is malformed."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydradesk.accounts.contracts.refusals import MessageMalformed
from hydradesk.accounts.domain import siws
from hydradesk.accounts.domain.signin import SignInMessage
from tests.accounts.test_siwe import FIELDS, HOSTS, TIMES, URIS

ADDRESS = "FVen3X669xLzsi6N2V91DoiyzHzg1uAgqiT8jZ9nS96Z"
GOOD = SignInMessage(
    domain="desk.example",
    address=ADDRESS,
    statement="Sign in to Hydradesk.",
    uri="https://desk.example/sign-in",
    version="1",
    chain_id="mainnet",
    nonce="abcdefgh12345678",
    issued_at="2025-06-24T12:00:00Z",
    expiration_time="2025-06-24T12:10:00Z",
    not_before="2025-06-24T11:59:00Z",
    request_id="r-1",
    resources=("https://desk.example/tos",),
)


@pytest.fixture(scope="session")
def vectors(shared: Path) -> list[dict[str, Any]]:
    return json.loads((shared / "vectors/siws_solana_positive.json").read_text())["positive"]  # type: ignore[no-any-return]


def ours(fields: dict[str, Any]) -> SignInMessage:
    named = {FIELDS.get(name, name): value for name, value in fields.items()}
    if "resources" in named:
        named["resources"] = tuple(named["resources"])
    return SignInMessage(**named)


def test_every_published_message_is_read_and_written_again(vectors: list[dict[str, Any]]) -> None:
    assert len(vectors) == 4
    for one in vectors:
        assert siws.parse(one["message"]) == ours(one["input"]), one["name"]
        assert siws.write(ours(one["input"])) == one["message"], one["name"]
        assert one["message"].encode().hex() == one["signedMessage_hex"]
        assert siws.decoded(one["address"]) == bytes.fromhex(one["publicKey_hex"])
        assert siws.encoded(bytes.fromhex(one["publicKey_hex"])) == one["address"]


def bad() -> dict[str, str]:
    good = siws.write(GOOD)

    def changed(old: str, new: str) -> str:
        assert old in good
        return good.replace(old, new, 1)

    lines = good.split("\n")
    lines[5], lines[6] = lines[6], lines[5]
    return {
        "empty": "",
        "line feed after": good + "\n",
        "text after": good + "\nmore",
        "CRLF": good.replace("\n", "\r\n"),
        "NUL": changed("Hydradesk", "Hydra\0desk"),
        "lone surrogate": changed("Sign", "\ud800Sign"),
        "too long": changed("Sign in to", "\u00e9" * 2048),
        "head only": good.split("\n", maxsplit=1)[0],
        "another product": changed("Solana account", "Ethereum account"),
        "scheme": changed("desk.example", "https://desk.example"),
        "no domain": changed("desk.example wants", " wants"),
        "mixed script domain": changed("desk.example", "d\u0435sk.example"),
        "full-width domain": changed("desk.example", "\uff44esk.example"),
        "zero-width domain": changed("desk.example", "desk\u200b.example"),
        "address with a zero": changed(ADDRESS, "0" + ADDRESS[1:]),
        "address with an l": changed(ADDRESS, "l" + ADDRESS[1:]),
        "short address": changed(ADDRESS, ADDRESS[:-2]),
        "long address": changed(ADDRESS, ADDRESS + "1"),
        "31 bytes": changed(ADDRESS, siws.encoded(bytes(31))),
        "33 bytes": changed(ADDRESS, "1" + siws.encoded(b"\x01" + bytes(31))),
        "Ethereum address": changed(ADDRESS, "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"),
        "statement of two lines": changed("Hydradesk.", "Hydradesk.\nMore."),
        "two statements": changed("Hydradesk.", "Hydradesk.\n\nMore."),
        "statement that looks like a field": changed("Sign in to", "Nonce: 12345678"),
        "no empty line": changed("Hydradesk.\n\n", "Hydradesk.\n"),
        "two empty lines": changed("Hydradesk.\n\n", "Hydradesk.\n\n\n"),
        "swapped fields": "\n".join(lines),
        "a field twice": changed("Version: 1", "Version: 1\nVersion: 1"),
        "an unknown field": changed("Version: 1", "Version: 1\nAmount: 5"),
        "version 2": changed("Version: 1", "Version: 2"),
        "unknown chain": changed("mainnet", "mainnet-beta"),
        "Ethereum's chain": changed("mainnet", "1"),
        "short nonce": changed("abcdefgh12345678", "abc"),
        "nonce with a space": changed("abcdefgh12345678", "abcdefgh 2345678"),
        "relative URI": changed("URI: https://desk.example/sign-in", "URI: sign-in"),
        "bad time": changed("Issued At: 2025-06-24T12:00:00Z", "Issued At: yesterday"),
        "bad request id": changed("r-1", "r 1"),
        "resource without dash": changed("- https://desk", "https://desk"),
        "resource that is none": changed("- https://desk.example/tos", "- tos"),
    }


@pytest.mark.parametrize("name", bad())
def test_what_is_not_of_the_form_is_malformed(name: str) -> None:
    with pytest.raises(MessageMalformed):
        siws.parse(bad()[name])


LINES = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=60)
LABELS = ("URI: ", "Version: ", "Chain ID: ", "Nonce: ", "Issued At: ", "Expiration Time: ")
MESSAGES = st.builds(
    SignInMessage,
    domain=HOSTS,
    address=st.binary(min_size=32, max_size=32).map(siws.encoded),
    statement=st.none() | LINES,
    uri=st.none() | URIS,
    version=st.none() | st.just("1"),
    chain_id=st.none() | st.sampled_from(["mainnet", "solana:devnet", "testnet", "localnet"]),
    nonce=st.none() | st.from_regex(r"[A-Za-z0-9]{8,40}", fullmatch=True),
    issued_at=st.none() | TIMES,
    expiration_time=st.none() | TIMES,
    not_before=st.none() | TIMES,
    request_id=st.none() | st.from_regex(r"[a-z0-9:@]{0,20}", fullmatch=True),
    resources=st.none() | st.lists(URIS, max_size=4).map(tuple),
)


@given(MESSAGES)
def test_what_is_written_is_read(message: SignInMessage) -> None:
    assert siws.parse(siws.write(message)) == message


def judged(text: str) -> None:
    try:
        message = siws.parse(text)
    except MessageMalformed:
        return
    assert siws.write(message) == text


@given(st.text())
def test_any_text_is_a_message_or_malformed(text: str) -> None:
    judged(text)
    judged(f"{text}{siws.HEAD}\n{ADDRESS}")
    judged(f"desk.example{siws.HEAD}\n{ADDRESS}{text}")


@given(MESSAGES, st.integers(0, 400), st.integers(0, 3), st.text(max_size=4))
def test_a_message_changed_anywhere_is_a_message_or_malformed(
    message: SignInMessage, at: int, cut: int, put: str
) -> None:
    text = siws.write(message)
    judged(text[:at] + put + text[at + cut :])


@given(st.binary(max_size=64))
def test_base58_both_ways(value: bytes) -> None:
    assert siws.decoded(siws.encoded(value)) == value
