"""`hydradesk`, unchanged but for two stopwatches: what benchmarks.latency runs as its desk.

When a minute begins to be stored, and how long each `submit` takes, is written to the file that
HYDRADESK_STAMPS names, a line of JSON each: ["bar", desk close time, wall] or ["submit", 0, ns].
"""

import json
import os
import time
from collections.abc import Mapping
from typing import Any, TextIO

from hydradesk.app.main import main
from hydradesk.execution.service.orders import ExecutionService
from hydradesk.market.service.keeper import Keeper


def watch(file: TextIO) -> None:
    """Put the stopwatches on."""
    close_minute, submit = Keeper.close_minute, ExecutionService.submit

    async def closing(self: Keeper, close: Any, bars: Mapping[Any, Any]) -> Any:  # noqa: ANN401
        file.write(json.dumps(["bar", close, time.time_ns()]) + "\n")
        return await close_minute(self, close, bars)

    async def submitting(self: ExecutionService, *args: Any) -> Any:  # noqa: ANN401
        began = time.perf_counter_ns()
        try:
            return await submit(self, *args)
        finally:
            file.write(json.dumps(["submit", 0, time.perf_counter_ns() - began]) + "\n")

    Keeper.close_minute = closing  # type: ignore[method-assign,assignment]
    ExecutionService.submit = submitting  # type: ignore[method-assign,assignment]


if __name__ == "__main__":
    with open(os.environ["HYDRADESK_STAMPS"], "w") as stamps:
        watch(stamps)
        main()
