"""The venue port over HTTP: what a venue in a process of its own answers to a desk.

Bodies are the port's own structs as JSON. It is spoken between our own processes on loopback.
"""

import msgspec
from fastapi import APIRouter, Request, Response

from hydradesk.execution.contracts import BarNotice, CancelRequest, Order, SessionNotice
from hydradesk.execution.ports import BarVenue
from hydradesk.kernel.ids import OrderId


def venue_routes(venue: BarVenue) -> APIRouter:
    """Build the routes around one venue."""
    routes, wire = APIRouter(), _Wire(venue)
    routes.add_api_route("/orders", wire.submit, methods=["POST"])
    routes.add_api_route("/orders/{order}", wire.lookup, methods=["GET"])
    routes.add_api_route("/cancels", wire.cancel, methods=["POST"])
    routes.add_api_route("/reports", wire.reports, methods=["GET"])
    routes.add_api_route("/bars", wire.bar, methods=["POST"])
    routes.add_api_route("/sessions", wire.session, methods=["POST"])
    routes.add_api_route("/terms", wire.terms, methods=["GET"])
    return routes


class _Wire:
    """Decodes, asks the venue, encodes."""

    def __init__(self, venue: BarVenue) -> None:
        self._venue = venue

    async def submit(self, request: Request) -> Response:
        order = msgspec.json.decode(await request.body(), type=Order)
        return _json(await self._venue.submit(order))

    async def cancel(self, request: Request) -> Response:
        wanted = msgspec.json.decode(await request.body(), type=CancelRequest)
        return _json(await self._venue.cancel(wanted.order, wanted.at))

    async def lookup(self, order: str) -> Response:
        return _json(await self._venue.lookup(OrderId(order)))

    async def reports(self, after: int, limit: int) -> Response:
        return _json(await self._venue.reports(after, limit))

    async def bar(self, request: Request) -> Response:
        notice = msgspec.json.decode(await request.body(), type=BarNotice)
        return _json(await self._venue.on_bar(notice.session, notice.bar))

    async def session(self, request: Request) -> Response:
        notice = msgspec.json.decode(await request.body(), type=SessionNotice)
        await self._venue.open_session(notice.session, notice.at)
        return _json(None)

    async def terms(self) -> Response:
        return _json(self._venue.terms)


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
