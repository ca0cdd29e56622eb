"""Signing in with a wallet: the message is ours, the nonce used once, the signature theirs."""

import base64
import binascii
from typing import Literal

from msgspec import Struct

from hydradesk.accounts.contracts.refusals import (
    ContractWalletRefused,
    MessageMalformed,
    NonceInvalid,
    SignatureInvalid,
)
from hydradesk.accounts.domain import siwe, siws
from hydradesk.accounts.domain.signin import SKEW_NS, Expected, SignInMessage, check
from hydradesk.accounts.ports.credentials import ContractWallets, EthereumKeys, SolanaKeys
from hydradesk.accounts.service.sign_in import (
    FactorNeeded,
    Key,
    SignedIn,
    SignInService,
    Watch,
    Welcome,
)
from hydradesk.kernel.time import MINUTE, TimeNs, rfc3339

WalletKind = Literal["siwe", "siws"]
NONCE_NS = 10 * MINUTE
STATEMENT = "Sign in to Hydradesk. This moves no money."
EOA_SIGNATURE = 65


class WalletTerms(Struct, frozen=True, kw_only=True):
    """Which messages this desk takes."""

    origin: str
    """scheme://host[:port] at which people reach it."""
    evm_chains: tuple[str, ...] = ("1",)
    """EIP-155 ids; the first is offered."""
    solana_chain: str = "mainnet"

    def chains(self, kind: WalletKind) -> frozenset[str]:
        """Every spelling of the networks that are taken."""
        if kind == "siwe":
            return frozenset(self.evm_chains)
        return frozenset({self.solana_chain, f"solana:{self.solana_chain}"})


class Keys(Struct, frozen=True, kw_only=True):
    """Who knows signatures."""

    ethereum: EthereumKeys
    solana: SolanaKeys
    contracts: ContractWallets


class Offer(Struct, frozen=True, kw_only=True):
    """What a wallet is to sign."""

    nonce: str
    domain: str
    uri: str
    version: str
    chain_id: str
    statement: str
    issued_at: TimeNs
    expires_at: TimeNs


