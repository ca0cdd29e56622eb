"""Hand-made candles after a signal: what is touched first decides."""

from decimal import Decimal as D
from typing import Literal

import pytest

from hydradesk.kernel.ids import SessionId, SignalId
from hydradesk.kernel.time import MINUTE, TimeNs
from hydradesk.signals.contracts import Following, Levels, Signal
from hydradesk.signals.domain.outcome import end, follow
from tests.signals.bars import ETH, candle

AT = 1_000 * MINUTE


def signal(direction: Literal["BUY", "SELL"] = "BUY") -> Following:
    sign = 1 if direction == "BUY" else -1
    price = D(1000)
    return Following(
        signal=Signal(
            id=SignalId("x"),
            session=SessionId("s"),
            symbol=ETH,
            timeframe="5m",
            at=TimeNs(AT),
            price=price,
            direction=direction,
            confidence=D(50),
            risk_score=D(50),
            levels=Levels(
                entry_low=D(995),
                entry_high=D(1005),
                stop=price - sign * 15,
                targets=(price + sign * 20, price + sign * 30, price + sign * 40),
                risk_reward=D(2),
            ),
            votes=(),
            reasoning="",
            expires_at=TimeNs(AT + 10 * MINUTE),
            status="active",
        )
    )


def run(following: Following, *bars: tuple[int, int, int, int]) -> tuple[Following, Signal | None]:
    """Feed 1m bars from the signal on."""
    over = None
    for index, bar in enumerate(bars):
        assert over is None, "fed on after the end"
        following, over = follow(following, candle("1m", AT + index * MINUTE, *bar))
    return following, over


CALM = (1000, 1005, 995, 1000)


@pytest.mark.parametrize(
    ("bars", "wanted"),
    [
        ([(1000, 1001, 985, 990)], ("stop", "stop", 0, 985, "-1.5", "-1")),
        ([(1000, 1041, 985, 1040)], ("stop", "stop", 0, 985, "-1.5", "-1")),  # both: the worse
        ([(980, 982, 970, 981)], ("stop", "stop", 0, 980, "-2", "-1.33")),  # a gap below the stop
        ([(1000, 1040, 999, 1039)], ("target_3", "target_1", 3, 1040, "4", "2.67")),
        ([(1000, 1020, 999, 1010), (1010, 1011, 980, 981)],
         ("stop", "target_1", 1, 985, "-1.5", "-1")),
        ([CALM] * 9 + [(1000, 1006, 999, 1004)], ("expired", None, 0, 1004, "0.4", "0.27")),
        ([CALM] * 9 + [(1000, 1030, 999, 1004)], ("expired", "target_1", 2, 1004, "0.4", "0.27")),
        ([CALM] * 9 + [(1000, 1006, 984, 1004)], ("stop", "stop", 0, 985, "-1.5", "-1")),
    ],
)  # fmt: skip
def test_a_buy(
    bars: list[tuple[int, int, int, int]],
    wanted: tuple[str, str | None, int, int, str, str],
) -> None:
    by, first, best, price, percent, r = wanted
    _, over = run(signal(), *bars)
    assert over is not None and over.outcome is not None
    outcome = over.outcome
    assert (outcome.ended_by, outcome.first_touched, outcome.best_target) == (by, first, best)
    assert (outcome.price, outcome.return_pct, outcome.r_multiple) == (D(price), D(percent), D(r))
    assert outcome.at == AT + len(bars) * MINUTE
    assert over.version == 2
    assert over.status == ("expired" if by == "expired" else "closed")


def test_a_sell_is_a_buy_in_the_mirror() -> None:
    for bar, mirror in (
        ((1000, 1001, 985, 990), (1000, 1015, 999, 1010)),
        ((980, 982, 970, 981), (1020, 1030, 1018, 1019)),
        ((1000, 1040, 999, 1039), (1000, 1001, 960, 961)),
        ((1000, 1041, 985, 1040), (1000, 1015, 959, 960)),
    ):
        _, buy = run(signal("BUY"), bar)
        _, sell = run(signal("SELL"), mirror)
        assert buy is not None and sell is not None and buy.outcome and sell.outcome
        assert sell.outcome.return_pct == buy.outcome.return_pct
        assert sell.outcome.r_multiple == buy.outcome.r_multiple
        assert sell.outcome.ended_by == buy.outcome.ended_by


def test_a_bar_before_the_signal_changes_nothing() -> None:
    following = signal()
    assert follow(following, candle("1m", AT - MINUTE, 1, 9999, 1, 1)) == (following, None)


def test_progress_is_kept_and_never_lost() -> None:
    after, over = run(signal(), (1000, 1031, 999, 1020), (1020, 1021, 1000, 1001), CALM)
    assert over is None and (after.first_touched, after.best_target) == ("target_1", 2)


def test_an_opposite_signal_ends_it_at_that_price() -> None:
    after, _ = run(signal(), (1000, 1021, 999, 1010))
    over = end(after, "reversed", TimeNs(AT + MINUTE), D(1010))
    assert over.outcome is not None and over.status == "closed"
    assert (over.outcome.ended_by, over.outcome.first_touched) == ("reversed", "target_1")
    assert (over.outcome.return_pct, over.outcome.r_multiple) == (D(1), D("0.67"))
