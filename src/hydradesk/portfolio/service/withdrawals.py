"""Takes withdrawals step by step. A step is one transaction: a death loses and repeats none."""

import asyncio
import contextlib
from collections.abc import Sequence
from decimal import Decimal

import structlog
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.exc import DBAPIError

from hydradesk.accounts.contracts import (
    LOCAL,
    Action,
    Audit,
    FeatureOff,
    Features,
    People,
    Person,
    PersonChanged,
    Screening,
    TradingAccounts,
)
from hydradesk.accounts.contracts.addresses import Address, Addresses
from hydradesk.kernel.errors import Conflict, DeskError, Forbidden, Invalid, NotFound, Unavailable
from hydradesk.kernel.ids import AccountId, PersonId
from hydradesk.kernel.numbers import MONEY, Asset, nearest, plain, toward_zero
from hydradesk.kernel.time import DAY, Clock, TimeNs, rfc3339
from hydradesk.kernel.tx import Transactions, Tx
from hydradesk.ledger.contracts import Ledger
from hydradesk.market.contracts import Instrument, Instruments, Prices
from hydradesk.portfolio import domain
from hydradesk.portfolio.contracts import FINAL_STATES, Withdrawal
from hydradesk.portfolio.domain import withdrawals as life
from hydradesk.portfolio.domain.withdrawals import Rules
from hydradesk.portfolio.ports import PortfolioBook, WithdrawalBook

LOOK_S = 1.0
AT_ONCE = 100
CENT = Decimal("0.01")

log = structlog.get_logger("withdrawals")


class OverLimit(Forbidden):
    """More than this person may withdraw in a day (HTTP 403)."""

    code = "withdrawal_limit"


class Kept(Struct, frozen=True):
    """What moves together with a withdrawal."""

    withdrawals: WithdrawalBook
    positions: PortfolioBook
    ledger: Ledger
    addresses: Addresses
    audit: Audit


class Outside(Struct, frozen=True):
    """Where a withdrawal's facts come from."""

    people: People
    trading: TradingAccounts
    screening: Screening
    features: Features
    instruments: Instruments
    prices: Prices
    desk: Clock
    wall: Clock


class Asked(Struct, frozen=True, kw_only=True):
    """A withdrawal as its owner asks for it."""

    id: str
    person: PersonId
    asset: str
    qty: Decimal
    address_id: str


