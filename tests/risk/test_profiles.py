"""Who may risk how much: own limits within the platform's, risk levels, halts of one person."""

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hydradesk.accounts.contracts import LOCAL, Person, PersonChanged, RiskLevel, private_name
from hydradesk.infra.db import Database
from hydradesk.kernel.errors import Invalid
from hydradesk.kernel.ids import AccountId, PersonId
from hydradesk.risk import domain
from hydradesk.risk.contracts import BOUNDS, Bound, Profile, Refused
from hydradesk.risk.domain.profile import PART_OF
from tests.accounts.trail import actions
from tests.desk import ETH, LIMITS, START, House, bar, wish

ANN, BOB = PersonId("p-ann"), PersonId("p-bob")
QTY = D(10)
"""Worth 20,200 at the worst price: over a conservative order_max of 12,500."""


@pytest.fixture
async def house(db: Database) -> House:
    one = House(db)
    await one.open()
    people = one.profiles._archive.people
    async with db.begin() as tx:
        for person, level in ((ANN, "conservative"), (BOB, "aggressive")):
            new = Person(
                id=person, name="x", referral_code=person, risk_level=level, created_at=START
            )
            await people.add(tx, new, START)
    return one


async def asked(house: House, person: PersonId, name: str, **changes: object) -> object:
    account = await house.trading.of(person)
    order = wish(account=account, id=private_name(person, account, name), **changes)
    return await house.execution.submit_wanted(order, ETH)


@given(
    level=st.sampled_from(["conservative", "balanced", "aggressive"]),
    own=st.dictionaries(st.sampled_from(BOUNDS), st.decimals("0.001", "1e6", places=3)),
)
def test_nobody_is_ever_above_the_platform(level: RiskLevel, own: dict[Bound, D]) -> None:
    known = domain.effective(Profile(person=ANN, own=own), level, LIMITS)
    for name in BOUNDS:
        now, most = getattr(known.limits, name), getattr(LIMITS, name)
        assert 0 < now <= most
        if name in own:
            assert now == min(own[name], most)
        else:
            assert now == most * PART_OF[level]
    assert known.limits.collar == LIMITS.collar


async def test_a_risk_level_is_a_part_of_the_platforms_limits(house: House) -> None:
    no = await asked(house, ANN, "large", qty=QTY)
    assert isinstance(no, Refused) and no.rule == "order_size"
    assert "over the conservative limit of 12500" in no.detail
    assert not isinstance(await asked(house, BOB, "large", qty=QTY), Refused)
    assert not isinstance(await house.order(qty=QTY), Refused)  # the local person: the platform's


async def test_own_limits_are_named_in_refusal_and_receipt(house: House) -> None:
    await house.profiles.change(BOB, {"order_max": D(1000)}, raising=False)
    no = await asked(house, BOB, "w")
    assert isinstance(no, Refused) and "over your own limit of 1000" in no.detail
    account = await house.trading.of(BOB)
    ((_, judged),) = await house.risk.judgements(account, None, 10)
    assert judged.limits["order_max"] == "your own limit of 1000"
    assert judged.limits["gross_max"] == "the limit of 90000"
    assert not isinstance(await asked(house, ANN, "w"), Refused)
    assert "risk.limits_changed" in await actions(house.db, BOB)


async def test_raising_is_told_from_lowering(house: House) -> None:
    assert not (await house.profiles.proposed(ANN, {"order_max": D(100)}))[1]
    assert (await house.profiles.proposed(ANN, {"order_max": D(12_501)}))[1]
    assert (await house.profiles.proposed(ANN, {"order_max": D(1), "gross_max": D(80_000)}))[1]
    await house.profiles.change(ANN, {"order_max": D(100)}, raising=False)
    assert (await house.profiles.proposed(ANN, {"order_max": None}))[1]
    with pytest.raises(AssertionError):
        await house.profiles.change(ANN, {"order_max": D(101)}, raising=False)
    for wrong in (D(0), D(-1), D(50_001)):
        with pytest.raises(Invalid) as error:
            await house.profiles.proposed(ANN, {"order_max": wrong})
        assert error.value.field == "order_max" and error.value.fix


async def test_the_platforms_limits_bind_at_once_and_after_a_restart(house: House) -> None:
    await house.profiles.change(BOB, {"order_max": D(40_000)}, raising=False)
    await house.profiles.set_platform({"order_max": D(500)})
    no = await asked(house, BOB, "w")
    assert isinstance(no, Refused) and "over the limit of 500" in no.detail
    again = House(house.db)
    await again.risk.start()
    assert again.profiles.platform == replace(LIMITS, order_max=D(500))
    known = await again.profiles.look(BOB)
    assert known.effective.limits.order_max == 500 and known.profile.own == {"order_max": D(40_000)}


async def test_who_halts_stops_alone_and_may_still_reduce(house: House) -> None:
    await asked(house, ANN, "in", qty=D(1))
    await house.play(bar(0))
    await house.profiles.halt(ANN, "enough")
    no = await asked(house, ANN, "more", qty=D(1))
    assert isinstance(no, Refused) and no.rule == "halted" and "enough" in no.detail
    assert not isinstance(await asked(house, ANN, "out", side="sell", qty=D(1)), Refused)
    assert not isinstance(await asked(house, BOB, "more", qty=D(1)), Refused)
    await house.trading.reset(ANN)
    assert isinstance(await asked(house, ANN, "more", qty=D(1)), Refused)  # a halt outlives it
    again = House(house.db)
    assert (await again.profiles.look(ANN)).profile.halted == "enough"
    await house.profiles.halt(ANN, None)
    assert not isinstance(await asked(house, ANN, "again", qty=D(1)), Refused)


async def test_a_level_changed_elsewhere_is_heard_of(house: House) -> None:
    assert (await house.profiles.look(ANN)).level == "conservative"
    people = house.profiles._archive.people
    async with house.db.begin() as tx:
        ann = await people.locked(tx, ANN)
        await people.save(tx, replace(ann, risk_level="aggressive", version=2), START)
    fact = PersonChanged(
        id="x", at=START, key=ANN, person=ANN, role="user", status="active", kyc="none", kyc_level=0
    )
    await house.profiles.on_person(fact)
    assert (await house.profiles.look(ANN)).level == "aggressive"
    assert (await house.profiles.look(LOCAL)).effective.limits == LIMITS


async def test_standing_is_the_persons(house: House) -> None:
    account = await house.trading.of(ANN)
    standing = await house.risk.standing(AccountId(account), ETH)
    assert standing.limits.order_max == 12_500 and standing.halted is None
