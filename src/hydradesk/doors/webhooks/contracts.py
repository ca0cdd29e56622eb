"""What the rest of the house may know about outbound webhooks."""

from typing import Literal, get_args

from msgspec import Struct

from hydradesk.kernel.events import Fact
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import TimeNs

Event = Literal["orders", "fills", "signals", "positions", "withdrawals", "security"]
EVENTS: tuple[Event, ...] = get_args(Event)
State = Literal["pending", "delivered", "retrying", "dead"]


class Subscription(Struct, frozen=True, kw_only=True):
    """One address of one person, and what it is told. Instants are the wall clock's."""

    id: str
    person: PersonId
    url: str
    events: tuple[Event, ...]
    description: str = ""
    enabled: bool = True
    disabled_reason: str | None = None
    """Why the desk switched it off; None when it is on or its owner did."""
    secret: str
    """Sealed; see contracts.Vault."""
    previous: str | None = None
    """The secret before it, sealed; signs beside it until `previous_until`."""
    previous_until: TimeNs | None = None
    failing_since: TimeNs | None = None
    """When the first attempt failed after which none has succeeded."""
    created_at: TimeNs
    version: int = 1


class Delivery(Struct, frozen=True, kw_only=True):
    """One message to one subscription. Instants are the wall clock's."""

    id: str
    """The `webhook-id`: the same for every attempt, so that a receiver knows a repeat."""
    person: PersonId
    subscription: str
    event: str
    """One of EVENTS, or `test`."""
    kind: str
    """The message's `type`: `orders.moved`, `fills.made` …"""
    fact: str
    """The id of what happened; one delivery of it for each subscription."""
    body: str
    """The JSON that is signed and sent, byte for byte, at every attempt."""
    state: State = "pending"
    attempts: int = 0
    due_at: TimeNs | None = None
    """When it is tried next; None when it is done with. While it is being tried: when somebody
    else may try, should we have died."""
    status: int | None = None
    """What the target said last."""
    error: str | None = None
    created_at: TimeNs
    delivered_at: TimeNs | None = None


class SubscriptionChanged(Fact, frozen=True, kw_only=True, tag="webhooks.subscription_changed.v1"):
    """A subscription was made, changed, switched or removed. Holds no address and no secret."""

    subscription: str
    person: PersonId
    events: tuple[Event, ...]
    """Empty when it is off or gone."""


class SecurityNoted(Fact, frozen=True, kw_only=True, tag="webhooks.security_noted.v1"):
    """Something was done to somebody's sign-in, keys or sessions, and they asked to be told."""

    person: PersonId
    action: str
    """As the audit trail calls it: `auth.signed_in`, `keys.created` …"""
    target: str
    ok: bool
    """False for a refusal."""
