"""What people sign in with, and what they prove a second time with."""

from typing import Literal

from msgspec import Struct

from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import TimeNs

CredentialKind = Literal["siws", "siwe", "password", "passkey", "oidc", "whop"]
FactorKind = Literal["totp", "recovery", "passkey"]


class Credential(Struct, frozen=True, kw_only=True):
    """One way to sign in as one person. Instants are the wall clock's."""

    id: str
    person: PersonId
    kind: CredentialKind
    subject: str
    """What is unique about it: a wallet's address, a passkey's id, `issuer|sub`, a Whop id; for a
    password the person's id. Personal."""
    label: str
    """What its owner calls it."""
    secret: str = ""
    """A password's argon2id hash, a passkey's public key (COSE, base64url); empty otherwise."""
    counter: int = 0
    """A passkey's signature counter."""
    created_at: TimeNs
    last_used_at: TimeNs | None = None


class Factor(Struct, frozen=True, kw_only=True):
    """A person's authenticator app."""

    person: PersonId
    sealed: str
    """The seed, sealed by the vault at its seed_place."""
    confirmed: bool
    """Whether a code has shown that the app has the seed; before that it asks nobody."""
    step: int = 0
    """The last time step whose code was accepted: no code works twice."""


SEED_PLACE = "totp:"


def seed_place(person: PersonId) -> str:
    """Where the vault has an authenticator's seed."""
    return f"{SEED_PLACE}{person}"


class Claims(Struct, frozen=True, kw_only=True):
    """Whom an identity provider speaks of."""

    subject: str
    email: str | None = None
    email_verified: bool = False
    name: str | None = None
    wallets: tuple[tuple[str, str], ...] = ()
    """Kind (`siws`, `siwe`) and address of wallets that the provider proved (Web3Auth)."""


class Membership(Struct, frozen=True, kw_only=True):
    """One membership that was bought at Whop, as its last event had it."""

    id: str
    whop_id: str
    product: str
    active: bool
    at: TimeNs
    """When Whop said so."""


class Enrolment(Struct, frozen=True, kw_only=True):
    """A one-time way in for somebody who has no credential yet."""

    digest: str
    """SHA-256 of the code, hex."""
    person: PersonId
    expires_at: TimeNs
