"""What signing in needs: cryptography, providers, stored credentials."""

from collections.abc import Callable, Sequence
from typing import Protocol

from hydradesk.accounts.contracts import Secret
from hydradesk.accounts.contracts.credentials import (
    Claims,
    Credential,
    CredentialKind,
    Enrolment,
    Factor,
    Membership,
)
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx

Randomness = Callable[[int], bytes]
"""Unguessable bytes, as many as asked for."""


class OneTime(Protocol):
    """Values that are used once: nonces, challenges, tickets. Shared by every process."""

    async def put(self, key: str, value: str, ttl_ns: int) -> None:
        """Keep a value for some time; replaces one of the same key."""
        ...

    async def take(self, key: str) -> str | None:
        """Return a value and forget it, atomically; None when it is not there any more."""
        ...

    async def seen(self, key: str, ttl_ns: int) -> bool:
        """Remember a name; True when it was known already. Of many callers, one hears False."""
        ...


class PasswordHasher(Protocol):
    """Slow on purpose, off the event loop, and only so many at once."""

    async def hash(self, password: Secret) -> str:
        """Return what to store of a password."""
        ...

    async def verify(self, password: Secret, stored: str | None) -> bool:
        """Whether it is the password; None, for nobody, takes as long and is never it."""
        ...

    def outdated(self, stored: str) -> bool:
        """Whether it was made with other parameters than today's."""
        ...


class EthereumKeys(Protocol):
    """secp256k1, as Ethereum uses it."""

    def recover(self, digest: bytes, signature: bytes) -> str | None:
        """Return whose signature it is, EIP-55; None for one that is malformed or malleable."""
        ...


class ContractWallets(Protocol):
    """Wallets that are contracts (EIP-1271), asked through a node of their chain."""

    def knows(self, chain: str) -> bool:
        """Whether there is a node to ask."""
        ...

    async def accepts(self, chain: str, address: str, digest: bytes, signature: bytes) -> bool:
        """Whether the contract takes the signature for its own; raises Unavailable."""
        ...


class SolanaKeys(Protocol):
    """ed25519, as Solana uses it."""

    def signed(self, address: str, message: bytes, signature: bytes) -> bool:
        """Whether the address signed the message; False for any encoding but the canonical."""
        ...

    def memo(self, address: str, transaction: bytes) -> str:
        """Return the memo of a signed transaction that does nothing else.

        Raises MessageMalformed for anything but one memo of this signer's, SignatureInvalid when
        the signer's signature is not right.
        """
        ...


class Passkeys(Protocol):
    """WebAuthn ceremonies; `party` is where they take place."""

    def creation(self, person: PersonId, name: str, known: Sequence[str], challenge: bytes) -> str:
        """Return the options (JSON) for making a passkey; `known` ones are left out."""
        ...

    def created(self, credential: str, challenge: bytes) -> tuple[str, str, int]:
        """Return id, public key (both base64url) and counter of a new one; raises Invalid."""
        ...

    def request(self, known: Sequence[str], challenge: bytes) -> str:
        """Return the options (JSON) for showing a passkey; none known: any of this site's."""
        ...

    def shown(self, credential: str, challenge: bytes, public_key: str, counter: int) -> int:
        """Return the new counter of a passkey that was shown; raises SignatureInvalid."""
        ...

    def named(self, credential: str) -> tuple[str, str | None]:
        """Return which passkey it says it is, and whose (user handle); raises Invalid."""
        ...


class Issuer(Protocol):
    """One OpenID provider."""

    async def authorize_url(self, state: str, nonce: str, verifier: str) -> str:
        """Return where to send the browser; raises Unavailable."""
        ...

    async def exchange(self, code: str, nonce: str, verifier: str) -> Claims:
        """Return whom a code stands for; raises TokenRefused or Unavailable."""
        ...

    async def check(self, id_token: str, nonce: str) -> Claims:
        """Return whom an id_token names; raises TokenRefused or Unavailable."""
        ...


class CredentialBook(Protocol):
    """Stored credentials, answered by accounts' own store."""

    async def find(self, tx: Tx, kind: CredentialKind, subject: str) -> Credential | None:
        """Return the credential of this subject, locked until the transaction ends."""
        ...

    async def of_person(self, tx: Tx, person: PersonId) -> list[Credential]:
        """Return a person's credentials, oldest first."""
        ...

    async def add(self, tx: Tx, credential: Credential) -> None:
        """Save a new one; CredentialTaken when the subject is somebody's already."""
        ...

    async def save(self, tx: Tx, credential: Credential) -> None:
        """Save a changed one."""
        ...

    async def remove(self, tx: Tx, person: PersonId, credential: str) -> None:
        """Forget one; NotFound when the person has none of this id."""
        ...


class FactorBook(Protocol):
    """Stored second factors, answered by accounts' own store."""

    async def totp(self, tx: Tx, person: PersonId) -> Factor | None:
        """Return a person's authenticator, locked until the transaction ends."""
        ...

    async def save_totp(self, tx: Tx, factor: Factor) -> None:
        """Save it, new or changed."""
        ...

    async def remove_totp(self, tx: Tx, person: PersonId) -> None:
        """Forget it."""
        ...

    async def replace_recovery(self, tx: Tx, person: PersonId, digests: Sequence[str]) -> None:
        """Keep these recovery codes instead of those before."""
        ...

    async def use_recovery(self, tx: Tx, person: PersonId, digest: str) -> bool:
        """Use one up; False when it is none of the person's, or was used."""
        ...

    async def recovery_left(self, tx: Tx, person: PersonId) -> int:
        """Return how many are left."""
        ...


class MembershipBook(Protocol):
    """What Whop told us, answered by accounts' own store."""

    async def first_time(self, tx: Tx, event: str, at: TimeNs) -> bool:
        """Remember that an event came; False when it had come before."""
        ...

    async def keep(self, tx: Tx, membership: Membership) -> None:
        """Keep the state of one membership, unless a later one is known."""
        ...

    async def of_whop(self, tx: Tx, whop_id: str) -> list[Membership]:
        """Return the memberships of one Whop user."""
        ...


class EnrolmentBook(Protocol):
    """One-time codes with which people made on the command line come in."""

    async def add(self, tx: Tx, enrolment: Enrolment) -> None:
        """Keep a code's digest."""
        ...

    async def take(self, tx: Tx, digest: str) -> Enrolment | None:
        """Return what a code is good for, and forget it."""
        ...
