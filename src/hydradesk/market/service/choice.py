"""feed=auto: the first feed that opens, and why not the ones before it."""

import asyncio
from collections.abc import Sequence

from msgspec import Struct

from hydradesk.kernel.errors import DeskError, Unavailable
from hydradesk.market.ports import Feed

PATIENCE = 5.0


class Choice(Struct, frozen=True, kw_only=True):
    """The feed to run, already opened once."""

    feed: Feed
    reasons: tuple[str, ...]
    """One sentence for each feed that was tried, the chosen one last."""


async def choose(candidates: Sequence[Feed], patience: float = PATIENCE) -> Choice:
    """Return the first candidate that opens within `patience` seconds.

    Pass them in order: the exchange, recordings, simulated. Those that fail are closed.
    Unavailable, with all reasons, when none opens.
    """
    reasons: list[str] = []
    for feed in candidates:
        try:
            async with asyncio.timeout(patience):
                await feed.open()
        except TimeoutError:
            reasons.append(f"{feed.kind} ({feed.name}): no answer within {patience:g} s")
        except (DeskError, OSError) as error:
            reasons.append(f"{feed.kind} ({feed.name}): {error}")
        else:
            reasons.append(f"{feed.kind} ({feed.name}): chosen")
            return Choice(feed=feed, reasons=tuple(reasons))
        await feed.close()
    raise Unavailable("no feed could be opened: " + "; ".join(reasons))
