"""HTTP views of API keys and venue keys. What is secret is shown once, when it is made."""

from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import Path, Response
from msgspec import Struct
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr

from hydradesk.accounts.contracts import KeyScope, People, Secret
from hydradesk.accounts.contracts.keys import ApiKey, KeyKind, VenueKey
from hydradesk.accounts.service.keys import KeyService, Wish
from hydradesk.accounts.service.venue_keys import VenueKeys
from hydradesk.infra.http import Caller, Page, Principal, Routes
from hydradesk.kernel.errors import Forbidden
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import TimeNs, parse_time, rfc3339
from hydradesk.kernel.tx import Transactions

PRINTABLE = r"^[^\x00-\x1f\x7f]+$"
VISIBLE = r"^[\x21-\x7e]+$"
Network = Annotated[str, Field(max_length=64, pattern=r"^[0-9A-Fa-f.:/]+$")]
Id = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_-]+$", description="Its id.")]


class KeyRequest(BaseModel):
    """The API key wanted."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"name": "my bot", "kind": "bearer", "kinds": ["read", "trade"]}
        },
    )
    name: str = Field(min_length=1, max_length=64, pattern=PRINTABLE)
    kind: KeyKind
    kinds: list[KeyScope] = Field(min_length=1, max_length=4)
    ips: list[Network] = Field(default=[], max_length=20)
    expires_at: AwareDatetime | None = None
    public_key: str | None = Field(default=None, max_length=256, pattern=r"^[\x20-\x7e\r\n]+$")


class KeyView(Struct, frozen=True, kw_only=True):
    """One API key, without its secret."""

    id: str
    name: str
    kind: KeyKind
    kinds: tuple[KeyScope, ...]
    ips: tuple[str, ...]
    expires_at: str | None
    created_at: str
    last_used_at: str | None
    prefix: str


class MadeKeyView(Struct, frozen=True, kw_only=True):
    """A new API key, and its secret, which is never shown again."""

    key: KeyView
    secret: str | None
    """Null for ed25519: you have the private half."""


class VenueKeyRequest(BaseModel):
    """Credentials of an exchange account."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "venue": "binance",
                "label": "main",
                "api_key": "…",
                "api_secret": "…",  # nosec B105 (an example)
            }
        },
    )
    venue: str = Field(min_length=1, max_length=32, pattern=r"^[a-z0-9_-]+$")
    label: str = Field(min_length=1, max_length=64, pattern=PRINTABLE)
    api_key: Annotated[SecretStr, Field(min_length=1, max_length=4096)]
    api_secret: Annotated[SecretStr, Field(min_length=1, max_length=4096)]
    passphrase: Annotated[SecretStr, Field(min_length=1, max_length=256)] | None = None


class VenueKeyView(Struct, frozen=True, kw_only=True):
    """One exchange account's key, masked."""

    id: str
    venue: str
    label: str
    api_key: str
    """Its last four characters."""
    created_at: str


KEY = KeyView(
    id="hd_9f86d081884c7d65",
    name="my bot",
    kind="bearer",
    kinds=("read", "trade"),
    ips=("203.0.113.0/24",),
    expires_at=None,
    created_at="2026-11-21T10:00:00Z",
    last_used_at=None,
    prefix="hd_9f86d081884c7d65",
)
VENUE_KEY = VenueKeyView(
    id="vk-06f2", venue="binance", label="main", api_key="…x7Qa", created_at="2026-11-21T10:00:00Z"
)
MADE = MadeKeyView(key=KEY, secret="hd_9f86d081884c7d65_…")  # noqa: S106  # nosec B106 (an example)


class KeyDesk(Struct, frozen=True):
    """What these routes work with."""

    db: Transactions
    people: People
    keys: KeyService
    venues: VenueKeys


def routes(desk: KeyDesk) -> list[Routes]:
    """Build the routes of keys."""
    account = Routes("/account", "account")
    _api_keys(account, desk)
    _venue_keys(account, desk)
    return [account]


