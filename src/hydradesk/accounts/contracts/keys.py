"""API keys, which programs call us with, and venue keys, with which we call exchanges."""

from typing import Literal

from msgspec import Struct

from hydradesk.accounts.contracts.access import KeyScope
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import TimeNs

KeyKind = Literal["bearer", "hmac", "ed25519"]


class ApiKey(Struct, frozen=True, kw_only=True):
    """One API key. What it is shown with is stored hashed, sealed, or as a public half only."""

    id: str
    """`hd_` and 16 hexadecimal digits: public, names the key in X-HD-Key."""
    person: PersonId
    name: str
    kind: KeyKind
    kinds: tuple[KeyScope, ...]
    """What it is for, of what its owner may do."""
    ips: tuple[str, ...] = ()
    """Networks it may be used from; none: from anywhere."""
    digest: str | None = None
    """bearer: SHA-256 of its secret part."""
    sealed: str | None = None
    """hmac: the secret, sealed."""
    public_key: str | None = None
    """ed25519: the public half, base64url."""
    created_at: TimeNs
    expires_at: TimeNs | None = None


class VenueKey(Struct, frozen=True, kw_only=True):
    """Credentials for an exchange account. The whole triple is sealed as one field."""

    id: str
    person: PersonId
    venue: str
    label: str
    hint: str
    """The last four characters of its key."""
    sealed: str
    created_at: TimeNs
