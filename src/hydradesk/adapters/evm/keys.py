"""Whose signature it is: secp256k1 recovery, without the second form every signature has."""

HALF_ORDER = 0x7FFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFF_5D576E73_57A4501D_DFE92F46_681B20A0
"""EIP-2: of s and n - s only the smaller one counts, so that nobody makes a second signature."""


class Secp256k1:
    """Answers accounts' EthereumKeys with eth-keys (libsecp256k1 where it is installed)."""

    def warm(self) -> None:
        """Load the library; takes a third of a second, so not while somebody waits."""
        import eth_keys  # noqa: F401

    def recover(self, digest: bytes, signature: bytes) -> str | None:
        """Return whose signature it is, EIP-55; None for one that is malformed or malleable."""
        from eth_keys.datatypes import Signature
        from eth_keys.exceptions import BadSignature
        from eth_utils.exceptions import ValidationError

        if len(signature) != 65 or signature[64] not in (0, 1, 27, 28):
            return None
        s = int.from_bytes(signature[32:64], "big")
        if not 0 < s <= HALF_ORDER:
            return None
        plain = signature[:64] + bytes([signature[64] % 27])
        try:
            key = Signature(plain).recover_public_key_from_msg_hash(digest)
        except (BadSignature, ValidationError, ValueError):
            return None
        return str(key.to_checksum_address())
