"""The paper venue as a process of its own: python -m hydradesk.app.venue --db URL --port N."""

from typing import Annotated

import typer
import uvicorn
from fastapi import FastAPI

from hydradesk.execution.api.venue import venue_routes
from hydradesk.execution.domain.paper import PaperTerms
from hydradesk.execution.service.paper import PaperVenue
from hydradesk.infra.db import Database
from hydradesk.market.domain.instruments import DEFAULT


def main(
    db: Annotated[str, typer.Option(help="postgresql+asyncpg://… of the venue's own database.")],
    port: Annotated[int, typer.Option(help="Port on loopback.")],
) -> None:
    """Serve the paper venue on loopback until stopped."""
    app = FastAPI(openapi_url=None)
    venue = PaperVenue(Database(db, "system", pool=4), DEFAULT, PaperTerms())
    app.include_router(venue_routes(venue))
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", loop="uvloop")


if __name__ == "__main__":
    typer.run(main)
