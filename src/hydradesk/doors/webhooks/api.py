"""HTTP views of outbound webhooks. Thin: translate, call the service, translate back."""

from typing import Annotated

from fastapi import Path, Query, Response
from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field

from hydradesk.doors.webhooks.contracts import Delivery, Event, State, Subscription
from hydradesk.doors.webhooks.service.subscriptions import SubscriptionService, Wanted
from hydradesk.infra.http import Caller, Page, Principal, Routes, decode_cursor, encode_cursor
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import TimeNs, rfc3339

READ, WRITE = "webhooks:read", "webhooks:write"
PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
URL = Annotated[str, Field(min_length=1, max_length=2048, pattern=PRINTABLE)]
Events = Annotated[list[Event], Field(min_length=1, max_length=16)]
Words = Annotated[str, Field(max_length=200, pattern=PRINTABLE)]
SubscriptionName = Annotated[str, Path(max_length=64, description="The subscription's id")]
DeliveryName = Annotated[str, Path(max_length=64, description="The delivery's id")]


class SubscriptionRequest(BaseModel):
    """A subscription to make."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"url": "https://example.com/hooks", "events": ["orders", "fills"]}
        },
    )
    url: URL
    events: Events
    description: Words = ""


class SubscriptionChange(BaseModel):
    """What may be changed; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"enabled": True}})
    url: URL | None = None
    events: Events | None = None
    description: Words | None = None
    enabled: bool | None = None


class SubscriptionView(Struct, frozen=True, kw_only=True):
    """One address and what it is told."""

    id: str
    url: str
    events: tuple[Event, ...]
    description: str
    enabled: bool
    disabled_reason: str | None
    """Why the desk switched it off; null when it is on or you did."""
    failing_since: str | None
    previous_until: str | None
    """Until when the secret before this one signs as well."""
    created_at: str


class CreatedSubscriptionView(Struct, frozen=True, kw_only=True):
    """A new subscription, with the secret that is not shown again."""

    subscription: SubscriptionView
    secret: str


class WebhookSecretView(Struct, frozen=True, kw_only=True):
    """A new secret, shown once."""

    secret: str
    previous_until: str
    """Until when the one before it signs as well."""


class DeliveryView(Struct, frozen=True, kw_only=True):
    """One message and what became of it."""

    id: str
    """The `webhook-id` it carries."""
    subscription: str
    event: str
    """One of the events of a subscription, or `test`."""
    type: str
    fact: str
    state: State
    attempts: int
    next_at: str | None
    status: int | None
    error: str | None
    created_at: str
    delivered_at: str | None


SUBSCRIPTION = SubscriptionView(
    id="sub_0s3k",
    url="https://example.com/hooks",
    events=("orders", "fills"),
    description="",
    enabled=True,
    disabled_reason=None,
    failing_since=None,
    previous_until=None,
    created_at="2025-06-24T01:46:00Z",
)
SECRET = "whsec_" + "c2hvd24gb25jZSwgdGhlbiBnb25lLg=="
CREATED = CreatedSubscriptionView(subscription=SUBSCRIPTION, secret=SECRET)
ROTATED = WebhookSecretView(secret=SECRET, previous_until="2025-06-25T01:46:00Z")
DELIVERY = DeliveryView(
    id="msg_0s3m",
    subscription="sub_0s3k",
    event="orders",
    type="orders.moved",
    fact="o-7d1f:3",
    state="delivered",
    attempts=1,
    next_at=None,
    status=204,
    error=None,
    created_at="2025-06-24T01:46:00Z",
    delivered_at="2025-06-24T01:46:01Z",
)


def subscription_view(one: Subscription) -> SubscriptionView:
    """Show one subscription, without its secrets."""
    return SubscriptionView(
        id=one.id,
        url=one.url,
        events=one.events,
        description=one.description,
        enabled=one.enabled,
        disabled_reason=one.disabled_reason,
        failing_since=_time(one.failing_since),
        previous_until=_time(one.previous_until),
        created_at=rfc3339(one.created_at),
    )


def delivery_view(one: Delivery) -> DeliveryView:
    """Show one delivery."""
    return DeliveryView(
        id=one.id,
        subscription=one.subscription,
        event=one.event,
        type=one.kind,
        fact=one.fact,
        state=one.state,
        attempts=one.attempts,
        next_at=_time(one.due_at),
        status=one.status,
        error=one.error,
        created_at=rfc3339(one.created_at),
        delivered_at=_time(one.delivered_at),
    )


