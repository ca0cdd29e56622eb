"""Routes of the rights people have over their data."""

from typing import Annotated, Any, Literal

from fastapi import Response
from msgspec import Struct
from pydantic import Field

from hydradesk.accounts.api.account import person_of
from hydradesk.accounts.api.sign_in import PRINTABLE, Body
from hydradesk.accounts.service.privacy import PrivacyService
from hydradesk.infra.http import Caller, Routes

ARCHIVE: dict[int | str, Any] = {
    200: {
        "description": "The archive",
        "content": {
            "application/zip": {
                "schema": {"type": "string", "format": "binary"},
                "example": "a zip archive",
            }
        },
    }
}


class Erasure(Body):
    """Your name or id, so that it is no accident."""

    confirm: Annotated[str, Field(min_length=1, max_length=64, pattern=PRINTABLE)]


class ErasedView(Struct, frozen=True, kw_only=True):
    """What went."""

    status: Literal["erased"] = "erased"
    rows: int


def privacy_routes(privacy: PrivacyService) -> Routes:
    """Build the routes of export and erasure."""
    api = Routes("/account", "account")

    @api.raw("GET", "/export", scope="account:read", responses=ARCHIVE)
    async def export_account(me: Caller) -> Response:
        """Everything the desk holds of you: a JSON and a CSV file for each kind of data."""
        headers = {
            "Content-Disposition": 'attachment; filename="hydradesk-export.zip"',
            "Cache-Control": "no-store",
        }
        body = await privacy.export(person_of(me))
        return Response(body, headers=headers, media_type="application/zip")

    @api.add(
        "DELETE",
        "",
        ErasedView,
        status=202,
        example=ErasedView(rows=31),
        scope="account:write",
        step_up=True,
    )
    async def erase_account(me: Caller, request: Erasure) -> ErasedView:
        """Make you go away: what is personal is deleted, what was traded stays nobody's."""
        return ErasedView(rows=await privacy.erase(person_of(me), request.confirm))

    return api
