"""What a sign-in answers: tokens in the body for programs, in cookies for the page."""

from datetime import UTC, datetime
from typing import Literal

import msgspec
from fastapi import Response
from msgspec import Struct

from hydradesk.accounts.api.views import ALICE, PersonView, person_view
from hydradesk.accounts.contracts import Issued, Person
from hydradesk.kernel.time import SECOND, TimeNs, rfc3339

SessionChoice = Literal["token", "cookie"]
ACCESS, REFRESH, CSRF = "__Host-desk", "__Secure-desk-refresh", "__Host-desk-csrf"
REFRESH_PATH = "/api/auth"


class SignInView(Struct, frozen=True, kw_only=True):
    """Either `signed_in`, or `factor_needed`: then a ticket for POST /api/auth/factor."""

    status: Literal["signed_in", "factor_needed"]
    person: PersonView | None = None
    access_token: str | None = None
    """Null when it is in a cookie."""
    access_expires_at: str | None = None
    refresh_token: str | None = None
    """Null when it is in a cookie. Good once."""
    refresh_expires_at: str | None = None
    csrf: str | None = None
    """What writes with cookies repeat in X-CSRF-Token."""
    ticket: str | None = None
    factors: list[str] = []
    expires_at: str | None = None
    """Until when the ticket is good."""


def signed_in_view(person: Person, issued: Issued, choice: SessionChoice) -> SignInView:
    """Show a session that was opened or refreshed."""
    shown = choice == "token"
    return SignInView(
        status="signed_in",
        person=person_view(person),
        access_token=issued.access.text() if shown else None,
        access_expires_at=rfc3339(issued.access_expires_at),
        refresh_token=issued.refresh.text() if shown else None,
        refresh_expires_at=rfc3339(issued.refresh_expires_at),
        csrf=issued.csrf,
    )


def signed_in(person: Person, issued: Issued, choice: SessionChoice, status: int = 200) -> Response:
    """Answer with a session: its tokens in the body, or in cookies that scripts cannot read."""
    body = msgspec.json.encode(signed_in_view(person, issued, choice))
    response = Response(body, status, media_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    if choice == "cookie":
        set_cookies(response, issued)
    return response


def set_cookies(response: Response, issued: Issued) -> None:
    """Give the page its session."""
    _set(response, ACCESS, issued.access.text(), issued.access_expires_at)
    _set(response, REFRESH, issued.refresh.text(), issued.refresh_expires_at, REFRESH_PATH)
    _set(response, CSRF, issued.csrf, issued.refresh_expires_at, readable=True)


def drop_cookies(response: Response) -> None:
    """Take the page's session away."""
    for name, path in ((ACCESS, "/"), (REFRESH, REFRESH_PATH), (CSRF, "/")):
        response.delete_cookie(
            name, path=path, secure=True, httponly=name != CSRF, samesite="strict"
        )


def _set(
    response: Response,
    name: str,
    value: str,
    until: TimeNs,
    path: str = "/",
    *,
    readable: bool = False,
) -> None:
    response.set_cookie(
        name,
        value,
        expires=datetime.fromtimestamp(until // SECOND, UTC),
        path=path,
        secure=True,
        httponly=not readable,
        samesite="strict",
    )


SIGNED_IN = SignInView(
    status="signed_in",
    person=person_view(ALICE),
    access_token="eyJhbGciOiJFZERTQSJ9.e30.c2ln",  # noqa: S106  # nosec B106 (an example)
    access_expires_at="2025-06-24T12:10:00Z",
    refresh_token="hdr_5nQ0u1mV",  # noqa: S106  # nosec B106
    refresh_expires_at="2025-07-08T12:00:00Z",
    csrf="kq2Yw8",
)
