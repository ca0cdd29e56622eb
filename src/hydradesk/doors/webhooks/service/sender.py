"""Sends what is due: signed, bounded, patient. A crash between attempts loses nothing."""

import asyncio
import contextlib
import time
from collections import Counter as Count
from collections.abc import Callable

import structlog
from msgspec import structs
from prometheus_client import Counter, Gauge, Histogram
from sqlalchemy.exc import DBAPIError

from hydradesk.accounts.contracts import Action
from hydradesk.doors.webhooks import domain
from hydradesk.doors.webhooks.contracts import Delivery, Subscription
from hydradesk.doors.webhooks.service.subscriptions import FEATURE, Around, place, place_before
from hydradesk.infra.addresses import TargetRefused
from hydradesk.infra.outbound import Unreachable
from hydradesk.kernel.errors import DeskError, NotFound, Unavailable
from hydradesk.kernel.time import DAY, HOUR, MINUTE, TimeNs
from hydradesk.kernel.tx import Tx

ATTEMPTS = Counter("hydradesk_webhook_attempts", "Attempts to deliver a webhook", ["outcome"])
SECONDS = Histogram("hydradesk_webhook_seconds", "Time a webhook's target took to answer")
RUNNING = Gauge("hydradesk_webhook_running", "Attempts that run now")
AT_ONCE = 512
"""Attempts that run at once; of one subscription, four, or one when it fails (see the store)."""
LEASE_NS = MINUTE
"""How long an attempt may take before another process thinks we died; it takes 10 s at most."""
LOOK_S = 1.0
KEEP_DELIVERED_NS, KEEP_DEAD_NS = 7 * DAY, 30 * DAY

log = structlog.get_logger("webhooks")


