"""How far a stream can be trusted: a pure state machine, one state per symbol.

What is judged, bar by bar and tick by tick:

- order: a bar of a minute already passed is refused (`out_of_order`), unless that minute was
  missing: then it is `backfilled` and may be stored, but it does not make the past fresh;
- duplicates: the last bar again is refused; with other numbers it also breaks the stream;
- gaps: minutes missing when a later bar arrives are counted and make the stream stale;
- shape: a bar whose extremes do not hold its open and close, or with a price that is not
  positive, is refused and breaks the stream;
- spikes: a bar reaching further from the last close than SPIKE_FLOOR (2 %) and further than
  SPIKE_FACTOR (25) times the median reach of the last WINDOW (120) bars is counted, kept (the
  exchange did trade there) and breaks the stream; a tick that far away is refused until a second
  tick within SPIKE_FLOOR of it confirms it;
- age: no bar and no tick for SILENCE (150 s of desk time) makes the stream stale.

Recovery: a stale stream is fresh after STALE_RECOVERY (3) good bars in a row, a broken one after
BROKEN_RECOVERY (5). A bar is good when it follows the last one, is no spike and is not older than
SILENCE when it arrives.
"""

from decimal import Decimal
from statistics import median
from typing import Literal

import msgspec
from msgspec import Struct

from hydradesk.kernel.ids import Symbol
from hydradesk.kernel.time import MINUTE, SECOND, TimeNs, rfc3339
from hydradesk.market.contracts import Candle, Freshness, StreamState, Tick

SILENCE = 150 * SECOND
SPIKE_FLOOR = 0.02
SPIKE_FACTOR = 25
WINDOW = 120
ENOUGH = 30
"""Fewer bars than this tell nothing about what is usual."""
STALE_RECOVERY = 3
BROKEN_RECOVERY = 5
REMEMBERED = 64
"""Gaps kept in mind for backfilling."""

Verdict = Literal["next", "backfill", "duplicate", "late", "malformed"]


class Gate(Struct, frozen=True, kw_only=True):
    """Everything known about one stream; stored with the session, so that a restart goes on."""

    symbol: Symbol
    since: TimeNs
    """When we began to listen: silence is counted from here before the first bar."""
    state: Freshness = "fresh"
    reason: str = ""
    changes: int = 0
    """How often the state changed: part of the fact's id."""
    last_at: TimeNs = TimeNs(0)
    last_bar: Candle | None = None
    last_price: Decimal | None = None
    suspect: Decimal | None = None
    """A tick that was refused as a spike and waits for a second one."""
    good: int = 0
    bars: int = 0
    duplicates: int = 0
    out_of_order: int = 0
    gaps: int = 0
    backfilled: int = 0
    spikes: int = 0
    reaches: tuple[float, ...] = ()
    missing: tuple[tuple[int, int], ...] = ()
    """Open times [start, end) of minutes never seen."""


def view(gate: Gate) -> StreamState:
    """Return what others may know."""
    return StreamState(
        symbol=gate.symbol,
        state=gate.state,
        reason=gate.reason,
        last_at=gate.last_at,
        bars=gate.bars,
        duplicates=gate.duplicates,
        out_of_order=gate.out_of_order,
        gaps=gate.gaps,
        backfilled=gate.backfilled,
        spikes=gate.spikes,
    )


def seeded(gate: Gate, history: list[Candle]) -> Gate:
    """Learn what is usual from the bars before the session; counts nothing."""
    for bar in history:
        gate = _remember(gate, bar)
    return gate


def judge(gate: Gate, bar: Candle, now: int) -> tuple[Gate, Verdict]:
    """Take the next closed 1m bar, heard at `now`; say what it is worth."""
    if not well_formed(bar):
        broken = f"the bar of {rfc3339(bar.open_time)} contradicts itself"
        return _moved(gate, "broken", broken), "malformed"
    last = gate.last_bar
    if last is None or bar.open_time > last.open_time:
        return _next(gate, bar, now), "next"
    if bar.open_time == last.open_time:
        gate = msgspec.structs.replace(gate, duplicates=gate.duplicates + 1)
        if bar == last:
            return gate, "duplicate"
        two = f"two different bars for {rfc3339(bar.open_time)}"
        return _moved(gate, "broken", two), "duplicate"
    left = _without(gate.missing, bar.open_time)
    if left is None:
        return msgspec.structs.replace(gate, out_of_order=gate.out_of_order + 1), "late"
    return msgspec.structs.replace(gate, missing=left, backfilled=gate.backfilled + 1), "backfill"


