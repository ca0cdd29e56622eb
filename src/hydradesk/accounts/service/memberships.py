"""Memberships bought at Whop: told by webhooks, applied to whoever has the Whop id."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from hydradesk.accounts.contracts import MEMBERSHIPS, Role
from hydradesk.accounts.contracts.credentials import Membership
from hydradesk.accounts.domain import standard_webhooks
from hydradesk.accounts.ports.credentials import MembershipBook
from hydradesk.accounts.service.sign_in import Key, SignInService
from hydradesk.kernel.errors import Invalid, Unavailable
from hydradesk.kernel.time import TimeNs, parse_time
from hydradesk.kernel.tx import Tx

BEGINS = frozenset({"membership.activated", "membership.went_valid"})
ENDS = frozenset({"membership.deactivated", "membership.went_invalid"})


class _Named(Struct, frozen=True):
    id: str


class _Bought(Struct, frozen=True):
    id: str
    user: _Named
    product: _Named


class WhopTerms(Struct, frozen=True, kw_only=True):
    """What the desk agreed with Whop."""

    key: bytes | None
    """Of the webhooks; None: they are not taken."""
    products: Mapping[str, Role]
    """Which membership a product is."""

    def __repr__(self) -> str:
        return "WhopTerms(…)"


class MembershipService:
    """Answers Whop's webhooks and keeps roles in step with what is paid for."""

    def __init__(self, base: SignInService, book: MembershipBook, terms: WhopTerms) -> None:
        self._base, self._book, self._terms = base, book, terms

    async def hear(self, headers: tuple[str, str, str], body: bytes) -> None:
        """Take one webhook; the same twice changes nothing the second time."""
        async with self._base.watched("membership.told") as watch:
            if self._terms.key is None:
                raise Unavailable("this desk has no key for Whop's webhooks")
            watch.after |= {"event": headers[0][:64]}
            now = self._base.around.clock.now()
            standard_webhooks.verify(self._terms.key, headers, body, now)
            kind, membership = _read(body, now)
            async with self._base.db.begin() as tx:
                if not await self._book.first_time(tx, headers[0], now) or membership is None:
                    return
                await self._book.keep(tx, membership)
                await self._apply(tx, membership.whop_id, kind)

    async def apply(self, whop_id: str) -> None:
        """Give a person the role that their memberships are worth."""
        async with self._base.db.begin() as tx:
            await self._apply(tx, whop_id, "sign-in")

    async def join(self, whop_id: str, key: Key) -> None:
        """Let somebody the desk knows by their Whop id sign in with Whop."""
        async with self._base.db.begin() as tx:
            person = await self._base.books.people.by_whop(tx, whop_id)
            known = await self._base.books.credentials.find(tx, "whop", whop_id)
            if person is not None and known is None:
                await self._base.attach(tx, person.id, key)

    async def _apply(self, tx: Tx, whop_id: str, why: str) -> None:
        books, now = self._base.books, self._base.around.clock.now()
        found = await books.people.by_whop(tx, whop_id)
        if found is None:
            return  # remembered, and applied when they first come
        person = await books.people.locked(tx, found.id)
        worth = self._worth(await self._book.of_whop(tx, whop_id))
        if person.role not in MEMBERSHIPS or person.role == worth or person.status == "erased":
            return
        changed = msgspec.structs.replace(person, role=worth, version=person.version + 1)
        await books.people.save(tx, changed, now)
        await self._base.record(
            tx,
            person.id,
            "membership.changed",
            before={"role": person.role},
            after={"role": worth, "why": why},
        )

    def _worth(self, known: list[Membership]) -> Role:
        """Return the best role among what is active."""
        roles = [self._terms.products.get(one.product, "user") for one in known if one.active]
        return max(roles, key=MEMBERSHIPS.index, default="user")


def _read(body: bytes, now: TimeNs) -> tuple[str, Membership | None]:
    """Read an event; None for one that is about something else. Raises Invalid."""
    try:
        said: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
        kind = str(said.get("type") or said.get("action"))
        if kind not in BEGINS | ENDS:
            return kind, None
        bought = msgspec.convert(said.get("data"), _Bought)
        stamp = said.get("timestamp")
        at = parse_time(stamp, "timestamp") if isinstance(stamp, str) else now
    except msgspec.MsgspecError as error:
        raise Invalid("this is not a membership event", field="data") from error
    names = (bought.id, bought.user.id, bought.product.id)
    if not all(0 < len(one) <= 128 and one.isascii() and one.isprintable() for one in names):
        raise Invalid("the event's names are not Whop's", field="data")
    return kind, Membership(
        id=bought.id,
        whop_id=bought.user.id,
        product=bought.product.id,
        active=kind in BEGINS,
        at=at,
    )