class Sender:
    """The role task that delivers.

    A delivery is claimed (attempt counted, due again when the lease ends) in one transaction,
    sent with none open, and its outcome saved in another: at least once, with the same
    `webhook-id`.
    """

    def __init__(self, around: Around, terms: domain.Terms, chance: Callable[[], float]) -> None:
        self._it, self._terms, self._chance = around, terms, chance
        self._look = asyncio.Event()
        self._busy: Count[str] = Count()
        self._tasks: set[asyncio.Task[None]] = set()
        self._pruned = TimeNs(0)
        self._fault: BaseException | None = None

    def wake(self) -> None:
        """Look now."""
        self._look.set()

    async def run(self) -> None:
        """Send until cancelled; rides out a database that is away."""
        try:
            while True:
                self._look.clear()
                if self._fault is not None:
                    raise self._fault  # a bug of ours: the role stops
                try:
                    await self.start_due()
                    await self.prune()
                except (DBAPIError, OSError, Unavailable) as error:
                    log.warning("webhooks.waiting", error=type(error).__name__)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        await self._look.wait()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def start_due(self) -> int:
        """Begin an attempt of everything that is due and has room; returns how many."""
        room = AT_ONCE - len(self._tasks)
        if room <= 0 or not self._it.features.enabled(FEATURE):
            return 0
        now = self._it.clock.now()
        async with self._it.db.begin() as tx:
            until = TimeNs(now + LEASE_NS)
            claimed = await self._it.deliveries.claim(tx, now, until, self._busy, room)
        for one in claimed:
            self._busy[one.subscription] += 1
            task = asyncio.create_task(self._attempt(one))
            self._tasks.add(task)
            task.add_done_callback(self._ended)
        RUNNING.set(len(self._tasks))
        return len(claimed)

    async def settle(self) -> None:
        """Wait for the attempts that run."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def prune(self) -> None:
        """Forget, once an hour, what is long done with."""
        now = self._it.clock.now()
        if now - self._pruned < HOUR:
            return
        async with self._it.db.begin() as tx:
            delivered, dead = TimeNs(now - KEEP_DELIVERED_NS), TimeNs(now - KEEP_DEAD_NS)
            await self._it.deliveries.prune(tx, delivered, dead)
        self._pruned = now

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._fault = task.exception()

    async def _attempt(self, one: Delivery) -> None:
        try:
            async with self._it.db.begin() as tx:
                to = await self._it.subscriptions.get(tx, one.person, one.subscription)
                keys = await self._keys(tx, to)
            outcome = await self._send(one, to, keys)
            await self._save(one, outcome)
        except NotFound:
            return  # removed while we were about it, and its deliveries with it
        except (DBAPIError, OSError, DeskError) as error:
            log.warning("webhooks.postponed", delivery=one.id, error=type(error).__name__)
        finally:
            self._busy[one.subscription] -= 1
            self._busy += Count()  # drops what is zero
            self._look.set()

    async def _keys(self, tx: Tx, to: Subscription) -> list[bytes]:
        sealed = [(to.secret, place(to.id))]
        if to.previous is not None and (to.previous_until or 0) > self._it.clock.now():
            sealed.append((to.previous, place_before(to.id)))
        opened = [await self._it.vault.open(tx, text, where) for text, where in sealed]
        return [domain.read_secret(one.text()) for one in opened]

    async def _send(self, one: Delivery, to: Subscription, keys: list[bytes]) -> domain.Outcome:
        body = one.body.encode()
        said = domain.headers(keys, one.id, self._it.clock.now(), body)
        began = time.perf_counter()
        try:
            answer = await self._it.outbound.post(to.url, said, body)
        except (TargetRefused, Unreachable) as error:
            return domain.missed(str(error), one.attempts, self._chance(), self._terms)
        finally:
            SECONDS.observe(time.perf_counter() - began)
        wait = domain.asked_to_wait(answer.retry_after, self._it.clock.now(), self._terms)
        return domain.judge(answer.status, wait, one.attempts, self._chance(), self._terms)

    async def _save(self, one: Delivery, outcome: domain.Outcome) -> None:
        now = self._it.clock.now()
        failed_at = None if outcome.delivered else now
        async with self._it.db.begin() as tx:
            # the subscription first, as its owner does who removes it with its deliveries
            to = await self._it.subscriptions.get(tx, one.person, one.subscription, lock=True)
            done = _after(one, outcome, now, on=to.enabled)
            await self._it.deliveries.save(tx, done)
            await self._it.subscriptions.count_result(tx, to.id, failed_at=failed_at)
            reason = self._reason_to_stop(to, outcome, now)
            if reason is not None and to.enabled:
                await self._disable(tx, to, reason)
        ATTEMPTS.labels(done.state).inc()

    def _reason_to_stop(self, to: Subscription, outcome: domain.Outcome, now: TimeNs) -> str | None:
        if outcome.gone:
            return "the target answered 410: it wants no more"
        failing = not outcome.delivered and to.failing_since is not None
        if failing and now - (to.failing_since or 0) >= self._terms.disable_ns:
            days = self._terms.disable_ns // DAY
            return f"nothing was delivered for {days} days"
        return None

    async def _disable(self, tx: Tx, to: Subscription, reason: str) -> None:
        now = self._it.clock.now()
        off = structs.replace(
            to,
            enabled=False,
            disabled_reason=reason,
            failing_since=to.failing_since or now,
            version=to.version + 1,
        )
        await self._it.subscriptions.save(tx, off, now)
        await self._it.deliveries.bury(tx, to.id, reason)
        said = Action(
            chain=to.person, action="webhooks.disabled", target=to.id, after={"reason": reason}
        )
        await self._it.audit.record(tx, said)


def _after(one: Delivery, outcome: domain.Outcome, now: TimeNs, *, on: bool) -> Delivery:
    if outcome.delivered:
        return structs.replace(
            one, state="delivered", due_at=None, status=outcome.status, error=None, delivered_at=now
        )
    dead = outcome.wait_ns is None or not on
    return structs.replace(
        one,
        state="dead" if dead else "retrying",
        due_at=None if dead else TimeNs(now + (outcome.wait_ns or 0)),
        status=outcome.status,
        error=outcome.error,
    )
