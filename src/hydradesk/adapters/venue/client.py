"""The desk's end of a venue in another process. Translates; decides nothing."""

from collections.abc import Sequence
from typing import Any

import httpx2
import msgspec

from hydradesk.execution.contracts import (
    Ack,
    BarNotice,
    CancelRequest,
    Order,
    SessionNotice,
    Unknown,
    VenueOrder,
    VenueReport,
    VenueTerms,
)
from hydradesk.kernel.errors import Unavailable
from hydradesk.kernel.ids import OrderId, SessionId
from hydradesk.kernel.time import TimeNs
from hydradesk.market.contracts import Candle

TIMEOUT_S = 5.0


class RemoteVenue:
    """Answers execution's BarVenue port.

    Args:
        url: http://host:port of the venue.
        terms: what it charges, asked by `connect`.
    """

    name = "paper"

    def __init__(self, url: str, terms: VenueTerms) -> None:
        self.terms = terms
        self._client = httpx2.AsyncClient(base_url=url, timeout=TIMEOUT_S)

    @classmethod
    async def connect(cls, url: str) -> "RemoteVenue":
        """Ask for the venue's terms; Unavailable when nobody answers."""
        try:
            async with httpx2.AsyncClient(base_url=url, timeout=TIMEOUT_S) as client:
                reply = await client.get("/terms")
        except httpx2.HTTPError as error:
            raise Unavailable(
                f"no venue answers at {url}",
                field="venue",
                fix="start it, or unset HYDRADESK_VENUE",
            ) from error
        return cls(url, msgspec.json.decode(reply.content, type=VenueTerms))

    async def submit(self, order: Order) -> Ack:
        """Send once; silence and faults are Unknown, never a second guess."""
        return await self._asked("/orders", order)

    async def cancel(self, order: Order, at: TimeNs) -> Ack:
        """Ask to cancel; what really happened comes as a report."""
        return await self._asked("/cancels", CancelRequest(order, at))

    async def lookup(self, order: OrderId) -> VenueOrder | None:
        """Return what the venue knows of our id."""
        return msgspec.json.decode(await self._get(f"/orders/{order}"), type=VenueOrder | None)

    async def reports(self, after: int, limit: int) -> Sequence[VenueReport]:
        """Return the reports after a sequence number."""
        body = await self._get("/reports", after=after, limit=limit)
        return msgspec.json.decode(body, type=list[VenueReport])

    async def on_bar(self, session: SessionId, bar: Candle) -> bool:
        """Tell the venue of a closed bar; it ignores one it knows. False: nothing to report."""
        return msgspec.json.decode(await self._post("/bars", BarNotice(session, bar)), type=bool)

    async def open_session(self, session: SessionId, at: TimeNs) -> None:
        """Tell the venue that a new session began."""
        await self._post("/sessions", SessionNotice(session, at))

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.aclose()

    async def _asked(self, path: str, body: object) -> Ack:
        try:
            ack: Ack = msgspec.json.decode(await self._post(path, body), type=Ack)
        except Unavailable as error:
            return Unknown(str(error))
        return ack

    async def _post(self, path: str, body: object) -> bytes:
        return await self._call("POST", path, content=msgspec.json.encode(body))

    async def _get(self, path: str, **params: Any) -> bytes:
        return await self._call("GET", path, params=params)

    async def _call(self, method: str, path: str, **rest: Any) -> bytes:
        try:
            reply = await self._client.request(method, path, **rest)
        except httpx2.HTTPError as error:
            raise Unavailable(f"the venue is silent: {type(error).__name__}") from error
        if reply.status_code != httpx2.codes.OK:
            raise Unavailable(f"the venue answers {reply.status_code}")
        return bytes(reply.content)
