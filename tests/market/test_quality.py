"""The quality gate: what it refuses, what it counts, when it trusts again."""

from decimal import Decimal
from pathlib import Path

import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydradesk.kernel.ids import Symbol
from hydradesk.kernel.time import HOUR, MINUTE, SECOND, TimeNs
from hydradesk.market.contracts import Candle, Tick
from hydradesk.market.contracts.files import parse
from hydradesk.market.domain.quality import (
    BROKEN_RECOVERY,
    SILENCE,
    STALE_RECOVERY,
    Gate,
    aged,
    hear,
    judge,
    seeded,
    view,
)

ETH = Symbol("ETH-USDT")
T0 = 30_000_000 * MINUTE


def bar(number: int, price: int = 1000, **changes: object) -> Candle:
    steady = Candle(
        symbol=ETH,
        timeframe="1m",
        open_time=TimeNs(T0 + number * MINUTE),
        open=Decimal(price),
        high=Decimal(price) + 1,
        low=Decimal(price) - 1,
        close=Decimal(price),
        volume=Decimal(1),
    )
    return msgspec.structs.replace(steady, **changes)


def gate(history: int = 60) -> Gate:
    return seeded(Gate(symbol=ETH, since=TimeNs(T0)), [bar(n) for n in range(-history, 0)])


def fed(state: Gate, *bars: Candle) -> Gate:
    for one in bars:
        state, _ = judge(state, one, one.close_time)
    return state


def tick(at: int, price: int = 1000) -> Tick:
    return Tick(symbol=ETH, price=Decimal(price), at=TimeNs(at))


def test_bars_in_order_are_fresh_and_counted() -> None:
    state = fed(gate(), *(bar(n) for n in range(10)))
    assert (state.state, state.bars, state.changes) == ("fresh", 10, 0)
    assert view(state).last_at == T0 + 10 * MINUTE


def test_the_last_bar_again_is_a_duplicate_and_harmless() -> None:
    state, verdict = judge(fed(gate(), bar(0)), bar(0), T0 + MINUTE)
    assert (verdict, state.duplicates, state.state, state.bars) == ("duplicate", 1, "fresh", 1)


def test_another_bar_for_the_same_minute_breaks_the_stream() -> None:
    state, verdict = judge(fed(gate(), bar(0)), bar(0, volume=Decimal(2)), T0 + MINUTE)
    assert (verdict, state.state) == ("duplicate", "broken") and "two different" in state.reason


def test_a_bar_of_the_past_is_out_of_order_and_harmless() -> None:
    state, verdict = judge(fed(gate(), bar(0), bar(1)), bar(0), T0 + 2 * MINUTE)
    assert (verdict, state.out_of_order, state.state) == ("late", 1, "fresh")


def test_a_gap_is_stale_until_three_good_bars() -> None:
    state = fed(gate(), bar(0), bar(3))
    assert (state.state, state.gaps) == ("stale", 2) and "2 bars are missing" in state.reason
    for number in range(STALE_RECOVERY):
        assert state.state == "stale"
        state = fed(state, bar(4 + number))
    assert (state.state, state.reason, state.changes) == ("fresh", "", 2)


def test_a_missing_bar_found_later_is_a_backfill_once() -> None:
    state = fed(gate(), bar(0), bar(3))
    state, verdict = judge(state, bar(1), T0 + 4 * MINUTE)
    assert (verdict, state.backfilled, state.gaps) == ("backfill", 1, 2)
    state, verdict = judge(state, bar(1), T0 + 4 * MINUTE)
    assert (verdict, state.backfilled, state.out_of_order) == ("late", 1, 1)
    assert state.missing == ((T0 + 2 * MINUTE, T0 + 3 * MINUTE),)


@pytest.mark.parametrize(
    "changes",
    [
        {"high": Decimal(999)},
        {"low": Decimal(1001)},
        {"low": Decimal(0)},
        {"low": Decimal(-5)},
        {"volume": Decimal(-1)},
        {"open_time": TimeNs(T0 + SECOND)},
    ],
)
def test_a_bar_that_cannot_be_is_refused(changes: dict[str, object]) -> None:
    state, verdict = judge(gate(), bar(0, **changes), T0 + MINUTE)
    assert (verdict, state.state, state.bars) == ("malformed", "broken", 0)
    for number in range(BROKEN_RECOVERY):
        assert state.state == "broken"
        state = fed(state, bar(number))
    assert state.state == "fresh"


def test_a_spike_is_kept_counted_and_broken_until_five_good_bars() -> None:
    state = fed(gate(), bar(0, 1200, low=Decimal(1000)))
    assert (state.state, state.spikes, state.bars) == ("broken", 1, 1)
    assert "unusually far" in state.reason
    state = fed(state, *(bar(n, 1200) for n in range(1, BROKEN_RECOVERY)))
    assert state.state == "broken"
    assert fed(state, bar(BROKEN_RECOVERY, 1200)).state == "fresh"


