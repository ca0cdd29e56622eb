"""What the verbs of the command line do."""

import asyncio
import gc
import secrets
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import structlog
import typer
import uvloop

from hydradesk.accounts.contracts import DESK_CHAIN, Action
from hydradesk.accounts.store.audit import AuditStore
from hydradesk.app import migrate, tables
from hydradesk.app.database import Found, attached
from hydradesk.app.serve import serve
from hydradesk.app.settings import Settings
from hydradesk.app.wiring import House
from hydradesk.infra.clock import SystemClock
from hydradesk.infra.db import Database
from hydradesk.infra.health import Checks, HealthCheck, database, disk
from hydradesk.infra.lock import only_run, require_folder
from hydradesk.infra.logs import set_up
from hydradesk.infra.origin import ORIGIN, Origin
from hydradesk.infra.postgres import PostgresServer
from hydradesk.kernel.errors import Conflict, Invalid, Unavailable
from hydradesk.risk.domain import RiskBook
from hydradesk.risk.store import RiskStore

TABLES = tables
log = structlog.get_logger("desk")


def run(settings: Settings) -> None:
    """Run the desk until it is told to stop."""
    signal.signal(signal.SIGTERM, _leave)  # until the desk itself listens for it
    require_folder(settings.data_dir)
    with only_run(settings.data_dir):
        set_up(settings.data_dir / "logs", settings.log_level)
        with attached(settings) as found:
            prepare(found)
            log.info("desk.starting", adopted=found.adopted, served=found.server is None)
            gc.freeze()  # what is loaded now stays: the collector need not look at it again
            uvloop.run(serve(settings, found, _ready))


def _leave(number: int, frame: object) -> None:
    """End in order, also before the desk is ready: what was started is stopped."""
    raise SystemExit(128 + number)


def prepare(found: Found) -> None:
    """Bring the schema up to date; one answer from the database when it already is."""
    if asyncio.run(migrate.current(found.url)) != migrate.HEAD:
        migrate.upgrade(found.url)


def _ready(house: House) -> None:
    session = house.market.session
    typer.echo(f"Hydradesk is ready: {house.settings.origin}")
    typer.echo(f"  {session.feed} feed from {session.name}, session {session.id}, PAPER account")
    sys.stdout.flush()


def set_halt(settings: Settings, reason: str | None) -> None:
    """Halt or resume through the database: it works with the page, or the desk, down."""
    with attached(settings) as found:
        prepare(found)
        asyncio.run(_set_halt(found.url, reason))


async def _set_halt(url: str, reason: str | None) -> None:
    db = Database(url, "system", pool=1)
    async with db.begin() as tx:
        clock = SystemClock()
        await RiskStore(RiskBook()).set_halt(tx, reason, clock.now())
        done = "trading.halted" if reason is not None else "trading.resumed"
        ORIGIN.set(Origin(actor="cli", via="cli"))
        told = Action(chain=DESK_CHAIN, action=done, after={"reason": reason})
        await AuditStore(clock, clock, secrets.token_bytes).record(tx, told)
    await db.close()


def doctor(settings: Settings, as_json: bool) -> bool:
    """Print what works and what does not; False when something does not."""
    with attached(settings) as found:
        checks = asyncio.run(_examine(settings, found))
    if as_json:
        typer.echo(msgspec.json.encode(checks).decode())
    else:
        for check in checks:
            typer.echo(f"{'ok  ' if check.ok else 'FAIL'}  {check.name:<10} {check.detail}")
    return all(check.ok for check in checks)


async def _examine(settings: Settings, found: Found) -> list[HealthCheck]:
    running = await _ask_running(settings)
    if running is not None:
        return running
    db = Database(found.url, "owner", pool=1)
    parts = {"database": database(db), "disk": disk(settings.data_dir)}
    checks = await Checks(parts).run()
    await db.close()
    version = await migrate.current(found.url)
    schema = f"version {version}, this program's is {migrate.HEAD}"
    port = f"{settings.host}:{settings.port} is free: the desk is not running"
    return [
        *checks,
        HealthCheck(name="schema", ok=version in (None, migrate.HEAD), detail=schema),
        HealthCheck(name="port", ok=True, detail=port),
        HealthCheck(name="feed", ok=True, detail=f"{settings.feed}: judged while the desk runs"),
    ]


async def _ask_running(settings: Settings) -> list[HealthCheck] | None:
    """The running desk's own checks, or None when nothing answers on the port."""
    import httpx2

    url = f"http://{settings.host}:{settings.port}/readyz"
    try:
        async with httpx2.AsyncClient(timeout=5) as client:
            reply = await client.get(url)
        checks = msgspec.json.decode(reply.content, type=list[HealthCheck])
    except (httpx2.HTTPError, msgspec.MsgspecError):
        return None
    answers = f"{settings.host}:{settings.port} answers in {reply.elapsed.total_seconds():.3f} s"
    return [*checks, HealthCheck(name="port", ok=True, detail=answers)]


def backup(settings: Settings, file: Path) -> int:
    """Dump the database; returns bytes written. The file appears whole or not at all."""
    with attached(settings) as found:
        part = file.with_name(file.name + ".part")
        _program(found, "pg_dump", "-Fc", "--no-owner", "-f", str(part.resolve()))
        part.rename(file)
    return file.stat().st_size


def restore(settings: Settings, file: Path) -> None:
    """Load a backup beside the present database, then put it in its place."""
    if not file.is_file():
        raise Invalid(f"there is no backup {file}", field="file", fix="name a file made by backup")
    require_folder(settings.data_dir)
    with only_run(settings.data_dir), attached(settings) as found:
        server = found.server
        if server is None:
            raise Conflict("a served database is restored with its own tools (pg_restore)")
        asyncio.run(migrate.ensure_roles(found.url))
        server.create("restoring")
        try:
            _program(found, "pg_restore", "-d", "restoring", "--no-owner", "-e", "-1", str(file))
        except Unavailable as error:
            server.drop("restoring")
            raise Invalid(f"{file} is not a whole backup: {error}", field="file") from error
        server.replace_by("restoring")


def _program(found: Found, name: str, *arguments: str) -> None:
    server: PostgresServer | None = found.server
    if server is None:
        raise Conflict("a served database is backed up with its own tools (pg_dump)")
    command = [server.program(name), *arguments]
    done = subprocess.run(  # noqa: S603  (our own program, our own arguments)
        command, env=server.environment(), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise Unavailable(f"{name} failed: {done.stderr.strip()[:300]}")
