"""What each role may do: the one matrix of the house (docs/authorisation.md shows it)."""

from typing import Literal, get_args

from msgspec import Struct

from hydradesk.kernel.errors import Forbidden

Role = Literal["user", "pro", "premium", "support", "admin", "service"]
ROLES: tuple[Role, ...] = get_args(Role)
MEMBERSHIPS: tuple[Role, ...] = ("user", "pro", "premium")
"""Roles that are bought: Whop moves people between them, and never out of another."""
KeyScope = Literal["read", "trade", "withdraw", "admin"]

PUBLIC = frozenset({"market:read", "auth:public"})
"""What a stranger may do: look at the market, and sign in."""
_READS = ("account", "signals", "orders", "portfolio", "risk", "withdrawals", "webhooks")
_PERSON = PUBLIC | frozenset(
    [
        *(f"{what}:read" for what in _READS),
        *(f"{what}:write" for what in _READS if what != "signals"),
    ]
)
_SUPPORT = frozenset({"support:read", "kyc:write"})
_ADMIN = frozenset({"admin:read", "admin:write", "desk:write"})

SCOPES_OF: dict[str, frozenset[str]] = {
    "anonymous": PUBLIC,
    "user": _PERSON,
    "pro": _PERSON,
    "premium": _PERSON,
    "service": _PERSON - {"withdrawals:write"},
    "support": _PERSON | _SUPPORT,
    "admin": _PERSON | _SUPPORT | _ADMIN,
}
DEMO_SCOPES = PUBLIC | frozenset(
    {
        *(f"{what}:{how}" for what in ("orders", "portfolio", "risk") for how in ("read", "write")),
        "signals:read",
        "desk:write",
    }
)
"""What the one local person may do at a desk that runs with --demo: all but accounts."""
KEY_SCOPES: dict[KeyScope, frozenset[str]] = {
    "read": PUBLIC | frozenset(one for one in _PERSON | _SUPPORT | _ADMIN if one.endswith(":read")),
    "trade": frozenset({"orders:write", "portfolio:write", "risk:write"}),
    "withdraw": frozenset({"withdrawals:write"}),
    "admin": frozenset({"account:write", "webhooks:write"}) | _SUPPORT | _ADMIN,
}
"""What a key of each kind may do, of what its owner may."""
EVERY_SCOPE = frozenset().union(*SCOPES_OF.values())


class Entitlements(Struct, frozen=True, kw_only=True):
    """What a membership includes beyond the scopes."""

    timeframes: tuple[str, ...]
    """Signals of these are shown."""
    votes: bool
    """Whether a signal shows the votes it was fused from."""
    auto_trade: bool
    """Whether signals may become orders by themselves."""
    webhooks: int
    """Event subscriptions at most."""
    api_keys: int
    """API keys at most."""
    tier: str
    """Which row of the rate limits counts."""


_ALL = ("1m", "5m", "15m", "1h", "4h", "1d")
_PRO = Entitlements(
    timeframes=_ALL[1:], votes=True, auto_trade=True, webhooks=5, api_keys=10, tier="pro"
)
_PREMIUM = Entitlements(
    timeframes=_ALL, votes=True, auto_trade=True, webhooks=20, api_keys=25, tier="pro"
)
ENTITLEMENTS: dict[str, Entitlements] = {
    "user": Entitlements(
        timeframes=_ALL[3:], votes=False, auto_trade=False, webhooks=1, api_keys=3, tier="user"
    ),
    "pro": _PRO,
    "premium": _PREMIUM,
    "support": _PREMIUM,
    "admin": _PREMIUM,
    "service": Entitlements(
        timeframes=_ALL, votes=True, auto_trade=True, webhooks=20, api_keys=25, tier="service"
    ),
    "demo": Entitlements(
        timeframes=_ALL, votes=True, auto_trade=True, webhooks=0, api_keys=0, tier="demo"
    ),
}


class MembershipRequired(Forbidden):
    """The caller's membership does not include it (HTTP 403)."""

    code = "membership_required"


def scopes_of(role: str, kinds: tuple[KeyScope, ...] | None = None) -> frozenset[str]:
    """Return what a role may do; with a key, only what the key was made for as well."""
    own = SCOPES_OF[role]
    return own if kinds is None else own & frozenset().union(*(KEY_SCOPES[one] for one in kinds))
