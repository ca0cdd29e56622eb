"""`hydradesk audit verify`."""

import asyncio
import re
import secrets

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from hydradesk.accounts.service.audit import AuditKeeper, Proof
from hydradesk.accounts.store.audit import AuditStore
from hydradesk.app.database import attached
from hydradesk.app.settings import Settings
from hydradesk.app.verbs import prepare
from hydradesk.infra.clock import SystemClock
from hydradesk.infra.db import Database
from hydradesk.kernel.errors import Invalid

NOTED = re.compile(r"[1-9][0-9]{0,17}:[0-9a-f]{64}")


def verify(settings: Settings, noted: str | None, *, as_json: bool) -> bool:
    """Prove the trail with a progress bar, then say what was found; False when it is broken."""
    if noted is not None and not NOTED.fullmatch(noted):
        raise Invalid(f"{noted[:80]!r} is no anchor", field="--anchor", fix="send NUMBER:HASH")
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    with attached(settings) as found, bar:
        prepare(found)
        proof = asyncio.run(_prove(found.url, noted, bar))
    typer.echo(msgspec.json.encode(proof).decode() if as_json else _words(proof))
    return proof.ok


async def _prove(url: str, noted: str | None, bar: Progress) -> Proof:
    db, clock = Database(url, "system", pool=1), SystemClock()
    store = AuditStore(clock, clock, secrets.token_bytes)
    try:
        async with db.begin() as tx:
            task = bar.add_task("audit trail", total=await store.count(tx))
        keeper = AuditKeeper(db, store)
        return await keeper.verify(lambda seen: bar.update(task, completed=seen), noted)
    finally:
        await db.close()


def _words(proof: Proof) -> str:
    counted = f"{proof.entries} entries in {proof.chains} chains, {proof.anchors} anchors"
    if proof.broken is None:
        return f"the trail holds: {counted}\nlast anchor {proof.last_anchor or 'none yet'}"
    one = proof.broken
    return f"BROKEN  chain {one.chain}, row {one.seq}: {one.what}: {one.detail}\n{counted}"