def test_a_large_move_in_a_wild_market_is_no_spike() -> None:
    wild = [bar(n, 1000 + 30 * (n % 2)) for n in range(-60, 0)]  # 3 % a minute
    state = fed(seeded(Gate(symbol=ETH, since=TimeNs(T0)), wild), bar(0, 1100))
    assert (state.state, state.spikes) == ("fresh", 0)


def test_nothing_is_a_spike_before_enough_is_known() -> None:
    assert fed(gate(5), bar(0, 2000)).spikes == 0


def test_silence_is_stale_and_says_since_when() -> None:
    state = fed(gate(), bar(0))
    assert aged(state, T0 + MINUTE + SILENCE).state == "fresh"
    late = aged(state, T0 + MINUTE + SILENCE + 1)
    assert late.state == "stale" and "nothing heard since" in late.reason
    assert aged(gate(), T0 + SILENCE + 1).state == "stale"  # never heard anything


def test_bars_that_come_too_late_do_not_make_a_stream_fresh() -> None:
    state = aged(fed(gate(), bar(0)), T0 + HOUR)
    for number in range(1, 20):
        state, verdict = judge(state, bar(number), T0 + HOUR)
        assert (verdict, state.state) == ("next", "stale")
    state = fed(state, *(bar(number) for number in range(20, 23)))
    assert state.state == "fresh" and state.gaps == 0


def test_a_lone_far_tick_is_refused_and_a_second_confirms_it() -> None:
    state, heard = hear(gate(), tick(T0 + SECOND), T0 + SECOND)
    assert heard and state.last_price == 1000
    state, heard = hear(state, tick(T0 + 2 * SECOND, 1500), T0 + 2 * SECOND)
    assert not heard and state.last_price == 1000 and state.spikes == 1
    state, heard = hear(state, tick(T0 + 3 * SECOND, 1501), T0 + 3 * SECOND)
    assert heard and state.last_price == 1501


def test_old_and_impossible_ticks_are_refused() -> None:
    state = fed(gate(), bar(0), bar(1))
    assert not hear(state, tick(T0 + MINUTE), T0 + 2 * MINUTE)[1]  # older than the last bar
    assert not hear(state, tick(T0 + 2 * MINUTE), T0 + HOUR)[1]
    assert not hear(state, tick(T0 + 2 * MINUTE, 0), T0 + 2 * MINUTE)[1]


arrivals = st.lists(
    st.tuples(st.integers(0, 40), st.integers(900, 1300), st.integers(0, 400)), max_size=60
)


@given(arrivals)
def test_counters_and_states_always_add_up(chaos: list[tuple[int, int, int]]) -> None:
    state, accepted, now = gate(), [], T0
    for number, price, delay in chaos:
        now = max(now, T0 + number * MINUTE + delay * SECOND)
        before = state
        state, verdict = judge(state, bar(number, price), now)
        accepted += [number] if verdict == "next" else []
        assert state.changes - before.changes == (state.state != before.state) or (
            state.changes > before.changes
        )
        assert (state.reason == "") == (state.state == "fresh")
    assert accepted == sorted(set(accepted)) and state.bars == len(accepted)
    counted = state.bars + state.duplicates + state.out_of_order + state.backfilled
    assert counted == len(chaos)
    span = (accepted[-1] + 1) if accepted else 0  # history ends just before minute 0
    assert state.gaps == span - len(accepted)
    assert sum((end - start) // MINUTE for start, end in state.missing) == (
        state.gaps - state.backfilled
    )


@given(arrivals)
def test_memory_survives_encoding(chaos: list[tuple[int, int, int]]) -> None:
    state = fed(gate(), *(bar(number, price) for number, price, _ in chaos))
    assert msgspec.json.decode(msgspec.json.encode(state), type=Gate) == state


@given(st.integers(0, 400), st.integers(1, 10))
def test_whatever_happened_good_bars_heal(number: int, times: int) -> None:
    state = gate()
    for step in range(times):
        state, _ = judge(state, bar(number + step, 3000, low=Decimal(0)), T0)
    state = fed(state, *(bar(number + n) for n in range(1, 2 + BROKEN_RECOVERY)))
    assert state.state == "fresh"


def test_five_real_weeks_with_a_crash_hold_a_handful_of_spikes(shared: Path) -> None:
    name = "ETHUSDT-1m-2024.parquet"
    frame = pl.read_parquet(shared / "data/candles/binance_spot_1m" / name)
    bars = parse(frame, name, ETH, "1m").bars
    candles = bars.part(0, 50_000).candles()
    state = fed(seeded(Gate(symbol=ETH, since=candles[120].open_time), candles[:120]))
    for one in candles[120:]:
        state, verdict = judge(state, one, one.close_time)
        assert verdict == "next"
    assert (state.gaps, state.state) == (0, "fresh")
    assert 1 <= state.spikes <= 5  # ETH fell by a tenth on 2024-01-03
