"""A wallet signs in once with each message; every other message, nonce or signature is refused."""

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account as EthereumAccount
from eth_account.messages import encode_typed_data

from hydradesk.accounts.contracts.refusals import (
    AccountSuspended,
    ChainMismatch,
    ContractWalletRefused,
    DomainMismatch,
    MessageExpired,
    MessageMalformed,
    NonceInvalid,
    SignatureInvalid,
)
from hydradesk.accounts.contracts.security import FeatureOff
from hydradesk.accounts.domain import siwe, siws
from hydradesk.accounts.service.sign_in import SignedIn
from hydradesk.adapters.evm import Secp256k1
from hydradesk.adapters.evm.keys import HALF_ORDER
from hydradesk.adapters.solana import Ed25519
from hydradesk.adapters.solana.keys import ORDER
from hydradesk.kernel.errors import Invalid
from hydradesk.kernel.time import MINUTE
from tests.accounts.room import Room, Wallet
from tests.accounts.test_siwe import ours

KINDS = ["siwe", "siws"]
CURVE = 2 * HALF_ORDER + 1


async def entered(room: Room, wallet: Wallet, **changes: Any) -> SignedIn:
    text = wallet.message(await room.wallets.offer(wallet.kind), **changes)
    outcome = await room.wallets.sign_in(wallet.kind, text, wallet.sign(text), None)
    assert isinstance(outcome, SignedIn)
    return outcome


@pytest.mark.parametrize("kind", KINDS)
async def test_the_first_sign_in_makes_a_person_and_the_next_finds_them(
    room: Room, kind: str
) -> None:
    first, second = await entered(room, Wallet(kind)), await entered(room, Wallet(kind))
    other = await entered(room, Wallet(kind, 2))
    assert first.person.id == second.person.id != other.person.id
    assert first.person.role == "user" and len(first.person.referral_code) == 8
    assert first.issued.session != second.issued.session
    assert [one.chain for one in room.audit.told("auth.signed_up")] == [
        first.person.id,
        other.person.id,
    ]
    assert len(room.audit.told("auth.signed_in")) == 3
    assert room.sessions.opened[0] == (first.person.id, kind, False)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_message_works_once_however_often_it_is_sent(room: Room, kind: str) -> None:
    wallet = Wallet(kind)
    text = wallet.message(await room.wallets.offer(wallet.kind))
    tries = [room.wallets.sign_in(wallet.kind, text, wallet.sign(text), None) for _ in range(8)]
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, SignedIn) for one in done) == 1
    assert sum(isinstance(one, NonceInvalid) for one in done) == 7
    assert len(room.audit.told("auth.signed_in", ok=False)) == 7
    assert len(room.sessions.opened) == 1


async def test_one_wallet_from_eight_sides_at_once_is_one_person(room: Room) -> None:
    done = await asyncio.gather(*(entered(room, Wallet("siws")) for _ in range(8)))
    assert len({one.person.id for one in done}) == 1


@pytest.mark.parametrize("kind", KINDS)
async def test_nonces_end_after_ten_minutes_and_are_for_one_kind(room: Room, kind: Any) -> None:
    other: Any = "siws" if kind == "siwe" else "siwe"
    wallet = Wallet(kind)
    foreign = await room.wallets.offer(other)
    ours = await room.wallets.offer(kind)
    text = wallet.message(ours, nonce=foreign.nonce)
    with pytest.raises(NonceInvalid):
        await room.wallets.sign_in(kind, text, wallet.sign(text), None)
    room.clock.advance(10 * MINUTE)
    late = wallet.message(ours, issued_at=_now(room), expiration_time=None)
    with pytest.raises(NonceInvalid):
        await room.wallets.sign_in(kind, late, wallet.sign(late), None)
    made_up = wallet.message(await room.wallets.offer(kind), nonce="0123456789abcdef")
    with pytest.raises(NonceInvalid):
        await room.wallets.sign_in(kind, made_up, wallet.sign(made_up), None)


