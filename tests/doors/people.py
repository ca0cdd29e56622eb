"""A desk that asks who is calling, and people who can show it."""

import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from hydradesk.accounts.contracts import KeyScope, Person
from hydradesk.accounts.domain.challenge import solves
from hydradesk.accounts.service.keys import Wish
from hydradesk.app.settings import Settings
from hydradesk.app.wiring import Clocks, Databases, House, Outsiders
from hydradesk.doors.gateway.limits import DEFAULTS
from hydradesk.infra.clock import DeskClock, SystemClock
from hydradesk.infra.db import Database
from hydradesk.kernel.ids import PersonId
from tests.doors.conftest import Desk, bars
from tests.market.conftest import ListFeed

UNLIMITED = {"rate_limits": json.dumps({tier: "off" for tier in DEFAULTS}), "flood_per_s": 0}
"""Settings with which a test may ask as often as it likes."""


@asynccontextmanager
async def asking(
    db: Database, app_db: Database, folder: Path, **settings: Any
) -> AsyncIterator[Desk]:
    """A started desk without --demo."""
    wall = SystemClock()
    told = {"speed": 3600, "auto_trade": False, "feed": "replay", "captcha_difficulty": 4}
    options = Settings(data_dir=folder, **told | UNLIMITED | settings)
    clocks = Clocks(DeskClock(wall), wall)
    house = House(options, Databases(app_db, db), clocks, Outsiders(ListFeed(bars()), None))
    await house.people.start()
    await house.hooks.start()
    await house.bus.load()
    await house.market.start()
    one = Desk(house)
    await one.minutes(1)
    yield one
    await one.client.aclose()
    await house.hooks.stop()


async def join(house: House, name: str, role: Any = "user", **more: Any) -> Person:
    """Somebody new, with a paper account."""
    now = house.clocks.wall.now()
    person = Person(
        id=PersonId(f"p-{name}"),
        name=name,
        role=role,
        referral_code=f"code-{name}",
        created_at=now,
        **more,
    )
    async with house.databases.system.begin() as tx:
        await house.people.store.add(tx, person, now)
    await house.bus.drain()
    await house.trading.of(person.id)
    return person


async def token(house: House, person: Person, *, fresh: bool = True) -> dict[str, str]:
    """Sign somebody in; the header that shows it."""
    async with house.databases.system.begin() as tx:
        issued = await house.people.keyring.sessions.open(tx, person.id, "cli", proved_twice=fresh)
    return {"Authorization": f"Bearer {issued.access.text()}"}


async def solved(desk: Desk) -> dict[str, Any]:
    """Do the work that public forms ask for."""
    asked = (await desk.client.get("/api/auth/challenge")).json()
    salt, difficulty = asked["salt"], asked["difficulty"]
    number = next(n for n in itertools.count() if solves(salt, n, difficulty))
    return {"salt": salt, "number": number, "signature": asked["signature"]}


async def key(house: House, person: Person, *kinds: KeyScope) -> dict[str, str]:
    """Make an API key; the header that shows it."""
    async with house.databases.system.begin() as tx:
        locked = await house.people.store.locked(tx, person.id)
        wish = Wish(name="test", kind="bearer", kinds=kinds)
        _, secret = await house.people.keyring.keys.make(tx, locked, wish)
    assert secret is not None
    return {"Authorization": f"Bearer {secret.text()}"}
