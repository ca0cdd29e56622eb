"""Risk's tables."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Identity,
    Index,
    Numeric,
    String,
    Table,
    Text,
    func,
    insert,
    select,
    update,
)

from hydradesk.infra.db import (
    OF_PERSON,
    TENANT,
    adding,
    after_commit,
    insert_new,
    metadata,
    raw,
    sql,
)
from hydradesk.infra.outbox import emit
from hydradesk.kernel.errors import Conflict
from hydradesk.kernel.ids import AccountId, OrderId, PersonId, Symbol
from hydradesk.kernel.time import TimeNs
from hydradesk.kernel.tx import Tx
from hydradesk.risk.contracts import (
    BOUNDS,
    Approved,
    Bound,
    Halted,
    Intent,
    Judged,
    Judgement,
    Limits,
    PlatformChanged,
    Profile,
    ProfileChanged,
)
from hydradesk.risk.domain import Held, RiskBook

HALT_LOCK = 0x0B0D
"""The page and the command line may halt at the same moment: one after the other."""

reservations = Table(
    "risk_reservations",
    metadata,
    Column("id", String, primary_key=True),
    Column("account", String, nullable=False),
    Column("order_id", String, nullable=False),
    Column("intent", Text, nullable=False),
    Column("remaining", Numeric, nullable=False),
    Column("used", Boolean, nullable=False),
    Index("risk_reservations_live", "order_id", postgresql_where="remaining > 0"),
    info=TENANT,
)
judgements = Table(
    "risk_judgements",
    metadata,
    Column("number", BigInteger, Identity(), primary_key=True),
    Column("id", String, unique=True, nullable=False),
    Column("account", String, nullable=False),
    Column("order_id", String, nullable=False),
    Column("approved", Boolean, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Index("risk_judgements_account", "account", "number"),
    Index("risk_judgements_order", "order_id"),
    info=TENANT,
)
halts = Table(
    "risk_halts",
    metadata,
    Column("version", BigInteger, primary_key=True),
    Column("reason", Text),
    Column("at", BigInteger, nullable=False),
)

profiles = Table(
    "risk_profiles",
    metadata,
    Column("person", String, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    info=OF_PERSON,
)
platform = Table(
    "risk_platform",
    metadata,
    Column("version", BigInteger, primary_key=True),
    Column("body", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

COUNT = "SELECT count(*) FROM risk_judgements WHERE order_id = $1"
JUDGE = adding(judgements, ("id", "account", "order_id", "approved", "at", "body"))
RESERVE = adding(reservations, ("id", "account", "order_id", "intent", "remaining", "used"))
CONSUME = "UPDATE risk_reservations SET used = true WHERE id = $1 AND intent = $2 AND NOT used"
KEEP = """
UPDATE risk_reservations SET remaining = $2 WHERE order_id = $1 AND remaining > 0
RETURNING intent"""
"""asyncpg's own: these run with every order."""


class RiskStore:
    """Every verdict, every reservation, the halt; keeps the risk book equal to what committed."""

    def __init__(self, book: RiskBook) -> None:
        self._book = book

    async def load(self, tx: Tx) -> None:
        """Fill the book with what live orders reserve; a yes that no order used is dropped."""
        unused = update(reservations).where(reservations.c.used.is_(False))
        await sql(tx).execute(unused.values(remaining=Decimal(0)))
        live = select(reservations.c.intent, reservations.c.remaining)
        for body, remaining in await sql(tx).execute(live.where(reservations.c.remaining > 0)):
            intent = msgspec.json.decode(body, type=Intent)
            self._book.put(intent.id, _held(intent, remaining))

    async def receipt(self, tx: Tx, intent: str) -> str:
        """Return a name for the next judgement of this intent."""
        return f"{intent}.{1 + await (await raw(tx)).fetchval(COUNT, intent)}"

    async def keep_judgement(self, tx: Tx, judgement: Judgement) -> None:
        """Store one verdict and emit it."""
        intent = judgement.intent
        row = (judgement.id, intent.account, intent.id, judgement.approved, judgement.at)
        await (await raw(tx)).execute(JUDGE, *row, msgspec.json.encode(judgement).decode())
        fact = Judged(
            id=f"{judgement.id}:judged", at=judgement.at, key=intent.account, judgement=judgement
        )
        await emit(tx, fact)

    async def reserve(self, tx: Tx, approved: Approved) -> None:
        """Store the reservation of one yes."""
        intent = approved.intent
        row = (
            approved.reservation,
            intent.account,
            intent.id,
            _intent(approved),
            intent.qty,
            False,
        )
        await (await raw(tx)).execute(RESERVE, *row)
        held = _held(intent, intent.qty)
        after_commit(tx, f"risk:{intent.id}", lambda: self._book.put(intent.id, held))

    async def consume(self, tx: Tx, approved: Approved) -> None:
        """Use the reservation in the order's transaction; Conflict when unknown, other or used."""
        key = (approved.reservation, _intent(approved))
        if await (await raw(tx)).execute(CONSUME, *key) != "UPDATE 1":
            raise Conflict(f"reservation {approved.reservation} is not open for this intent")

    async def keep(self, tx: Tx, order: OrderId, remaining: Decimal) -> None:
        """Shrink what an order reserves to `remaining` base units; 0 frees it."""
        body = await (await raw(tx)).fetchval(KEEP, order, remaining)
        if body is not None:
            held = _held(msgspec.json.decode(body, type=Intent), remaining)
            after_commit(tx, f"risk:{order}", lambda: self._book.put(order, held))

    async def judgements(
        self, tx: Tx, account: AccountId, before: int | None, limit: int
    ) -> Sequence[tuple[int, Judgement]]:
        """Return judgements, newest first, with their row numbers."""
        mine = select(judgements.c.number, judgements.c.body)
        mine = mine.where(judgements.c.account == account)
        if before is not None:
            mine = mine.where(judgements.c.number < before)
        rows = await sql(tx).execute(mine.order_by(judgements.c.number.desc()).limit(limit))
        return [(number, msgspec.json.decode(body, type=Judgement)) for number, body in rows]

    async def halt(self, tx: Tx) -> str | None:
        """Return why trading is halted, or None."""
        last = select(halts.c.reason).order_by(halts.c.version.desc()).limit(1)
        reason: str | None = await sql(tx).scalar(last)
        return reason

    async def set_halt(self, tx: Tx, reason: str | None, at: int) -> None:
        """Halt or resume, and emit it when that changes anything."""
        await sql(tx).execute(select(func.pg_advisory_xact_lock(HALT_LOCK)))
        if await self.halt(tx) == reason:
            return
        version = 1 + (await sql(tx).scalar(select(func.max(halts.c.version))) or 0)
        await sql(tx).execute(insert(halts).values(version=version, reason=reason, at=at))
        fact = Halted(
            id=f"halt:{version}",
            at=TimeNs(at),
            key="risk",
            halted=reason is not None,
            reason=reason or "",
            version=version,
        )
        await emit(tx, fact)