def _now(room: Room) -> str:
    from hydradesk.kernel.time import rfc3339

    return rfc3339(room.clock.now())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"domain": "evil.example"}, DomainMismatch),
        ({"domain": "user@desk.example"}, DomainMismatch),
        ({"domain": "xn--dsk-hoa.example"}, DomainMismatch),
        ({"uri": "https://evil.example"}, DomainMismatch),
        ({"issued_at": "2025-06-24T11:54:59Z"}, MessageExpired),
        ({"issued_at": "2025-06-24T12:05:01Z"}, MessageExpired),
        ({"expiration_time": "2025-06-24T12:00:00Z"}, MessageExpired),
        ({"not_before": "2025-06-24T12:00:01Z"}, MessageExpired),
    ],
)
async def test_a_message_for_elsewhere_or_another_time_is_refused(
    room: Room, kind: str, change: dict[str, str], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        await entered(room, Wallet(kind), **change)
    (told,) = room.audit.told("auth.signed_in", ok=False)
    assert told.after["method"] == kind and told.personal["address"] == Wallet(kind).address
    assert room.sessions.opened == []


async def test_each_kind_has_its_chains(room: Room) -> None:
    await entered(room, Wallet("siwe"), chain_id="31337")
    await entered(room, Wallet("siws"), chain_id="solana:mainnet")
    with pytest.raises(ChainMismatch):
        await entered(room, Wallet("siwe"), chain_id="5")
    with pytest.raises(ChainMismatch):
        await entered(room, Wallet("siws"), chain_id="devnet")


@pytest.mark.parametrize("left_out", ["uri", "version", "chain_id", "nonce", "issued_at"])
async def test_solanas_optional_fields_are_needed_to_sign_in(room: Room, left_out: str) -> None:
    with pytest.raises(MessageMalformed):
        await entered(room, Wallet("siws"), **{left_out: None})


def flipped(raw: bytes) -> bytes:
    return raw[:40] + bytes([raw[40] ^ 1]) + raw[41:]


def bad_ethereum(raw: bytes) -> dict[str, str]:
    s = int.from_bytes(raw[32:64], "big")
    high = raw[:32] + (CURVE - s).to_bytes(32, "big") + bytes([55 - raw[64]])
    compact = raw[:32] + (s | ((raw[64] - 27) << 255)).to_bytes(32, "big")
    return {
        "malleable": high.hex(),
        "a bit changed": flipped(raw).hex(),
        "truncated": raw[:-1].hex(),
        "compact (EIP-2098)": compact.hex(),
        "empty": "0x",
        "nothing": "",
        "v 29": (raw[:64] + b"\x1d").hex(),
        "v 2": (raw[:64] + b"\x02").hex(),
        "the other v": (raw[:64] + bytes([55 - raw[64]])).hex(),
        "r 0": (bytes(32) + raw[32:]).hex(),
        "s 0": (raw[:32] + bytes(32) + raw[64:]).hex(),
        "s of the order": (raw[:32] + CURVE.to_bytes(32, "big") + raw[64:]).hex(),
        "all ones": (b"\xff" * 65).hex(),
        "zeros": bytes(65).hex(),
        "odd hex": raw.hex()[:-1],
        "not hex": "z" * 130,
    }


@pytest.mark.parametrize("name", bad_ethereum(bytes(range(64)) + b"\x1b"))
async def test_ethereums_wrong_signatures(room: Room, name: str) -> None:
    wallet = Wallet("siwe")
    text = wallet.message(await room.wallets.offer("siwe"))
    raw = bytes.fromhex(wallet.sign(text)[2:])
    with pytest.raises(SignatureInvalid):
        await room.wallets.sign_in("siwe", text, bad_ethereum(raw)[name], None)
    with pytest.raises(NonceInvalid):  # a try uses the nonce up
        await room.wallets.sign_in("siwe", text, wallet.sign(text), None)


async def test_v_of_0_and_1_is_right_too(room: Room) -> None:
    wallet = Wallet("siwe")
    text = wallet.message(await room.wallets.offer("siwe"))
    raw = bytes.fromhex(wallet.sign(text)[2:])
    low = (raw[:64] + bytes([raw[64] - 27])).hex()
    assert isinstance(await room.wallets.sign_in("siwe", text, low, None), SignedIn)


async def test_without_a_node_contract_wallets_are_told_so(room: Room) -> None:
    wallet = Wallet("siwe")
    text = wallet.message(await room.wallets.offer("siwe"))
    with pytest.raises(ContractWalletRefused) as refused:
        await room.wallets.sign_in("siwe", text, "0x" + "11" * 130, None)
    assert refused.value.code == "contract_wallet_unsupported"


def bad_solana(raw: bytes) -> dict[str, str]:
    s = int.from_bytes(raw[32:], "little")
    return {
        "s beyond the order": (raw[:32] + (s + ORDER).to_bytes(32, "little")).hex(),
        "a bit changed": flipped(raw).hex(),
        "truncated": raw[:-1].hex(),
        "one more": siws.encoded(raw + b"\0"),
        "nothing": "",
        "zeros": bytes(64).hex(),
        "base64 cut": base64.b64encode(raw).decode()[:-5],
        "another alphabet": "0OIl" * 22,
    }


@pytest.mark.parametrize("name", bad_solana(bytes(64)))
async def test_solanas_wrong_signatures(room: Room, name: str) -> None:
    wallet = Wallet("siws")
    text = wallet.message(await room.wallets.offer("siws"))
    raw = siws.decoded(wallet.sign(text)) or b""
    with pytest.raises(SignatureInvalid):
        await room.wallets.sign_in("siws", text, bad_solana(raw)[name], None)


@pytest.mark.parametrize("spelling", ["base58", "base64", "hex", "0x"])
async def test_solanas_signature_in_every_spelling(room: Room, spelling: str) -> None:
    wallet = Wallet("siws")
    text = wallet.message(await room.wallets.offer("siws"))
    raw = siws.decoded(wallet.sign(text)) or b""
    spelled = {
        "base58": wallet.sign(text),
        "base64": base64.b64encode(raw).decode(),
        "hex": raw.hex(),
        "0x": "0x" + raw.hex(),
    }
    assert isinstance(await room.wallets.sign_in("siws", text, spelled[spelling], None), SignedIn)


@pytest.mark.parametrize("kind", KINDS)
async def test_anothers_signature_is_not_this_addresss(room: Room, kind: str) -> None:
    wallet, thief = Wallet(kind), Wallet(kind, 2)
    text = wallet.message(await room.wallets.offer(wallet.kind))
    with pytest.raises(SignatureInvalid):
        await room.wallets.sign_in(wallet.kind, text, thief.sign(text), None)
    again = wallet.message(await room.wallets.offer(wallet.kind))
    with pytest.raises(SignatureInvalid):
        await room.wallets.sign_in(wallet.kind, again, wallet.sign(text), None)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", ["suspended", "erased"])
async def test_who_is_suspended_or_erased_stays_out(room: Room, kind: str, status: str) -> None:
    known = await entered(room, Wallet(kind))
    await room.suspend(known.person.id, status)
    with pytest.raises(AccountSuspended) as refused:
        await entered(room, Wallet(kind))
    assert refused.value.code == "account_suspended"
    (told,) = room.audit.told("auth.signed_in", ok=False)
    assert told.chain == known.person.id
    assert len(room.sessions.opened) == 1


async def test_a_closed_desk_lets_only_those_in_whom_it_knows(room: Room) -> None:
    known = await entered(room, Wallet("siwe"))
    await room.features.set("sign_up", False)
    assert (await entered(room, Wallet("siwe"))).person.id == known.person.id
    with pytest.raises(FeatureOff):
        await entered(room, Wallet("siwe", 2))


async def test_who_sent_somebody_is_remembered_from_the_first_sign_in(room: Room) -> None:
    sender = (await entered(room, Wallet("siwe"))).person
    guest = Wallet("siws", 2)

    async def come(code: str) -> SignedIn:
        text = guest.message(await room.wallets.offer("siws"))
        outcome = await room.wallets.sign_in("siws", text, guest.sign(text), code)
        assert isinstance(outcome, SignedIn)
        return outcome

    with pytest.raises(Invalid) as refused:
        await come("NOBODYS1")
    assert refused.value.field == "referrer"
    assert (await come(sender.referral_code.lower())).person.referrer == sender.id
    other = (await entered(room, Wallet("siwe", 3))).person
    assert (await come(other.referral_code)).person.referrer == sender.id


async def test_the_published_signatures_verify(shared: Path) -> None:
    vectors = json.loads((shared / "vectors/siwe_eip4361_positive.json").read_text())
    ethereum, solana = Secp256k1(), Ed25519()
    for name, one in vectors["verification_positive"].items():
        digest = siwe.personal_digest(siwe.write(ours(one)).encode())
        raw = bytes.fromhex(one["signature"][2:])
        assert ethereum.recover(digest, raw) == one["address"], name
    for name, one in vectors["eip1271"].items():  # contracts: no key of theirs signs
        raw = bytes.fromhex(one["signature"][2:])
        digest = siwe.personal_digest(one["message"].encode())
        assert ethereum.recover(digest, raw) != siwe.parse(one["message"]).address, name
    published = json.loads((shared / "vectors/siws_solana_positive.json").read_text())
    for one in published["positive"]:
        raw = bytes.fromhex(one["signature_hex"])
        assert solana.signed(one["address"], one["message"].encode(), raw), one["name"]
        assert not solana.signed(one["address"], one["message"].encode() + b" ", raw)


async def test_the_published_ethereum_digests(shared: Path) -> None:
    vectors = json.loads((shared / "vectors/eip191_eip712.json").read_text())
    for one in vectors["eip191"]:
        digest = siwe.personal_digest(one["message"].encode())
        assert digest.hex() == one["message_hash"][2:]
        raw = bytes.fromhex(one["signature"][2:])
        assert Secp256k1().recover(digest, raw) == one["address"]
    mail = vectors["eip712_mail"]
    signable = encode_typed_data(full_message=mail["typed_data"])
    assert (
        EthereumAccount.recover_message(
            signable, vrs=(mail["v"], int(mail["r"], 16), int(mail["s"], 16))
        )
        == mail["signer"]
    )
    raw = bytes.fromhex(mail["r"][2:] + mail["s"][2:]) + bytes([mail["v"]])
    assert Secp256k1().recover(bytes.fromhex(mail["digest"][2:]), raw) == mail["signer"]
