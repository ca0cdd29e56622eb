"""What may be listened to, by whom, and which topic of ours it is that they hear.

A client says `orders` and hears its own orders; it says `signals` and hears those of its
membership. Inside, these are topics of their own, so that a message is encoded once for all who
hear it and nobody is ever sent another's.
"""

from hydradesk.accounts.contracts import ENTITLEMENTS, Entitlements
from hydradesk.doors.gateway.hub import OWNED
from hydradesk.infra.http import Principal
from hydradesk.kernel.errors import Forbidden, Unauthenticated

CHANGED = "what you may see has changed: connect again"
OF_PERSON = ("orders", "trades", "positions", "portfolio", "risk")
SCOPES = {
    "feed": "market:read",
    "prices": "market:read",
    "candles": "market:read",
    "indicators": "market:read",
    "patterns": "market:read",
    "signals": "signals:read",
    "orders": "orders:read",
    "trades": "orders:read",
    "positions": "portfolio:read",
    "portfolio": "portfolio:read",
    "risk": "risk:read",
}
"""What a client must be allowed, by topic."""


def _seen(entitled: Entitlements) -> tuple[tuple[str, ...], bool]:
    return entitled.timeframes, entitled.votes


CLASS_OF: dict[str, str] = {}
"""Role -> the first role that sees the same signals: `signals@pro` is made once for all of them."""
for _role, _entitled in ENTITLEMENTS.items():
    CLASS_OF[_role] = next(
        one for one, other in ENTITLEMENTS.items() if _seen(other) == _seen(_entitled)
    )
CLASSES = tuple(dict.fromkeys(CLASS_OF.values()))


def inside(topic: str, me: Principal) -> str:
    """Return our own name of the topic a client asks for.

    Raises Unauthenticated for a stranger, Forbidden for who may not, what was wrong with the
    credentials when something was.
    """
    name = topic.partition(":")[0]
    if SCOPES[name] not in me.scopes:
        if me.refusal is not None:
            raise me.refusal
        if me.person is None:
            raise Unauthenticated(f"{name} are for who has signed in", fix="sign in first")
        raise Forbidden(f"this needs the scope {SCOPES[name]}")
    if name in OF_PERSON:
        return owned(name, str(me.person))
    return owned(name, CLASS_OF[me.role]) if name == "signals" else topic


def owned(name: str, whose: str) -> str:
    """Name one person's, or one membership's, topic."""
    return f"{name}{OWNED}{whose}"
