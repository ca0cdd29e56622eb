"""Gathers the facts of a case, asks the rules, stores and returns the verdict."""

from decimal import Decimal

from msgspec import Struct

from hydradesk.accounts.contracts import DESK_CHAIN, Action, Audit, person_of
from hydradesk.kernel.ids import AccountId, Symbol
from hydradesk.kernel.time import Clock
from hydradesk.kernel.tx import Transactions, Tx
from hydradesk.market.contracts import Prices
from hydradesk.risk import domain
from hydradesk.risk.contracts import (
    Approved,
    Exposure,
    Halted,
    Intent,
    Judgement,
    Limits,
    Sizing,
    Verdict,
)
from hydradesk.risk.ports import ExposureReader, JudgementBook
from hydradesk.risk.service.profiles import Profiles


class Standing(Struct, frozen=True, kw_only=True):
    """The limits beside what is used of them."""

    limits: Limits
    exposure: Exposure
    reserved: Decimal
    halted: str | None


class Outside(Struct, frozen=True):
    """Where a case's facts come from."""

    exposures: ExposureReader
    prices: Prices
    clock: Clock
    audit: Audit
    profiles: Profiles
    reads: Transactions
    """The app role: what one person reads passes row-level security."""


class RiskService:
    """Answers contracts.Guardian."""

    def __init__(
        self,
        db: Transactions,
        store: JudgementBook,
        book: domain.RiskBook,
        outside: Outside,
    ) -> None:
        self._db, self._store, self._book = db, store, book
        self._outside = outside
        self._halted: str | None = None

    @property
    def halted(self) -> str | None:
        """Why the whole desk is halted, or None."""
        return self._halted

    async def start(self) -> None:
        """Read the halt that was in force when we stopped."""
        async with self._db.begin() as tx:
            self._halted = await self._store.halt(tx)
        await self._outside.profiles.start()

    async def judge(self, tx: Tx, intent: Intent) -> Verdict:
        """Store the verdict and, for a yes, its reservation in the caller's transaction."""
        exposure = await self._outside.exposures.exposure(tx, intent.account, intent.symbol)
        receipt = await self._store.receipt(tx, intent.id)
        known = await self._outside.profiles.of(tx, person_of(intent.account))
        case = domain.Case(
            intent=intent,
            exposure=exposure,
            limits=known.effective.limits,
            sources=known.effective.sources,
            price=self._outside.prices.last(intent.symbol),
            in_flight=self._book.in_flight(intent.account),
            halted=self._halted or known.profile.halted,
            now=self._outside.clock.now(),
        )
        verdict, judgement = domain.judge(case, receipt)
        if isinstance(verdict, Approved):
            await self._store.reserve(tx, verdict)
        await self._store.keep_judgement(tx, judgement)
        return verdict

    async def size(self, sizing: Sizing) -> Decimal:
        """Return base units, on the lot, that risk the configured part of equity; may be 0."""
        standing = await self.standing(sizing.account, sizing.symbol)
        return domain.size_to_stop(sizing, standing.exposure, standing.limits, standing.reserved)

    async def standing(self, account: AccountId, symbol: Symbol) -> Standing:
        """Return the limits and what is used of them."""
        held = self._book.in_flight(account)
        known = await self._outside.profiles.look(person_of(account))
        async with self._outside.reads.begin(account) as tx:
            exposure = await self._outside.exposures.exposure(tx, account, symbol)
        return Standing(
            limits=known.effective.limits,
            exposure=exposure,
            reserved=sum((one.notional for one in held if one.side == "buy"), Decimal(0)),
            halted=self._halted or known.profile.halted,
        )

    async def judgements(
        self, account: AccountId, before: int | None, limit: int
    ) -> list[tuple[int, Judgement]]:
        """Return the account's judgements, newest first, with their page numbers."""
        async with self._outside.reads.begin(account) as tx:
            return list(await self._store.judgements(tx, account, before, limit))

    async def on_halted(self, fact: Halted) -> None:
        """Obey a halt from wherever it came: the page, or another process's `halt`."""
        self._halted = fact.reason if fact.halted else None

    async def halt(self, reason: str) -> None:
        """Refuse everything but reductions from now on, also after a restart."""
        self._halted = reason
        await self._set(reason)

    async def resume(self) -> None:
        """Trade again."""
        await self._set(None)
        self._halted = None

    async def _set(self, reason: str | None) -> None:
        async with self._db.begin() as tx:
            await self._store.set_halt(tx, reason, self._outside.clock.now())
            done = "trading.halted" if reason is not None else "trading.resumed"
            told = Action(chain=DESK_CHAIN, action=done, after={"reason": reason})
            await self._outside.audit.record(tx, told)