def hear(gate: Gate, tick: Tick, now: int) -> tuple[Gate, bool]:
    """Take a tick heard at `now`; False when it must not become the last price."""
    if tick.price <= 0 or tick.at < gate.last_at or now - tick.at > SILENCE:
        return gate, False
    reach = _reach(gate.last_price, tick.price)
    confirmed = gate.suspect is not None and _reach(gate.suspect, tick.price) <= SPIKE_FLOOR
    if _is_spike(gate, reach) and not confirmed:
        gate = msgspec.structs.replace(gate, suspect=tick.price, spikes=gate.spikes + 1)
        return gate, False
    heard = {"last_at": tick.at, "last_price": tick.price, "suspect": None}
    return msgspec.structs.replace(gate, **heard), True


def aged(gate: Gate, now: int) -> Gate:
    """Let time pass: silence makes a fresh stream stale."""
    last = max(gate.last_at, gate.since)
    if gate.state != "fresh" or now - last <= SILENCE:
        return gate
    return _moved(gate, "stale", f"nothing heard since {rfc3339(last)}")


def well_formed(bar: Candle) -> bool:
    """Whether a bar can be true at all."""
    inside = bar.low <= min(bar.open, bar.close) and max(bar.open, bar.close) <= bar.high
    return inside and bar.low > 0 and bar.volume >= 0 and bar.open_time % MINUTE == 0


def _next(gate: Gate, bar: Candle, now: int) -> Gate:
    gate = aged(gate, now)
    expected = gate.last_bar.close_time if gate.last_bar else bar.open_time
    lost = (bar.open_time - expected) // MINUTE
    spike = _is_spike(gate, _bar_reach(gate, bar))
    good = not lost and not spike and now - bar.close_time <= SILENCE
    gate = _remember(gate, bar)
    gate = msgspec.structs.replace(
        gate,
        last_at=max(gate.last_at, bar.close_time),
        bars=gate.bars + 1,
        spikes=gate.spikes + spike,
        good=gate.good + 1 if good else 0,
    )
    if lost:
        gate = _gap(gate, expected, bar.open_time, int(lost))
    if spike:
        far = f"the bar of {rfc3339(bar.open_time)} reached unusually far from the last price"
        return _moved(gate, "broken", far)
    return _recovered(gate)


def _gap(gate: Gate, start: int, end: int, lost: int) -> Gate:
    missing = (*gate.missing, (start, end))[-REMEMBERED:]
    gate = msgspec.structs.replace(gate, gaps=gate.gaps + lost, missing=missing)
    if gate.state == "broken":
        return gate
    bars = "1 bar is" if lost == 1 else f"{lost} bars are"
    return _moved(gate, "stale", f"{bars} missing before {rfc3339(end)}")


def _recovered(gate: Gate) -> Gate:
    enough = {"fresh": 0, "stale": STALE_RECOVERY, "broken": BROKEN_RECOVERY}[gate.state]
    if gate.state == "fresh" or gate.good < enough:
        return gate
    return _moved(gate, "fresh", "")


def _moved(gate: Gate, state: Freshness, reason: str) -> Gate:
    changes = gate.changes + (gate.state != state)
    good = gate.good if state == "fresh" else 0
    return msgspec.structs.replace(gate, state=state, reason=reason, changes=changes, good=good)


def _remember(gate: Gate, bar: Candle) -> Gate:
    reaches = gate.reaches
    if gate.last_bar is not None:
        reaches = (*reaches, _bar_reach(gate, bar))[-WINDOW:]
    return msgspec.structs.replace(
        gate, last_bar=bar, last_price=bar.close, suspect=None, reaches=reaches
    )


def _bar_reach(gate: Gate, bar: Candle) -> float:
    last = gate.last_bar.close if gate.last_bar else None
    return max(_reach(last, bar.high), _reach(last, bar.low))


def _reach(last: Decimal | None, price: Decimal) -> float:
    return 0.0 if last is None else abs(float(price) / float(last) - 1.0)


def _is_spike(gate: Gate, reach: float) -> bool:
    if reach <= SPIKE_FLOOR or len(gate.reaches) < ENOUGH:
        return False
    return reach > SPIKE_FACTOR * median(gate.reaches)


def _without(
    missing: tuple[tuple[int, int], ...], minute: int
) -> tuple[tuple[int, int], ...] | None:
    for index, (start, end) in enumerate(missing):
        if start <= minute < end:
            rest = ((start, minute), (minute + MINUTE, end))
            kept = tuple(one for one in rest if one[0] < one[1])
            return (*missing[:index], *kept, *missing[index + 1 :])
    return None
