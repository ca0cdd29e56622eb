"""python -m hydradesk.app.openapi: the API's description, for `make gen`."""

from pathlib import Path

from hydradesk.adapters.recordings import RecordingsFeed
from hydradesk.app.settings import Settings
from hydradesk.app.wiring import Clocks, Databases, House, Outsiders
from hydradesk.doors.gateway.app import system_routes
from hydradesk.doors.gateway.openapi import write
from hydradesk.infra.clock import DeskClock, SystemClock
from hydradesk.infra.db import Database


def main() -> None:
    """Wire a house that is never run, and describe its routes."""
    wall, nowhere = SystemClock(), "postgresql+asyncpg://nobody@127.0.0.1:1/none"
    databases = Databases(Database(nowhere, "app"), Database(nowhere, "system"))
    outside = Outsiders(RecordingsFeed(Path(), []), None)
    house = House(Settings(), databases, Clocks(DeskClock(wall), wall), outside)
    write([*house.routes(), system_routes(house.checks())])


if __name__ == "__main__":
    main()