class WalletService:
    """Sign-In With Ethereum and with Solana."""

    def __init__(self, base: SignInService, terms: WalletTerms, keys: Keys) -> None:
        self._base, self._terms, self._keys = base, terms, keys

    async def offer(self, kind: WalletKind) -> Offer:
        """Return a fresh nonce and the fields around it."""
        around = self._base.around
        now = around.clock.now()
        nonce = around.random(16).hex()
        await around.once.put(_place(kind, nonce), rfc3339(now), NONCE_NS)
        chain = self._terms.evm_chains[0] if kind == "siwe" else self._terms.solana_chain
        return Offer(
            nonce=nonce,
            domain=self._terms.origin.partition("://")[2],
            uri=self._terms.origin,
            version="1",
            chain_id=chain,
            statement=STATEMENT,
            issued_at=now,
            expires_at=TimeNs(now + SKEW_NS),
        )

    async def sign_in(
        self, kind: WalletKind, message: str, signature: str, referrer: str | None
    ) -> SignedIn | FactorNeeded:
        """Sign in whoever holds the wallet."""
        async with self._base.watched("auth.signed_in") as watch:
            key = await self.prove(kind, message, signature, watch)
            return await self._base.with_key(key, _welcome(key, referrer), watch)

    async def memo(
        self, address: str, transaction: str, referrer: str | None
    ) -> SignedIn | FactorNeeded:
        """Sign in by a transaction that is signed and never sent: for hardware wallets."""
        async with self._base.watched("auth.signed_in") as watch:
            watch.after |= {"method": "siws", "by": "memo"}
            watch.personal |= {"address": address}
            raw = _base64(transaction)
            if raw is None:
                raise MessageMalformed(
                    "the transaction is not base64", field="transaction", fix="send it signed"
                )
            message = siws.parse(self._keys.solana.memo(address, raw))
            if message.address != address:
                raise SignatureInvalid("the memo names another address than the signer's")
            self._check("siws", message)
            await self._use_nonce("siws", message)
            key = Key(kind="siws", subject=address, label=_short(address))
            return await self._base.with_key(key, _welcome(key, referrer), watch)

    async def prove(self, kind: WalletKind, message: str, signature: str, watch: Watch) -> Key:
        """Return the wallet that signed this message for us just now.

        Raises MessageMalformed, DomainMismatch, ChainMismatch, MessageExpired, NonceInvalid,
        SignatureInvalid, ContractWalletRefused, or Unavailable when a node must be asked.
        """
        watch.after |= {"method": kind}
        parsed = siwe.parse(message) if kind == "siwe" else siws.parse(message)
        watch.personal |= {"address": parsed.address}
        self._check(kind, parsed)
        await self._use_nonce(kind, parsed)
        subject = parsed.address
        if kind == "siws":
            self._check_solana(parsed, message, signature)
        elif not self._is_own_key(parsed, message, signature):
            await self._ask_contract(parsed, message, signature)
            # Another chain may have another contract, of another owner, at the same address.
            subject = f"{parsed.address}@{parsed.chain_id}"
        return Key(kind=kind, subject=subject, label=_short(parsed.address))

    def _check(self, kind: WalletKind, message: SignInMessage) -> None:
        wanted = (message.uri, message.version, message.chain_id, message.nonce, message.issued_at)
        if None in wanted:
            raise MessageMalformed(
                "a message needs URI, version, chain, nonce and time to sign in with",
                field="message",
                fix="sign every field that GET …/nonce offers",
            )
        now = self._base.around.clock.now()
        chains = self._terms.chains(kind)
        check(message, Expected(origin=self._terms.origin, chains=chains, now=now))

    async def _use_nonce(self, kind: WalletKind, message: SignInMessage) -> None:
        if await self._base.around.once.take(_place(kind, message.nonce or "")) is None:
            raise NonceInvalid(
                "the nonce is unknown, used or too old", fix=f"GET /api/auth/{kind}/nonce again"
            )

    def _check_solana(self, message: SignInMessage, text: str, signature: str) -> None:
        raw = _any_encoding(signature)
        if raw is None or not self._keys.solana.signed(message.address, text.encode(), raw):
            raise SignatureInvalid("the signature is not this address's over this message")

    def _is_own_key(self, message: SignInMessage, text: str, signature: str) -> bool:
        raw = _hex(signature)
        if len(raw) != EOA_SIGNATURE:
            return False
        digest = siwe.personal_digest(text.encode())
        return self._keys.ethereum.recover(digest, raw) == message.address

    async def _ask_contract(self, message: SignInMessage, text: str, signature: str) -> None:
        raw, chain = _hex(signature), message.chain_id or ""
        if not self._keys.contracts.knows(chain):
            if len(raw) > EOA_SIGNATURE:
                raise ContractWalletRefused(
                    "this looks like a contract wallet, and the desk has no node of its chain",
                    fix="sign in with another wallet, or ask for HYDRADESK_EVM_RPC",
                )
            raise SignatureInvalid("the signature is not this address's over this message")
        digest = siwe.personal_digest(text.encode())
        if not await self._keys.contracts.accepts(chain, message.address, digest, raw):
            raise SignatureInvalid("neither the address nor its contract signed this message")


def _welcome(key: Key, referrer: str | None) -> Welcome:
    return Welcome(name=key.label, referrer=referrer)


def _place(kind: WalletKind, nonce: str) -> str:
    return f"nonce:{kind}:{nonce}"


def _short(address: str) -> str:
    return f"{address[:6]}…{address[-4:]}"


def _hex(text: str) -> bytes:
    """Read 0x-prefixed hex; raises SignatureInvalid."""
    try:
        return binascii.unhexlify(text.removeprefix("0x"))
    except (ValueError, UnicodeEncodeError) as error:
        raise SignatureInvalid("the signature is not hex", field="signature") from error


def _base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, UnicodeEncodeError):
        return None


def _any_encoding(text: str) -> bytes | None:
    """Read 64 bytes as hex, base58 or base64, whichever they are in."""
    if len(text) in (128, 130):
        try:
            return binascii.unhexlify(text.removeprefix("0x"))
        except (ValueError, UnicodeEncodeError):
            return None
    raw = siws.decoded(text)
    return raw if raw is not None and len(raw) == 64 else _base64(text)
