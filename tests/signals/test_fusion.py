"""Scores, decisions, risk and levels follow their written formulas."""

from decimal import Decimal as D
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydradesk.signals.contracts import Vote
from hydradesk.signals.domain.fusion import REVERSAL, THRESHOLD, decide, fuse, levels

TICK = D("0.01")


def vote(direction: Literal[-1, 0, 1], weight: str, source: str = "a.b") -> Vote:
    return Vote(source=source, direction=direction, weight=D(weight), reason="r", facts={})


def test_the_score_is_agreement_times_mass() -> None:
    fused = fuse([vote(1, "3"), vote(-1, "1"), vote(0, "1")])  # net 2 of 5; mass 2 of 6
    assert (fused.net, fused.total, fused.agreement) == (D(2), D(5), D("0.4"))
    assert fused.score == D("13.3")
    assert fuse([vote(-1, "6")]).score == D(-100)
    assert fuse([vote(-1, "60")]).score == D(-100)  # more than enough is still 100
    assert fuse([]).score == fuse([vote(0, "1")]).score == 0


@given(
    st.lists(st.tuples(st.sampled_from([-1, 0, 1]), st.decimals(0, 9, places=2)), max_size=15),
    st.randoms(),
)
def test_scores_are_bounded_symmetric_and_blind_to_order(
    drawn: list[tuple[Literal[-1, 0, 1], D]], random: object
) -> None:
    votes = [vote(side, str(weight)) for side, weight in drawn]
    mirrored = [vote(-side, str(weight)) for side, weight in drawn]  # type: ignore[arg-type]
    score = fuse(votes).score
    assert -100 <= score <= 100 and score == -fuse(mirrored).score
    random.shuffle(votes)  # type: ignore[attr-defined]
    assert fuse(votes).score == score


def test_a_vote_more_on_one_side_never_weakens_it() -> None:
    few = [vote(1, "2"), vote(-1, "1")]
    assert fuse([*few, vote(1, "0.5")]).score > fuse(few).score
    assert fuse([*few, vote(0, "0.5")]).score < fuse(few).score


@pytest.mark.parametrize(
    ("score", "active", "resting", "wanted"),
    [
        (THRESHOLD, None, None, "BUY"),
        (-THRESHOLD, None, None, "SELL"),
        (THRESHOLD - D("0.1"), None, None, "HOLD"),
        (D(100), "BUY", None, "HOLD"),  # it still stands
        (-REVERSAL, "BUY", None, "SELL"),
        (D("0.1") - REVERSAL, "BUY", None, "HOLD"),
        (D(100), None, "BUY", "HOLD"),  # it was just stopped out
        (D(-100), None, "BUY", "SELL"),
        (D(0), None, None, "HOLD"),
    ],
)
def test_decisions(
    score: D,
    active: Literal["BUY", "SELL"] | None,
    resting: Literal["BUY", "SELL"] | None,
    wanted: str,
) -> None:
    assert decide(score, active, resting) == wanted


def test_levels_of_a_buy_and_a_sell() -> None:
    buy = levels("BUY", D("3000.01"), 10.003, TICK)
    assert buy is not None
    assert (buy.entry_low, buy.entry_high) == (D("2985.01"), D("3015.01"))
    assert buy.stop == D("2985")  # 15.0045 below is 2985.0055: outwards
    assert buy.targets == (D("3020.02"), D("3030.02"), D("3040.03"))
    assert buy.risk_reward == D(2)
    sell = levels("SELL", D("3000.01"), 10.003, TICK)
    assert sell is not None and sell.stop == D("3015.02")
    assert sell.targets == (D("2980"), D("2970"), D("2959.99"))


@given(
    direction=st.sampled_from(["BUY", "SELL"]),
    price=st.decimals("0.02", "200000", places=2),
    part=st.floats(1e-6, 0.2),
)
def test_levels_keep_their_distances(
    direction: Literal["BUY", "SELL"], price: D, part: float
) -> None:
    atr = float(price) * part
    found = levels(direction, price, atr, TICK)
    if found is None:
        return
    sign = 1 if direction == "BUY" else -1
    distance, slack = D(repr(atr)), TICK * D("0.001")
    assert sign * (price - found.stop) >= D("1.5") * distance - slack
    assert sign * (price - found.stop) <= D("1.5") * distance + TICK + slack
    for by, target in zip((2, 3, 4), found.targets, strict=True):
        assert by * distance - slack <= sign * (target - price) <= by * distance + TICK + slack
    assert price - found.entry_low <= price * D("0.005")
    assert found.entry_high - price <= price * D("0.005")
    for level in (found.stop, *found.targets, found.entry_low, found.entry_high):
        assert level % TICK == 0 and level > 0


@pytest.mark.parametrize("atr", [0.0, float("nan"), float("inf"), -1.0, 2500.0])
def test_no_levels_without_a_usable_atr(atr: float) -> None:
    assert levels("BUY", D(3000), atr, TICK) is None  # 1.5 * 2500 is below zero