class ProfileStore:
    """Answers ports.ProfileBook."""

    async def profile(self, tx: Tx, person: PersonId) -> Profile | None:
        """Return somebody's profile, None when they never changed it."""
        body = await sql(tx).scalar(select(profiles.c.body).where(profiles.c.person == person))
        return None if body is None else msgspec.json.decode(body, type=Profile)

    async def locked(self, tx: Tx, person: PersonId) -> Profile:
        """Return it, locked until the transaction ends; made when there is none."""
        fresh = Profile(person=person, own={}, version=0)
        body = msgspec.json.encode(fresh).decode()
        await insert_new(tx, profiles, person=person, version=0, body=body)
        mine = select(profiles.c.body).where(profiles.c.person == person).with_for_update()
        return msgspec.json.decode(await sql(tx).scalar(mine) or "", type=Profile)

    async def save(self, tx: Tx, profile: Profile, at: int) -> None:
        """Save a changed profile and emit it; Conflict when somebody changed it first."""
        mine = profiles.c.person == profile.person
        body = await sql(tx).scalar(select(profiles.c.body).where(mine))
        before = msgspec.json.decode(body or "", type=Profile)
        if before.version != profile.version - 1:
            raise Conflict(f"the limits of {profile.person} were changed meanwhile")
        values = {"version": profile.version, "body": msgspec.json.encode(profile).decode()}
        await sql(tx).execute(update(profiles).where(mine).values(**values))
        fact = ProfileChanged(
            id=f"risk-profile:{profile.person}:{profile.version}",
            at=TimeNs(at),
            key=profile.person,
            profile=profile,
            halts=before.halted != profile.halted,
        )
        await emit(tx, fact)

    async def platform(self, tx: Tx) -> dict[Bound, Decimal]:
        """Return the platform's limits that were set last; empty when none ever were."""
        last = select(platform.c.body).order_by(platform.c.version.desc()).limit(1)
        body = await sql(tx).scalar(last)
        return {} if body is None else msgspec.json.decode(body, type=dict[Bound, Decimal])

    async def lock_platform(self, tx: Tx) -> None:
        """Wait until nobody else sets the platform's limits, until commit."""
        await sql(tx).execute(select(func.pg_advisory_xact_lock(HALT_LOCK)))

    async def set_platform(self, tx: Tx, limits: Limits, at: int) -> None:
        """Remember and emit the platform's limits; call with the lock held."""
        version = 1 + (await sql(tx).scalar(select(func.max(platform.c.version))) or 0)
        bounds = {name: getattr(limits, name) for name in BOUNDS}
        body = msgspec.json.encode(bounds).decode()
        await sql(tx).execute(insert(platform).values(version=version, body=body, at=at))
        fact = PlatformChanged(
            id=f"risk-platform:{version}", at=TimeNs(at), key="risk", limits=bounds
        )
        await emit(tx, fact)


def _intent(approved: Approved) -> str:
    return msgspec.json.encode(approved.intent).decode()


def _held(intent: Intent, remaining: Decimal) -> Held:
    return Held(
        account=intent.account,
        symbol=Symbol(intent.symbol),
        side=intent.side,
        remaining=remaining,
        price=intent.price,
    )