class WithdrawalService:
    """From the asking to the leaving."""

    def __init__(
        self,
        db: Transactions,
        reads: Transactions,
        kept: Kept,
        outside: Outside,
        rules: Rules,
    ) -> None:
        self._db, self._reads, self._kept = db, reads, kept
        self._outside, self._rules = outside, rules

    async def ask(self, asked: Asked) -> Withdrawal:
        """Reserve the amount and begin; the same id again returns what it led to."""
        if not self._outside.features.enabled("withdrawals"):
            raise FeatureOff("withdrawals are switched off", fix="try again later")
        asset = self._asset(asked)
        value = self._value(asked.asset, asked.qty)
        account = await self._outside.trading.of(asked.person)
        hit = None
        async with self._db.begin() as tx:
            person = await self._person(tx, asked.person)  # locked: one request at a time
            known = await self._kept.withdrawals.find(tx, asked.id)
            if known is not None:
                return _same(known, asked)
            address = await self._usable(tx, asked)
            hit = self._outside.screening.check(address=address.address)
            if hit is None:
                await self._within(tx, person, value)
                return await self._begin(tx, asked, (account, address, asset), value)
            await self._note(
                tx, asked.person, "withdrawal.refused", asked.id, {"list": hit.list}, ok=False
            )
        raise Forbidden("nothing may be sent to this address", field="address_id")

    async def cancel(self, person: PersonId, withdrawal: str) -> Withdrawal:
        """Take it back; Conflict when it has left or ended, NotFound when it is not theirs."""
        async with self._db.begin() as tx:
            one = await self._find(tx, withdrawal, person)
            return await self._return(tx, life.cancelled(one), "withdrawal.cancelled")

    async def approve(self, by: PersonId, withdrawal: str, reason: str) -> Withdrawal:
        """Let one leave when its delay is over."""
        async with self._db.begin() as tx:
            one = life.approved(await self._decidable(tx, by, withdrawal), by, reason)
            await self._kept.withdrawals.save(tx, one, self._outside.desk.now(), None)
            await self._step(tx, one, "withdrawal.approved")
        return one

    async def reject(self, by: PersonId, withdrawal: str, reason: str) -> Withdrawal:
        """Refuse one; the amount goes back."""
        async with self._db.begin() as tx:
            one = life.rejected(await self._decidable(tx, by, withdrawal), by, reason)
            return await self._return(tx, one, "withdrawal.rejected")

    async def on_person(self, fact: PersonChanged) -> None:
        """Take back what has not left of who is gone, and forget where the rest went."""
        if fact.status != "erased":
            return
        async with self._db.begin() as tx:
            every = await self._kept.withdrawals.page(tx, fact.person, None, None, 10_000)
        for _, one in every:
            if one.state not in FINAL_STATES:
                with contextlib.suppress(Conflict):  # it has just left
                    await self.cancel(fact.person, one.id)
        async with self._db.begin() as tx:
            await self._kept.withdrawals.nobodys(tx, fact.person)

    async def release(self) -> int:
        """Let leave what is due; returns how many did."""
        async with self._db.begin() as tx:
            due = await self._kept.withdrawals.due(tx, self._outside.wall.now(), AT_ONCE)
        left = 0
        for withdrawal in due:
            try:
                left += await self._release_one(withdrawal)
            except DeskError as error:
                log.warning("withdrawal.waiting", withdrawal=withdrawal, error=str(error))
        return left

    async def run(self) -> None:
        """Look for what is due until cancelled; rides out a database that is away."""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self.release()
            except (DBAPIError, OSError) as error:
                log.warning("withdrawals.waiting", error=type(error).__name__)

    async def page(
        self, person: PersonId, before: int | None, limit: int
    ) -> Sequence[tuple[int, Withdrawal]]:
        """Return a person's withdrawals, newest first, with their page numbers."""
        async with self._reads.begin(person) as tx:
            return await self._kept.withdrawals.page(tx, person, None, before, limit)

    async def everybodys(
        self, state: str | None, before: int | None, limit: int
    ) -> Sequence[tuple[int, Withdrawal]]:
        """Return everybody's, for who looks after them."""
        async with self._db.begin() as tx:
            return await self._kept.withdrawals.page(tx, None, state, before, limit)

    async def _begin(
        self, tx: Tx, asked: Asked, where: tuple[AccountId, Address, Asset], value: Decimal
    ) -> Withdrawal:
        account, address, asset = where
        now, at = self._outside.wall.now(), self._outside.desk.now()
        one = Withdrawal(
            id=asked.id,
            person=asked.person,
            account=account,
            asset=asset.symbol,
            qty=asked.qty,
            address_id=address.id,
            address=address.address,
            state=life.first_state(value, self._rules),
            value=value,
            cost=None,
            created_at=now,
            releases_at=TimeNs(now + self._rules.delay_ns),
        )
        one = replace(one, cost=await self._take(tx, one, at))
        await self._kept.ledger.post(tx, [life.reservation(one, asset)], at)
        await self._kept.withdrawals.add(tx, one, at)
        await self._step(tx, one, "withdrawal.requested")
        return one

    async def _release_one(self, withdrawal: str) -> bool:
        now, at = self._outside.wall.now(), self._outside.desk.now()
        async with self._db.begin() as tx:
            one = await self._kept.withdrawals.find(tx, withdrawal)
            if one is None or not life.is_due(one, now):
                return False  # cancelled, or released by another process
            if self._outside.screening.check(address=one.address) is not None:
                reason = "the address has come onto a sanctions list"
                await self._return(tx, life.rejected(one, None, reason), "withdrawal.rejected")
                return False
            worth = self._value(one.asset, one.qty)
            asset = self._known(one.asset)
            await self._kept.ledger.post(tx, [life.leaving(one, asset)], at)
            one = life.done(one, now)
            await self._kept.withdrawals.save(tx, one, at, worth)
            await self._step(tx, one, "withdrawal.released")
        return True

    async def _return(self, tx: Tx, one: Withdrawal, told: str) -> Withdrawal:
        """Save one that has ended without leaving, and give back what it held."""
        at = self._outside.desk.now()
        asset = self._known(one.asset)
        await self._kept.ledger.post(tx, [life.returning(one, asset)], at)
        instrument = self._instrument(one.asset)
        if instrument is not None and one.cost is not None:
            held = await self._kept.positions.position(tx, one.account, instrument.symbol)
            assert held is not None, one
            after = domain.given_back(held, one.qty, one.cost, at)
            await self._kept.positions.save(tx, after)
        await self._kept.withdrawals.save(tx, one, at, None)
        await self._step(tx, one, told)
        return one

    async def _take(self, tx: Tx, one: Withdrawal, at: TimeNs) -> Decimal | None:
        """Take the amount out of its position, so that nobody sells it meanwhile."""
        instrument = self._instrument(one.asset)
        if instrument is None:
            return None
        held = await self._kept.positions.position(tx, one.account, instrument.symbol)
        if held is None or held.qty < one.qty:
            has = Decimal(0) if held is None else held.qty
            raise Conflict(f"there are only {has} {one.asset}", field="qty", fix="send less")
        after, cost = domain.taken(held, one.qty, at)
        await self._kept.positions.save(tx, after)
        return cost

    async def _usable(self, tx: Tx, asked: Asked) -> Address:
        address = await self._kept.addresses.find(tx, asked.person, asked.address_id)
        if address.asset != asked.asset:
            raise Invalid(
                f"this address is for {address.asset}",
                field="address_id",
                fix=f"choose one for {asked.asset}",
            )
        if address.usable_at > self._outside.wall.now():
            raise Conflict(
                f"this address is new: it may be used from {rfc3339(address.usable_at)} on",
                field="address_id",
                fix="wait until then, or choose another",
            )
        return address

    async def _within(self, tx: Tx, person: Person, value: Decimal) -> None:
        now = self._outside.wall.now()
        expired = person.kyc_expires_at is not None and person.kyc_expires_at <= now
        level = person.kyc_level if person.kyc == "approved" and not expired else 0
        most = self._rules.daily[min(level, max(self._rules.daily))]
        today = TimeNs(now // DAY * DAY)
        before = await self._kept.withdrawals.asked_since(tx, person.id, today)
        if MONEY.add(before, value) > most:
            left = plain(max(Decimal(0), MONEY.subtract(most, before)))
            raise OverLimit(
                f"at most {most} a day at KYC level {level}, {left} is left today",
                field="qty",
                fix=f"send at most {left} worth, or verify more of who you are",
            )

    async def _person(self, tx: Tx, person: PersonId) -> Person:
        if person == LOCAL:
            raise Forbidden("a demo sends nothing away")
        return await self._outside.people.locked(tx, person)

    async def _find(self, tx: Tx, withdrawal: str, person: PersonId) -> Withdrawal:
        one = await self._kept.withdrawals.find(tx, withdrawal)
        if one is None or one.person != person:
            raise NotFound("there is no such withdrawal", field="id")
        return one

    async def _decidable(self, tx: Tx, by: PersonId, withdrawal: str) -> Withdrawal:
        one = await self._kept.withdrawals.find(tx, withdrawal)
        if one is None:
            raise NotFound("there is no such withdrawal", field="id")
        if one.person == by:
            raise Forbidden("nobody decides on their own withdrawal", fix="ask a colleague")
        return one

    def _asset(self, asked: Asked) -> Asset:
        asset = self._known(asked.asset)
        step = MONEY.scaleb(Decimal(1), -asset.scale)
        if asked.qty <= 0 or asked.qty >= Decimal(10) ** 18:
            raise Invalid("qty must be above zero", field="qty", fix=f"send at least {step:f}")
        if toward_zero(asked.qty, step) != asked.qty:
            raise Invalid(
                f"qty has at most {asset.scale} decimals", field="qty", fix="leave the rest out"
            )
        return asset

    def _known(self, symbol: str) -> Asset:
        for one in self._outside.instruments.all:
            for asset in (one.base, one.quote):
                if asset.symbol == symbol:
                    return asset
        raise Invalid(f"this desk holds no {symbol[:16]!r}", field="asset", fix="send USDT")

    def _instrument(self, asset: str) -> Instrument | None:
        """The pair whose position holds this asset; None for the money itself."""
        every = self._outside.instruments.all
        return next((one for one in every if one.base.symbol == asset), None)

    def _value(self, asset: str, qty: Decimal) -> Decimal:
        instrument = self._instrument(asset)
        if instrument is None:
            return qty
        last = self._outside.prices.last(instrument.symbol)
        if last is None:
            raise Unavailable(f"there is no price of {asset} yet", field="asset")
        return nearest(MONEY.multiply(qty, last.price), CENT)

    async def _step(self, tx: Tx, one: Withdrawal, told: str) -> None:
        after = {"asset": one.asset, "qty": str(one.qty), "state": one.state}
        await self._note(tx, one.person, told, one.id, after, address=one.address)

    async def _note(  # noqa: PLR0913  (what a note is)
        self,
        tx: Tx,
        person: PersonId,
        action: str,
        target: str,
        after: dict[str, str],
        *,
        ok: bool = True,
        address: str = "",
    ) -> None:
        personal = {"address": address} if address else {}
        told = Action(
            chain=person,
            action=action,
            target=target,
            after={**after},
            personal={**personal},
            ok=ok,
        )
        await self._kept.audit.record(tx, told)


def _same(known: Withdrawal, asked: Asked) -> Withdrawal:
    mine = (known.person, known.asset, known.qty, known.address_id)
    if mine != (asked.person, asked.asset, asked.qty, asked.address_id):
        raise Conflict("this key was used for another withdrawal", field="Idempotency-Key")
    return known