def _api_keys(api: Routes, desk: KeyDesk) -> None:
    @api.add("GET", "/keys", Page[KeyView], scope="account:read", example=Page([KEY]))
    async def list_keys(me: Caller) -> Page[KeyView]:
        """Your API keys, oldest first."""
        known = await desk.keys.of_person(_person(me))
        return Page([_view(key, used) for key, used in known])

    @api.add(
        "POST",
        "/keys",
        MadeKeyView,
        scope="account:write",
        step_up=True,
        status=201,
        example=MADE,
    )
    async def make_key(me: Caller, request: KeyRequest) -> Response:
        """Make an API key; its secret is shown in this answer and never again."""
        person = _by_session(me)
        wish = Wish(
            name=request.name,
            kind=request.kind,
            kinds=tuple(request.kinds),
            ips=tuple(request.ips),
            expires_at=_instant(request.expires_at),
            public_key=request.public_key,
        )
        async with desk.db.begin() as tx:
            owner = await desk.people.locked(tx, person)
            key, secret = await desk.keys.make(tx, owner, wish)
        view = MadeKeyView(key=_view(key, None), secret=secret.text() if secret else None)
        return _once(view)

    @api.raw("DELETE", "/keys/{key}", scope="account:write", status_code=204)
    async def delete_key(me: Caller, key: Id) -> Response:
        """Delete an API key; it is refused from now on."""
        await desk.keys.delete(_person(me), key)
        return Response(status_code=204)


def _venue_keys(api: Routes, desk: KeyDesk) -> None:
    @api.add(
        "GET", "/venue-keys", Page[VenueKeyView], scope="account:read", example=Page([VENUE_KEY])
    )
    async def list_venue_keys(me: Caller) -> Page[VenueKeyView]:
        """Your keys of exchanges, masked."""
        return Page([_venue_view(one) for one in await desk.venues.of_person(_person(me))])

    @api.add(
        "POST",
        "/venue-keys",
        VenueKeyView,
        scope="account:write",
        step_up=True,
        status=201,
        example=VENUE_KEY,
    )
    async def add_venue_key(me: Caller, request: VenueKeyRequest) -> VenueKeyView:
        """Keep an exchange's key, sealed; it is never shown again."""
        credentials = {
            name: Secret(given.get_secret_value())
            for name in ("api_key", "api_secret", "passphrase")
            if (given := getattr(request, name)) is not None
        }
        key = await desk.venues.add(_by_session(me), request.venue, request.label, credentials)
        return _venue_view(key)

    @api.raw("DELETE", "/venue-keys/{key}", scope="account:write", step_up=True, status_code=204)
    async def remove_venue_key(me: Caller, key: Id) -> Response:
        """Forget an exchange's key."""
        await desk.venues.remove(_by_session(me), key)
        return Response(status_code=204)


def _view(key: ApiKey, used: TimeNs | None) -> KeyView:
    return KeyView(
        id=key.id,
        name=key.name,
        kind=key.kind,
        kinds=key.kinds,
        ips=key.ips,
        expires_at=None if key.expires_at is None else rfc3339(key.expires_at),
        created_at=rfc3339(key.created_at),
        last_used_at=None if used is None else rfc3339(used),
        prefix=key.id,
    )


def _venue_view(key: VenueKey) -> VenueKeyView:
    return VenueKeyView(
        id=key.id,
        venue=key.venue,
        label=key.label,
        api_key=f"…{key.hint}",
        created_at=rfc3339(key.created_at),
    )


def _once(view: Struct) -> Response:
    """Answer with what nobody, and no cache, may keep."""
    body = msgspec.json.encode(view)
    headers = {"Cache-Control": "no-store"}
    return Response(body, 201, headers=headers, media_type="application/json")


def _instant(at: datetime | None) -> TimeNs | None:
    return None if at is None else parse_time(at.isoformat(), "expires_at")


def _person(me: Principal) -> PersonId:
    assert me.person is not None, "account scopes are people's"
    return me.person


def _by_session(me: Principal) -> PersonId:
    if me.session is None:
        raise Forbidden("a key cannot make keys", fix="sign in, and make it at the page")
    return _person(me)
