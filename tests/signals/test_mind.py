"""The pure path: bars in, signals out, the same ones every time and not too many."""

import os
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from hydradesk.kernel.ids import SessionId
from hydradesk.kernel.time import DAY, TimeNs
from hydradesk.market.contracts import LENGTH, Candle
from hydradesk.signals.contracts import Context, Signal, Taken, Vote
from hydradesk.signals.domain.fusion import EXPIRY_BARS, REST_BARS
from hydradesk.signals.domain.mind import Mind
from hydradesk.signals.domain.votes import SOURCES
from tests.signals.bars import ETH, INSTRUMENTS, candle
from tests.signals.conftest import START

ROOT = Path(__file__).parents[2]


def warm(bars: list[Candle], **values: object) -> Mind:
    mind = Mind(SessionId("s"), INSTRUMENTS, **values)  # type: ignore[arg-type]
    for bar in bars:
        if bar.close_time <= START:
            mind.learn(bar)
    return mind


@pytest.fixture(scope="module")
def taken(bars: list[Candle], day: list[Candle]) -> list[Taken]:
    mind = warm(bars)
    return [mind.take(bar, tradable=True) for bar in day]


@pytest.fixture(scope="module")
def signals(taken: list[Taken]) -> list[Signal]:
    return [one.signal for one in taken if one.signal is not None]


def test_every_bar_is_judged_and_every_signal_is_whole(
    signals: list[Signal], day: list[Candle]
) -> None:
    assert len(signals) == len(day) == 1440 + 288 + 96 + 24 + 6 + 1
    for signal in signals:
        assert (signal.levels is None) == (signal.direction == "HOLD")
        assert 0 <= signal.confidence <= 100 and 0 <= signal.risk_score <= 100
        assert signal.reasoning.startswith(f"{signal.direction} ETH-USDT on {signal.timeframe} at ")
        assert signal.reasoning.endswith(".") and "  " not in signal.reasoning
        weights = [vote.weight for vote in signal.votes]
        assert weights == sorted(weights, reverse=True) and weights
        assert not set(signal.id) & {":", "/"}


def test_opinions_are_neither_spam_nor_silence(signals: list[Signal]) -> None:
    for timeframe, low, high in (("1m", 0.03, 0.15), ("5m", 0.03, 0.15)):
        made = Counter(one.direction for one in signals if one.timeframe == timeframe)
        share = 1 - made["HOLD"] / made.total()
        assert low <= share <= high, (timeframe, made)
        assert made["BUY"] and made["SELL"]


def test_a_standing_signal_is_not_repeated_but_named(taken: list[Taken]) -> None:
    standing: dict[str, Signal] = {}
    repeated = 0
    for one in taken:
        for over in one.ended:
            if standing[over.timeframe].id == over.id:
                del standing[over.timeframe]
        signal = one.signal
        assert signal is not None
        before = standing.get(signal.timeframe)
        if signal.direction != "HOLD":
            assert before is None or before.direction != signal.direction
            standing[signal.timeframe] = signal
        elif "still stands" in signal.reasoning:
            assert before is not None and f"the {before.direction} of" in signal.reasoning
            repeated += 1
    assert repeated > 100


def test_every_ending_is_that_of_a_signal_made_before(taken: list[Taken]) -> None:
    alive: dict[str, Signal] = {}
    ends = Counter[str]()
    for one in taken:
        if one.signal is not None and one.signal.direction != "HOLD":
            alive[one.signal.id] = one.signal
        for over in one.ended:
            made = alive.pop(over.id)
            assert over.outcome is not None and over.version == made.version + 1
            assert replace(over, outcome=None, status="active", version=1) == made
            assert made.at < over.outcome.at <= max(made.expires_at, made.at + LENGTH["1m"])
            ends[over.outcome.ended_by] += 1
    assert ends["stop"] and ends["target_3"] and ends["expired"]
    assert len(alive) <= len(LENGTH)


def test_a_stopped_direction_rests(taken: list[Taken]) -> None:
    stopped: dict[tuple[str, str], int] = {}
    for one in taken:
        for over in one.ended:
            if over.outcome is not None and over.outcome.ended_by == "stop":
                stopped[over.timeframe, over.direction] = over.outcome.at
        signal = one.signal
        if signal is not None and signal.direction != "HOLD":
            since = stopped.get((signal.timeframe, signal.direction), -DAY * 99)
            assert signal.at - since >= REST_BARS * LENGTH[signal.timeframe]
    assert stopped


def test_untrusted_bars_are_learned_from_but_not_judged(
    bars: list[Candle], day: list[Candle]
) -> None:
    trusting, doubting, troubled = warm(bars), warm(bars), warm(bars)
    troubled.troubled.add(ETH)
    for bar in day[:300]:
        good, bad = trusting.take(bar, tradable=True), doubting.take(bar, tradable=False)
        worse = troubled.take(bar, tradable=True)
        assert good.signal is not None and bad.signal is None and worse.signal is None
        assert bad.reading == good.reading == worse.reading
        assert bad.sightings == good.sightings


def test_another_source_may_join(bars: list[Candle], day: list[Candle]) -> None:
    def prophet(context: Context) -> list[Vote]:
        said = "the prophet says so"
        return [Vote(source="prophet", direction=1, weight=Decimal(1000), reason=said, facts={})]

    mind = warm(bars, sources=(*SOURCES, prophet))
    signal = mind.take(day[0], tradable=True).signal
    assert signal is not None and signal.direction == "BUY"
    assert signal.votes[0].source == "prophet" and "The prophet says so" in signal.reasoning
    assert signal.expires_at == signal.at + EXPIRY_BARS * LENGTH["1m"]


def test_a_market_that_never_moves_gives_no_signal_and_no_error() -> None:
    mind = Mind(SessionId("s"), INSTRUMENTS)
    for index in range(300):
        still = candle("1m", index * LENGTH["1m"], 100, 100, 100, 100, 0)
        signal = mind.take(still, tradable=True).signal
        assert signal is not None and signal.direction == "HOLD" and signal.risk_score == 100


def test_a_bar_is_known_once_it_or_a_later_one_was_taken() -> None:
    mind = Mind(SessionId("s"), INSTRUMENTS)
    second = candle("1m", LENGTH["1m"], 1, 2, 1, 2)
    assert not mind.knows(second)
    mind.take(second, tradable=True)
    assert mind.knows(second) and mind.knows(candle("1m", 0, 1, 2, 1, 2))
    assert not mind.knows(candle("5m", TimeNs(0), 1, 2, 1, 2))  # another stream


def test_same_candles_same_bytes_under_any_hash_seed(shared: Path) -> None:
    file = shared / "data/candles/binance_spot_1m/ETHUSDT-1m-2025.parquet"
    told = set()
    for seed in ("1", "4242"):
        env = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
        done = subprocess.run(
            [sys.executable, "-m", "tests.signals.determinism", str(file)],
            env=env, cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        told.add(done.stdout)
    assert len(told) == 1 and len(told.pop()) == 64
