"""A local Ethereum node (anvil) and a contract wallet whose code is assembled here.

The wallet answers isValidSignature(bytes32,bytes): it takes a plain 65-byte signature of its
owner's over the hash, checked by the ecrecover precompile, and says no to everything else.
"""

import itertools
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

PROGRAM = Path(__file__).parents[1] / "node/node_modules/.bin/anvil"
OPCODES = {
    "ADD": 0x01,
    "EQ": 0x14,
    "ISZERO": 0x15,
    "AND": 0x16,
    "BYTE": 0x1A,
    "SHR": 0x1C,
    "CALLDATALOAD": 0x35,
    "CODECOPY": 0x39,
    "MLOAD": 0x51,
    "MSTORE": 0x52,
    "JUMPI": 0x57,
    "GAS": 0x5A,
    "JUMPDEST": 0x5B,
    "STATICCALL": 0xFA,
    "RETURN": 0xF3,
    "REVERT": 0xFD,
}
_ids = itertools.count(1)


def assembled(source: str) -> bytes:
    """Assemble one instruction a line: an opcode, `PUSH 0x…`, `PUSH @label` or `label:`."""
    lines = [line.split(";")[0].split() for line in source.splitlines()]
    lines = [line for line in lines if line]
    places, at = {}, 0
    for line in lines:
        if line[0].endswith(":"):
            places[line[0][:-1]] = at
            at += 1
        elif line[0] == "PUSH":
            at += 1 + (2 if line[1].startswith("@") else len(line[1][2:]) // 2)
        else:
            at += 1
    code = b""
    for line in lines:
        if line[0].endswith(":"):
            code += bytes([OPCODES["JUMPDEST"]])
        elif line[0] == "PUSH":
            name = line[1]
            put = places[name[1:]].to_bytes(2, "big") if name[0] == "@" else bytes.fromhex(name[2:])
            code += bytes([0x5F + len(put)]) + put
        else:
            code += bytes([OPCODES[line[0]]])
    return code


WALLET = """
PUSH 0x00
CALLDATALOAD
PUSH 0xe0
SHR                    ; the selector
PUSH 0x1626ba7e
EQ
ISZERO
PUSH @no
JUMPI
PUSH 0x44
CALLDATALOAD           ; the signature's length
PUSH 0x41
EQ
ISZERO
PUSH @no
JUMPI
PUSH 0x04
CALLDATALOAD
PUSH 0x00
MSTORE                 ; hash
PUSH 0xa4
CALLDATALOAD           ; v is the first byte of the third word
PUSH 0x00
BYTE
PUSH 0x20
MSTORE                 ; v
PUSH 0x64
CALLDATALOAD
PUSH 0x40
MSTORE                 ; r
PUSH 0x84
CALLDATALOAD
PUSH 0x60
MSTORE                 ; s
PUSH 0x20              ; where and how much comes back
PUSH 0x80
PUSH 0x80
PUSH 0x00              ; what goes in: 128 bytes
PUSH 0x01              ; ecrecover
GAS
STATICCALL
ISZERO
PUSH @no
JUMPI
PUSH 0x80
MLOAD
PUSH $OWNER
EQ
ISZERO
PUSH @no
JUMPI
PUSH 0x1626ba7e00000000000000000000000000000000000000000000000000000000
PUSH 0x00
MSTORE                 ; yes
PUSH 0x20
PUSH 0x00
RETURN
no:
PUSH 0x00
PUSH 0x00
REVERT
"""
"""Calldata: selector at 0, hash at 4, offset at 36, length at 68, the signature at 100."""


def wallet_code(owner: str) -> bytes:
    """The wallet's runtime code."""
    return assembled(WALLET.replace("$OWNER", owner.lower()))


def creation_code(runtime: bytes) -> bytes:
    """What a transaction that makes a contract carries: copy the code that follows, return it."""
    head_size = 15
    size = f"0x{len(runtime):04x}"
    head = assembled(
        f"""
        PUSH {size}
        PUSH 0x{head_size:04x}
        PUSH 0x00
        CODECOPY
        PUSH {size}
        PUSH 0x00
        RETURN
        """
    )
    assert len(head) == head_size, len(head)
    return head + runtime


class Node:
    """A node's JSON-RPC."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, method: str, *parameters: Any) -> Any:
        body = {"jsonrpc": "2.0", "id": next(_ids), "method": method, "params": list(parameters)}
        said = httpx2.post(self.url, json=body).json()
        assert "error" not in said, said
        return said["result"]

    def deploy(self, runtime: bytes) -> str:
        """Make a contract with this code; returns its address."""
        (first, *_) = self.ask("eth_accounts")
        data = "0x" + creation_code(runtime).hex()
        sent = self.ask("eth_sendTransaction", {"from": first, "data": data, "gas": "0x4c4b40"})
        receipt = None
        for _ in range(100):  # the node mines at once, and tells a moment later
            receipt = self.ask("eth_getTransactionReceipt", sent)
            if receipt is not None:
                break
            time.sleep(0.05)
        assert receipt is not None and receipt["status"] == "0x1"
        made = str(receipt["contractAddress"])
        assert self.ask("eth_getCode", made, "latest") == "0x" + runtime.hex()
        return made


@contextmanager
def running() -> Iterator[Node]:
    """Start anvil (chain 31337) and stop it afterwards."""
    if not PROGRAM.exists() or shutil.which("node") is None:
        reason = "no anvil: npm ci in tests/node (make test does it)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(PROGRAM), "--silent", "--port", str(port), "--accounts", "1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    node = Node(f"http://127.0.0.1:{port}")
    try:
        for _ in range(200):
            try:
                node.ask("eth_chainId")
                break
            except httpx2.HTTPError:
                time.sleep(0.05)
        yield node
    finally:
        process.terminate()
        process.wait()
