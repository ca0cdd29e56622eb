"""Every room's tables, so that metadata is whole wherever a schema is compared or created."""

from typing import Any

import hydradesk.accounts.store.addresses
import hydradesk.accounts.store.audit
import hydradesk.accounts.store.credentials
import hydradesk.accounts.store.incidents
import hydradesk.accounts.store.journal
import hydradesk.accounts.store.keys
import hydradesk.accounts.store.kyc
import hydradesk.accounts.store.paper
import hydradesk.accounts.store.people
import hydradesk.accounts.store.secrets
import hydradesk.accounts.store.security
import hydradesk.accounts.store.sessions
import hydradesk.doors.gateway.idempotency
import hydradesk.doors.webhooks.store
import hydradesk.execution.store.orders
import hydradesk.execution.store.paper
import hydradesk.infra.outbox
import hydradesk.ledger.store
import hydradesk.market.store
import hydradesk.portfolio.store
import hydradesk.risk.store
import hydradesk.signals.store  # noqa: F401
from hydradesk.execution.store.paper import SCHEMA

SCHEMAS = (None, "public", SCHEMA)


def ours(name: str | None, kind: str, parents: Any) -> bool:  # noqa: ANN401  (Alembic's types)
    """Tell Alembic what to compare: our schemas, and of partitioned tables only the parent."""
    if kind == "schema":
        return name in SCHEMAS
    return not (kind == "table" and name is not None and name.startswith("market_candles_"))