def routes(service: SubscriptionService) -> Routes:
    """Build the routes of subscriptions and deliveries."""
    api = Routes("/webhooks", "webhooks")
    _subscriptions(api, service)
    _single(api, service)
    _deliveries(api, service)
    return api


def _subscriptions(api: Routes, service: SubscriptionService) -> None:
    shown = Page([SUBSCRIPTION])

    @api.add("GET", "/subscriptions", Page[SubscriptionView], example=shown, scope=READ)
    async def list_subscriptions(me: Caller) -> Page[SubscriptionView]:
        """Your subscriptions, oldest first."""
        return Page([subscription_view(one) for one in await service.list(_person(me))])

    @api.add(
        "POST",
        "/subscriptions",
        CreatedSubscriptionView,
        status=201,
        example=CREATED,
        scope=WRITE,
    )
    async def create_subscription(
        me: Caller, request: SubscriptionRequest
    ) -> CreatedSubscriptionView:
        """Have events told to an https address; the answer shows its secret this once."""
        wanted = Wanted(url=request.url, events=request.events, description=request.description)
        made, secret = await service.create(_person(me), wanted)
        return CreatedSubscriptionView(subscription=subscription_view(made), secret=secret.text())


def _single(api: Routes, service: SubscriptionService) -> None:
    one = "/subscriptions/{subscription_id}"

    @api.add("GET", one, SubscriptionView, example=SUBSCRIPTION, scope=READ)
    async def read_subscription(me: Caller, subscription_id: SubscriptionName) -> SubscriptionView:
        """One subscription."""
        return subscription_view(await service.read(_person(me), subscription_id))

    @api.add("PATCH", one, SubscriptionView, example=SUBSCRIPTION, scope=WRITE)
    async def change_subscription(
        me: Caller, subscription_id: SubscriptionName, request: SubscriptionChange
    ) -> SubscriptionView:
        """Change its address or events, or switch it on or off."""
        wanted = Wanted(**request.model_dump())
        return subscription_view(await service.change(_person(me), subscription_id, wanted))

    @api.raw("DELETE", one, status_code=204, scope=WRITE)
    async def delete_subscription(me: Caller, subscription_id: SubscriptionName) -> Response:
        """Forget a subscription and what was told to it."""
        await service.remove(_person(me), subscription_id)
        return Response(status_code=204)

    @api.add("POST", f"{one}/rotate", WebhookSecretView, example=ROTATED, scope=WRITE, step_up=True)
    async def rotate_subscription(
        me: Caller, subscription_id: SubscriptionName
    ) -> WebhookSecretView:
        """Make a new secret; the old one signs beside it for a day."""
        secret, until = await service.rotate(_person(me), subscription_id)
        return WebhookSecretView(secret=secret.text(), previous_until=rfc3339(until))

    @api.add("POST", f"{one}/test", DeliveryView, status=201, example=DELIVERY, scope=WRITE)
    async def test_subscription(me: Caller, subscription_id: SubscriptionName) -> DeliveryView:
        """Send a harmless message of type `test.ping`."""
        return delivery_view(await service.test(_person(me), subscription_id))


def _deliveries(api: Routes, service: SubscriptionService) -> None:
    shown = Page([DELIVERY], "WzNd")

    @api.add("GET", "/deliveries", Page[DeliveryView], example=shown, scope=READ)
    async def list_deliveries(
        me: Caller,
        subscription: Annotated[str | None, Query(max_length=64)] = None,
        state: State | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        cursor: Annotated[str | None, Query(max_length=200)] = None,
    ) -> Page[DeliveryView]:
        """What was told, or is still to be, newest first."""
        before = decode_cursor(cursor, (int,))
        rows = await service.deliveries(
            _person(me), (subscription, state), before[0] if before else None, limit
        )
        following = encode_cursor(rows[-1][0]) if len(rows) == limit else None
        return Page([delivery_view(one) for _, one in rows], following)

    @api.add(
        "POST", "/deliveries/{delivery_id}/replay", DeliveryView, example=DELIVERY, scope=WRITE
    )
    async def replay_delivery(me: Caller, delivery_id: DeliveryName) -> DeliveryView:
        """Send a delivery again that was made or given up: same id, same body."""
        return delivery_view(await service.replay(_person(me), delivery_id))


def _person(me: Principal) -> PersonId:
    assert me.person is not None  # the scope is nobody's without one
    return me.person


def _time(at: TimeNs | None) -> str | None:
    return None if at is None else rfc3339(at)
