"""ed25519 as Solana uses it, and sign-in by memo for wallets that cannot sign plain text."""

from collections.abc import Sequence
from typing import Any

from hydradesk.accounts.contracts.refusals import MessageMalformed, SignatureInvalid

ORDER = 2**252 + 27742317777372353535851937790883648493
"""The scalar half of a canonical signature is smaller (RFC 8032 §5.1.7)."""
MEMOS = frozenset(
    {
        "MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr",
        "Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo",
    }
)
"""The two versions of the memo program."""
BUDGET = "ComputeBudget111111111111111111111111111111"
PACKET = 1232
"""No transaction of Solana's is larger."""
FIX = "sign one memo instruction with the message, and nothing else"


class Ed25519:
    """Answers accounts' SolanaKeys with solders."""

    def warm(self) -> None:
        """Load the library."""
        import solders.transaction  # noqa: F401

    def signed(self, address: str, message: bytes, signature: bytes) -> bool:
        """Whether the address signed the message; False for any encoding but the canonical."""
        from solders.pubkey import Pubkey
        from solders.signature import Signature

        if len(signature) != 64 or int.from_bytes(signature[32:], "little") >= ORDER:
            return False
        try:
            key = Pubkey.from_string(address)
        except ValueError:
            return False
        return bool(Signature.from_bytes(signature).verify(key, message))

    def memo(self, address: str, transaction: bytes) -> str:
        """Return the memo of a signed transaction that does nothing else.

        Raises MessageMalformed for anything but one memo of this signer's, SignatureInvalid when
        the signer's signature is not right.
        """
        from solders.message import to_bytes_versioned

        parsed = _parsed(transaction)
        message = parsed.message
        keys = [str(key) for key in message.account_keys]
        if getattr(message, "address_table_lookups", ()):
            raise _malformed("the transaction uses lookup tables")
        if message.header.num_required_signatures != 1 or not keys:
            raise _malformed("the transaction has more signers than the wallet")
        text = _memo(message.instructions, keys)
        body = bytes(to_bytes_versioned(message))
        signatures = parsed.signatures
        if keys[0] != address or len(signatures) != 1:
            raise SignatureInvalid("the transaction's signer is another address")
        if not self.signed(address, body, bytes(signatures[0])):
            raise SignatureInvalid("the transaction is not signed by this address")
        return text


def _parsed(transaction: bytes) -> Any:  # noqa: ANN401  (solders' own type, loaded late)
    from solders.errors import BincodeError
    from solders.transaction import SanitizeError, VersionedTransaction

    if not 0 < len(transaction) <= PACKET:
        raise _malformed(f"a transaction has 1 to {PACKET} bytes")
    try:
        parsed = VersionedTransaction.from_bytes(transaction)
        parsed.sanitize()
    except (BincodeError, SanitizeError, ValueError) as error:
        raise _malformed("this is not a transaction") from error
    if bytes(parsed) != transaction:
        raise _malformed("the transaction is not in its one canonical encoding")
    return parsed


def _memo(instructions: Sequence[Any], keys: Sequence[str]) -> str:
    """Return the one memo; anything beside it but a compute budget is refused."""
    memos = []
    for one in instructions:
        program = keys[one.program_id_index]
        if program in MEMOS:
            if any(index != 0 for index in one.accounts):
                raise _malformed("the memo names other accounts than the signer")
            memos.append(bytes(one.data))
        elif program != BUDGET:
            raise _malformed("the transaction does more than leave a memo")
    if len(memos) != 1:
        raise _malformed(f"the transaction has {len(memos)} memos, not one")
    try:
        return memos[0].decode()
    except UnicodeDecodeError as error:
        raise _malformed("the memo is not text") from error


def _malformed(what: str) -> MessageMalformed:
    return MessageMalformed(what, field="transaction", fix=FIX)
