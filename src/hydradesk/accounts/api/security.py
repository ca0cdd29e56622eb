"""Routes of feature switches and security events."""

from typing import Annotated

from fastapi import Path
from msgspec import Struct

from hydradesk.accounts.api.account import Cursor, Limit
from hydradesk.accounts.api.sign_in import Body
from hydradesk.accounts.contracts import SecurityKind
from hydradesk.accounts.contracts.incidents import SecurityEvent, Switch
from hydradesk.accounts.service.features import WHAT, FeatureSwitches
from hydradesk.accounts.service.security import SecurityEvents
from hydradesk.infra.http import Page, Routes, decode_cursor, encode_cursor
from hydradesk.kernel.time import rfc3339


class FeatureView(Struct, frozen=True, kw_only=True):
    """One switch."""

    name: str
    enabled: bool
    description: str
    changed_at: str | None
    changed_by: str | None


class FeatureChange(Body):
    """On or off."""

    enabled: bool


class SecurityEventView(Struct, frozen=True, kw_only=True):
    """Somebody tried something."""

    id: int
    at: str
    kind: str
    severity: str
    subject: str
    ip: str
    request_id: str
    detail: dict[str, str | int | bool | None]
    incident: str | None


FEATURE = FeatureView(
    name="sign_up",
    enabled=True,
    description=WHAT["sign_up"],
    changed_at="2025-06-24T12:00:00Z",
    changed_by="p-0197b3c2",
)
EVENT = SecurityEventView(
    id=17,
    at="2025-06-24T12:00:00Z",
    kind="sign_in_refused",
    severity="warning",
    subject="p-0197b3c2",
    ip="203.0.113.9",
    request_id="0f8e2c",
    detail={"method": "password"},
    incident=None,
)


def feature_view(switch: Switch) -> FeatureView:
    """Show one switch."""
    at = switch.changed_at
    return FeatureView(
        name=switch.name,
        enabled=switch.enabled,
        description=WHAT[switch.name],
        changed_at=None if at is None else rfc3339(at),
        changed_by=switch.changed_by,
    )


def event_view(event: SecurityEvent) -> SecurityEventView:
    """Show one event."""
    return SecurityEventView(
        id=event.id,
        at=rfc3339(event.at),
        kind=event.kind,
        severity=event.severity,
        subject=event.subject,
        ip=event.ip,
        request_id=event.request,
        detail=event.detail,
        incident=event.incident,
    )


def security_routes(features: FeatureSwitches, events: SecurityEvents) -> Routes:
    """Build the routes of switches and events."""
    api = Routes("/admin", "admin")

    @api.add("GET", "/features", Page[FeatureView], example=Page([FEATURE]), scope="admin:read")
    async def list_features() -> Page[FeatureView]:
        """Every feature switch."""
        return Page([feature_view(one) for one in features.switches()])

    @api.add(
        "PUT",
        "/features/{name}",
        FeatureView,
        example=FEATURE,
        scope="admin:write",
        step_up=True,
    )
    async def set_feature(
        name: Annotated[str, Path(max_length=32, pattern=r"^[a-z_]+$", description="Its name")],
        request: FeatureChange,
    ) -> FeatureView:
        """Turn a feature on or off for everybody."""
        return feature_view(await features.set(name, request.enabled))

    @api.add(
        "GET",
        "/security-events",
        Page[SecurityEventView],
        example=Page([EVENT]),
        scope="admin:read",
    )
    async def list_security_events(
        kind: SecurityKind | None = None, limit: Limit = 50, cursor: Cursor = None
    ) -> Page[SecurityEventView]:
        """What was tried, the newest first."""
        before = decode_cursor(cursor, (int,))
        found = await events.page(kind, before[0] if before else None, limit)
        following = encode_cursor(found[-1].id) if len(found) == limit else None
        return Page([event_view(one) for one in found], following)

    return api
