"""Whether text is an address of an asset's network: checksums and lengths, no more.

Sources: EIP-55 (Ethereum), BIP-173 and BIP-350 (Bitcoin, bech32 and bech32m), Base58Check
(Bitcoin, older), ed25519 public keys in base58 (Solana).
"""

import hashlib
from collections.abc import Callable, Iterable

from hydradesk.accounts.domain.siwe import checksummed
from hydradesk.accounts.domain.siws import decoded as read_base58
from hydradesk.kernel.errors import Invalid

CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
BECH32, BECH32M = 1, 0x2BC830A3
"""What the checksum comes to: version 0 of witness programs, and the later ones."""
P2PKH, P2SH = 0x00, 0x05


def checked(asset: str, text: str) -> str:
    """Return the address as it is kept; Invalid names what is wrong with it."""
    network = NETWORKS.get(asset)
    if network is None:
        known = ", ".join(NETWORKS)
        raise Invalid(
            f"nothing of {asset[:16]!r} is sent", field="asset", fix=f"use one of {known}"
        )
    kind, valid = network
    if not valid(text):
        raise Invalid(
            f"this is no {kind} address", field="address", fix=f"copy a {kind} address as a whole"
        )
    return text.lower() if kind == "Bitcoin" and text[:3].lower() == "bc1" else text


def ethereum(text: str) -> bool:
    """Check an address with its EIP-55 checksum: one in a single case carries none."""
    body = text.removeprefix("0x")
    if not text.startswith("0x") or len(body) != 40 or not _is_hex(body):
        return False
    return checksummed(text) == text


def solana(text: str) -> bool:
    """Check that it is 32 bytes in base58."""
    key = read_base58(text) if 32 <= len(text) <= 44 else None
    return key is not None and len(key) == 32


def bitcoin(text: str) -> bool:
    """Check a mainnet address, of either kind."""
    return segwit(text) if text[:3].lower() == "bc1" else base58check(text)


def base58check(text: str) -> bool:
    """Check version, 20 bytes and the double SHA-256."""
    body = read_base58(text) if 26 <= len(text) <= 35 else None
    if body is None or len(body) != 25 or body[0] not in (P2PKH, P2SH):
        return False
    digest = hashlib.sha256(hashlib.sha256(body[:21]).digest()).digest()
    return digest[:4] == body[21:]


def segwit(text: str) -> bool:
    """Check a bech32 or bech32m address of Bitcoin's main network."""
    if text not in (text.lower(), text.upper()) or not 14 <= len(text) <= 90:
        return False
    data = [CHARSET.find(one) for one in text.lower()[3:]]
    if min(data) < 0 or len(data) < 8:
        return False
    version, program = data[0], _bytes(data[1:-6])
    if version > 16 or program is None or not 2 <= len(program) <= 40:
        return False
    if version == 0 and len(program) not in (20, 32):
        return False
    return _polymod([3, 3, 0, 2, 3, *data]) == (BECH32 if version == 0 else BECH32M)


def _polymod(values: Iterable[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for place, factor in enumerate(GENERATOR):
            check ^= factor if top >> place & 1 else 0
    return check


def _bytes(groups: list[int]) -> bytes | None:
    """Regroup five bits to eight; None when what is left over is not empty padding."""
    bits = size = 0
    made = bytearray()
    for group in groups:
        bits, size = bits << 5 | group, size + 5
        if size >= 8:
            size -= 8
            made.append(bits >> size & 0xFF)
    return None if size >= 5 or bits & ((1 << size) - 1) else bytes(made)


def _is_hex(text: str) -> bool:
    return all(one in "0123456789abcdefABCDEF" for one in text)


NETWORKS: dict[str, tuple[str, Callable[[str], bool]]] = {
    "ETH": ("Ethereum", ethereum),
    "USDT": ("Ethereum", ethereum),
    "SOL": ("Solana", solana),
    "BTC": ("Bitcoin", bitcoin),
}
