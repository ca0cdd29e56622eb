"""Prints the API's description for the web client; needs no database and no running service."""

import json
import sys
from collections.abc import Sequence

from fastapi import FastAPI

from hydradesk.doors.gateway.app import add_routes, describe
from hydradesk.infra.http import Routes


def document(routes: Sequence[Routes]) -> dict[str, object]:
    """Return the OpenAPI document of these routes."""
    app = FastAPI(title="Hydradesk", openapi_url=None, docs_url=None)
    add_routes(app, routes)
    return describe(app)


def write(routes: Sequence[Routes]) -> None:
    """Write the document to standard output, keys sorted, so that a change shows as a diff."""
    json.dump(document(routes), sys.stdout, indent=2, sort_keys=True)
    sys.stdout.write("\n")
