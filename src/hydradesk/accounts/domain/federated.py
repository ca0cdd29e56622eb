"""What other services' words are worth: addresses, wallets."""

from collections.abc import Iterator, Sequence
from typing import Literal

from hydradesk.accounts.domain import siwe, siws
from hydradesk.accounts.domain.email import normalised
from hydradesk.kernel.errors import Invalid


def is_address(text: str) -> bool:
    """Whether it is an e-mail address of ours."""
    try:
        normalised(text)
    except Invalid:
        return False
    return True


def wallets(named: Sequence[tuple[str, str]]) -> Iterator[tuple[Literal["siwe", "siws"], str]]:
    """Read the wallets in Web3Auth's tokens that can be told from the token alone.

    External Ethereum and Solana wallets come by address, its own ed25519 keys in hex. Its own
    secp256k1 keys come compressed, which names no address without the curve: they are left out.
    """
    for kind, text in named:
        if kind == "ethereum" and siwe.ADDRESS.fullmatch(text):
            yield "siwe", siwe.checksummed(text)
        elif kind == "solana" and len(siws.decoded(text) or b"") == 32:
            yield "siws", text
        elif kind == "ed25519":
            try:
                raw = bytes.fromhex(text.removeprefix("0x"))
            except ValueError:
                continue
            if len(raw) == 32:
                yield "siws", siws.encoded(raw)
