"""HTTP views of a person's addresses. Thin: translate, call the service, translate back."""

from typing import Annotated

from fastapi import Path, Response
from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field

from hydradesk.accounts.contracts.addresses import Address
from hydradesk.accounts.service.addresses import AddressService
from hydradesk.infra.http import Caller, Page, Principal, Routes
from hydradesk.kernel.ids import PersonId
from hydradesk.kernel.time import rfc3339

PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
EXAMPLE = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


class AddressView(Struct, frozen=True, kw_only=True):
    """One address on your list."""

    id: str
    asset: str
    address: str
    label: str
    usable_at: str
    """From when on it may be used."""


class AddressRequest(BaseModel):
    """An address to put on the list."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"asset": "ETH", "address": EXAMPLE, "label": "ledger"}},
    )
    asset: str = Field(max_length=16, pattern=r"^[A-Z0-9]+$")
    address: str = Field(max_length=128, pattern=r"^[A-Za-z0-9]+$")
    label: str = Field(default="", max_length=64, pattern=PRINTABLE)


ADDRESS = AddressView(
    id="ad-01k", asset="ETH", address=EXAMPLE, label="ledger", usable_at="2026-11-22T10:00:00Z"
)


def address_view(address: Address) -> AddressView:
    """Show one address."""
    return AddressView(
        id=address.id,
        asset=address.asset,
        address=address.address,
        label=address.label,
        usable_at=rfc3339(address.usable_at),
    )


def address_routes(service: AddressService) -> Routes:
    """Build the routes of the list."""
    api = Routes("/account/addresses", "account")

    @api.add("GET", "", Page[AddressView], example=Page([ADDRESS]), scope="account:read")
    async def list_addresses(me: Caller) -> Page[AddressView]:
        """The addresses to which you may withdraw, oldest first."""
        return Page([address_view(one) for one in await service.of(_whose(me))])

    @api.add(
        "POST",
        "",
        AddressView,
        status=201,
        example=ADDRESS,
        scope="account:write",
        step_up=True,
    )
    async def add_address(me: Caller, request: AddressRequest) -> AddressView:
        """Put an address on the list; it may be used after a delay."""
        added = await service.add(_whose(me), request.asset, request.address, request.label)
        return address_view(added)

    @api.raw("DELETE", "/{address_id}", scope="account:write", status_code=204)
    async def remove_address(
        me: Caller, address_id: Annotated[str, Path(max_length=64, description="The address's id")]
    ) -> Response:
        """Take an address off the list."""
        await service.remove(_whose(me), address_id)
        return Response(status_code=204)

    return api


def _whose(me: Principal) -> PersonId:
    assert me.person is not None, me
    return me.person
