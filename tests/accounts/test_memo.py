"""Signing in by a memo: a transaction that is signed, never sent, and could move nothing."""

import base64
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import Message, MessageV0
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.transaction import Transaction, VersionedTransaction

from hydradesk.accounts.contracts.refusals import (
    DomainMismatch,
    MessageMalformed,
    NonceInvalid,
    SignatureInvalid,
)
from hydradesk.accounts.service.sign_in import SignedIn
from hydradesk.adapters.solana import Ed25519
from tests.accounts.room import Room, Wallet

MEMO = Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")
OLD_MEMO = Pubkey.from_string("Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo")


def memo(key: Keypair, text: str | bytes, program: Pubkey = MEMO) -> Instruction:
    data = text.encode() if isinstance(text, str) else text
    return Instruction(program, data, [AccountMeta(key.pubkey(), True, False)])


def legacy(key: Keypair, instructions: Sequence[Instruction]) -> bytes:
    message = Message.new_with_blockhash(list(instructions), key.pubkey(), Hash.default())
    return bytes(Transaction([key], message, Hash.default()))


def versioned(key: Keypair, instructions: Sequence[Instruction]) -> bytes:
    message = MessageV0.try_compile(key.pubkey(), list(instructions), [], Hash.default())
    return bytes(VersionedTransaction(message, [key]))


async def entered(room: Room, wallet: Wallet, build: Any, **changes: Any) -> SignedIn:
    text = wallet.message(await room.wallets.offer("siws"), **changes)
    raw = base64.b64encode(build(text)).decode()
    outcome = await room.wallets.memo(wallet.address, raw, None)
    assert isinstance(outcome, SignedIn)
    return outcome


@pytest.mark.parametrize("form", [legacy, versioned])
@pytest.mark.parametrize("program", [MEMO, OLD_MEMO])
async def test_a_memo_signs_in_the_same_person_as_a_message(
    room: Room, form: Any, program: Pubkey
) -> None:
    wallet = Wallet("siws")
    first = await entered(
        room, wallet, lambda text: form(wallet.solana, [memo(wallet.solana, text, program)])
    )
    budget = [set_compute_unit_limit(10_000), set_compute_unit_price(1)]
    second = await entered(
        room, wallet, lambda text: form(wallet.solana, [*budget, memo(wallet.solana, text)])
    )
    text = wallet.message(await room.wallets.offer("siws"))
    plain = await room.wallets.sign_in("siws", text, wallet.sign(text), None)
    assert isinstance(plain, SignedIn)
    assert first.person.id == second.person.id == plain.person.id


async def test_a_memo_works_once_and_only_for_this_desk(room: Room) -> None:
    wallet = Wallet("siws")
    text = wallet.message(await room.wallets.offer("siws"))
    raw = base64.b64encode(legacy(wallet.solana, [memo(wallet.solana, text)])).decode()
    await room.wallets.memo(wallet.address, raw, None)
    with pytest.raises(NonceInvalid):
        await room.wallets.memo(wallet.address, raw, None)
    with pytest.raises(DomainMismatch):
        await entered(
            room,
            wallet,
            lambda said: legacy(wallet.solana, [memo(wallet.solana, said)]),
            domain="evil.example",
        )


OWN, OTHER = Wallet("siws"), Wallet("siws", 2)
PAY = transfer(
    TransferParams(from_pubkey=OWN.solana.pubkey(), to_pubkey=OTHER.solana.pubkey(), lamports=1)
)
STRANGE = Instruction(OTHER.solana.pubkey(), b"x", [])


@pytest.mark.parametrize(
    "build",
    {
        "a transfer beside it": lambda said: legacy(OWN.solana, [memo(OWN.solana, said), PAY]),
        "a transfer alone": lambda said: legacy(OWN.solana, [PAY]),
        "another program": lambda said: legacy(OWN.solana, [memo(OWN.solana, said), STRANGE]),
        "two memos": lambda said: legacy(OWN.solana, [memo(OWN.solana, said)] * 2),
        "no memo": lambda said: legacy(OWN.solana, [set_compute_unit_limit(1)]),
        "nothing": lambda said: legacy(OWN.solana, []),
        "not text": lambda said: legacy(OWN.solana, [memo(OWN.solana, b"\xff\xfe")]),
        "not a message": lambda said: legacy(OWN.solana, [memo(OWN.solana, "hello")]),
        "cut": lambda said: legacy(OWN.solana, [memo(OWN.solana, said)])[:-1],
        "more after it": lambda said: legacy(OWN.solana, [memo(OWN.solana, said)]) + b"\0",
        "empty": lambda said: b"",
        "too large": lambda said: bytes(1233),
    }.values(),
)
async def test_what_is_not_one_memo_is_malformed(room: Room, build: Any) -> None:
    with pytest.raises(MessageMalformed):
        await entered(room, OWN, build)
    assert room.sessions.opened == []


def two_signers(said: str) -> bytes:
    both = Instruction(
        MEMO,
        said.encode(),
        [AccountMeta(one.solana.pubkey(), True, False) for one in (OWN, OTHER)],
    )
    message = Message.new_with_blockhash([both], OWN.solana.pubkey(), Hash.default())
    return bytes(Transaction([OWN.solana, OTHER.solana], message, Hash.default()))


async def test_more_signers_than_the_wallet_are_refused(room: Room) -> None:
    with pytest.raises(MessageMalformed):
        await entered(room, OWN, two_signers)


def unsigned(said: str) -> bytes:
    instructions = [memo(OWN.solana, said)]
    return bytes(Transaction.new_with_payer(instructions, OWN.solana.pubkey()))


@pytest.mark.parametrize(
    "build",
    [
        unsigned,
        lambda said: legacy(OTHER.solana, [memo(OTHER.solana, said)]),
        lambda said: (
            legacy(OWN.solana, [memo(OWN.solana, said)])[:1]
            + bytes(64)
            + legacy(OWN.solana, [memo(OWN.solana, said)])[65:]
        ),
    ],
)
async def test_a_memo_that_the_address_did_not_sign(room: Room, build: Any) -> None:
    with pytest.raises(SignatureInvalid):
        await entered(room, OWN, build)


async def test_a_memo_signed_by_one_that_names_another(room: Room) -> None:
    text = OTHER.message(await room.wallets.offer("siws"))
    raw = base64.b64encode(legacy(OWN.solana, [memo(OWN.solana, text)])).decode()
    with pytest.raises(SignatureInvalid):
        await room.wallets.memo(OWN.address, raw, None)


@given(st.binary(max_size=400))
def test_any_bytes_are_malformed_and_break_nothing(raw: bytes) -> None:
    with pytest.raises((MessageMalformed, SignatureInvalid)):
        Ed25519().memo(OWN.address, raw)


GOOD = legacy(OWN.solana, [memo(OWN.solana, "a memo")])


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_any_byte_changed_is_refused(at: int, by: int) -> None:
    raw = GOOD[:at] + bytes([GOOD[at] ^ by]) + GOOD[at + 1 :]
    with pytest.raises((MessageMalformed, SignatureInvalid)):
        Ed25519().memo(OWN.address, raw)
