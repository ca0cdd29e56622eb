"""Trade messages decoded and aggregated to six timeframes, against ccxt.pro in the same run.

python -m benchmarks.ingest [--json] [--repeat 50] [--data FOLDER]
"""

import argparse
import asyncio
import gzip
import importlib.util
import json
import os
import time
from pathlib import Path
from typing import Any

from ccxt import pro

from hydradesk.kernel.ids import Symbol
from hydradesk.market.domain.trades import TradeBars

BATCH = 1000


def recorded(folder: Path, repeat: int) -> list[bytes]:
    """The recorded trades again and again, numbers and times going on."""
    path = folder / "microstructure/binance_ws_raw/spot_ethusdt_20240808.gz"
    with gzip.open(path) as lines:
        raw = [line.split(b" ", 1)[1] for line in lines if b'"e":"trade"' in line]
    parsed = [json.loads(line) for line in raw]
    first, last = parsed[0]["data"], parsed[-1]["data"]
    ids, span = last["t"] - first["t"] + 1, last["T"] - first["T"] + 1
    return [
        line.rstrip()
        .replace(b'"t":%d' % one["data"]["t"], b'"t":%d' % (one["data"]["t"] + n * ids))
        .replace(b'"T":%d' % one["data"]["T"], b'"T":%d' % (one["data"]["T"] + n * span))
        for n in range(repeat)
        for line, one in zip(raw, parsed, strict=True)
    ]


def ours(messages: list[bytes]) -> dict[str, Any]:
    """Decode and aggregate to 1m 5m 15m 1h 4h 1d."""
    bars = TradeBars(Symbol("ETH-USDT"))
    closed = 0
    begin = time.perf_counter()
    for at in range(0, len(messages), BATCH):
        closed += len(bars.take(messages[at : at + BATCH]))
    took = time.perf_counter() - begin
    assert bars.trades == len(messages), "the benchmark lost trades"
    return {"messages_per_s": round(len(messages) / took), "bars_closed": closed}


class _Client:
    """What ccxt.pro's handler wants to resolve futures on."""

    url = "wss://stream.binance.com/stream"

    def resolve(self, *_: object) -> None:
        """Nobody waits."""


async def ccxt_pro(messages: list[bytes]) -> dict[str, Any]:
    """ccxt.pro's own handler, decoding only: it builds no bars."""
    exchange = pro.binance()
    market = exchange.safe_market_structure(
        {
            "id": "ETHUSDT",
            "symbol": "ETH/USDT",
            "base": "ETH",
            "quote": "USDT",
            "type": "spot",
            "spot": True,
        }
    )
    exchange.set_markets([market])
    client = _Client()
    begin = time.perf_counter()
    for message in messages:
        exchange.handle_trade(client, json.loads(message)["data"])
    handled = time.perf_counter() - begin
    begin = time.perf_counter()
    for message in messages:
        exchange.parse_trade(json.loads(message)["data"], market)
    parsed = time.perf_counter() - begin
    await exchange.close()
    return {
        "handle_trade_per_s": round(len(messages) / handled),
        "parse_trade_per_s": round(len(messages) / parsed),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--repeat", type=int, default=50)
    default = os.environ.get("HYDRADESK_TEST_DATA", "../shared")
    parser.add_argument("--data", type=Path, default=Path(default) / "data")
    options = parser.parse_args()
    messages = recorded(options.data, options.repeat)
    best = max((ours(messages) for _ in range(3)), key=lambda one: one["messages_per_s"])
    result = {
        "messages": len(messages),
        "hydradesk": best,
        "ccxt.pro": asyncio.run(ccxt_pro(messages[:30_000])),
        "cryptofeed": "installed" if importlib.util.find_spec("cryptofeed") else "not installed",
    }
    print(json.dumps(result) if options.json else json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
