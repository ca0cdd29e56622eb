"""The verbs `users create` and `users list`: people, looked after from the command line."""

import asyncio
import sys

import msgspec
import typer
from sqlalchemy import select

from hydradesk.accounts.api.views import PersonView, person_view
from hydradesk.accounts.contracts import Person, Role, Secret
from hydradesk.accounts.store.people import people as people_table
from hydradesk.app.database import attached
from hydradesk.app.people import PeopleHouse
from hydradesk.app.settings import Settings
from hydradesk.app.verbs import prepare
from hydradesk.infra.clock import DeskClock, SystemClock
from hydradesk.infra.db import Database, sql
from hydradesk.infra.origin import ORIGIN, Origin
from hydradesk.infra.shared import MemoryShared
from hydradesk.kernel.errors import Invalid


def create(
    settings: Settings, email: str, name: str | None, *, admin: bool, one_time: bool
) -> None:
    """Make a person; prints who, and with `one_time` where to take over."""
    password = None if one_time else _password()
    with attached(settings) as found:
        prepare(found)
        person, code = asyncio.run(_create(found.url, settings, (email, name, admin), password))
    typer.echo(f"{person.id}  {person.email}  {person.role}")
    if code is not None:
        typer.echo("Within an hour, once:")
        typer.echo(f"  {settings.origin}/enrol#{code}")


def show(settings: Settings, as_json: bool) -> None:
    """Print everybody, oldest first."""
    with attached(settings) as found:
        prepare(found)
        views = asyncio.run(_everybody(found.url))
    if as_json:
        typer.echo(msgspec.json.encode(views).decode())
        return
    for one in views:
        typer.echo(f"{one.id}  {one.role:<8} {one.status:<9} {one.email or '-'}  {one.name}")


def _password() -> Secret:
    """Ask for a password twice, or read one line where nobody sits at a terminal."""
    if sys.stdin.isatty():
        return Secret(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    line = sys.stdin.readline().rstrip("\n")
    if not line:
        raise Invalid(
            "there is no password on standard input",
            field="password",
            fix="pipe one line, or use --one-time",
        )
    return Secret(line)


async def _create(
    url: str, settings: Settings, who: tuple[str, str | None, bool], password: Secret | None
) -> tuple[Person, str | None]:
    email, name, admin = who
    database, clock = Database(url, "system", pool=2), SystemClock()
    ORIGIN.set(Origin(actor="cli", via="cli"))
    try:
        house = PeopleHouse(
            settings, database, database, clock, MemoryShared(clock), DeskClock(clock)
        )
        enrolment = house.sign_in.federation.enrolment
        role: Role = "admin" if admin else "user"
        made = await enrolment.create(email, name, role, password)
        house.sign_in.stop()
        return made
    finally:
        await database.close()


async def _everybody(url: str) -> list[PersonView]:
    database = Database(url, "system", pool=1)
    try:
        async with database.begin() as tx:
            query = select(people_table.c.body).order_by(people_table.c.created_at)
            rows = list(await sql(tx).scalars(query))
    finally:
        await database.close()
    return [person_view(msgspec.json.decode(row, type=Person)) for row in rows]
