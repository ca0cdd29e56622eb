"""Some weeks of real ETH bars: a warm-up and the day after it."""

from pathlib import Path

import pytest

from hydradesk.kernel.time import DAY, TimeNs
from hydradesk.market.contracts import Candle
from tests.signals.bars import all_timeframes, read

START = TimeNs(1738540800 * 10**9)
"""2025-02-03T00:00:00Z, a wild day: ETH lost a quarter and won half of it back."""
FIRST_ROW = 33 * 1440 - 31_000


@pytest.fixture(scope="session")
def bars(shared: Path) -> list[Candle]:
    """All timeframes of three weeks before START and of the day after it, as they closed."""
    file = shared / "data/candles/binance_spot_1m/ETHUSDT-1m-2025.parquet"
    return list(all_timeframes(read(file, FIRST_ROW, 31_000 + 1440)))


@pytest.fixture(scope="session")
def day(bars: list[Candle]) -> list[Candle]:
    """The bars that close within the day after START."""
    return [bar for bar in bars if START < bar.close_time <= START + DAY]
