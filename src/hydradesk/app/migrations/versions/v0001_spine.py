"""The spine: outbox, ledger, accounts, market, signals, risk, execution, portfolio, gateway."""

from datetime import UTC, datetime

from alembic import op

from hydradesk.app.migrations import spine
from hydradesk.app.migrations.security import ensure_roles, grant, protect

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

FIRST_YEAR, LAST_YEAR = 2010, 2040


def upgrade() -> None:
    """Create everything."""
    ensure_roles()
    op.execute("CREATE SCHEMA paper_venue")
    spine.accounts()
    spine.execution()
    spine.gateway()
    spine.ledger()
    spine.market()
    spine.outbox()
    spine.paper_venue()
    spine.portfolio()
    spine.risk()
    spine.signals_indicators()
    spine.signals_patterns()
    spine.signals_sessions()
    spine.signals_signals()
    spine.signals_streams()
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        bounds = f"FROM ({_nanoseconds(year)}) TO ({_nanoseconds(year + 1)})"
        op.execute(
            f"CREATE TABLE market_candles_{year} PARTITION OF market_candles FOR VALUES {bounds}"
        )
    op.execute("CREATE TABLE market_candles_other PARTITION OF market_candles DEFAULT")
    protect("accounts_accounts", "account")
    protect("execution_automatic", "account")
    protect("execution_fills", "account")
    protect("execution_orders", "account")
    protect("ledger_balances", "account")
    protect("ledger_transfers", "account", "counter_account")
    protect("portfolio_equity", "account")
    protect("portfolio_positions", "account")
    protect("risk_judgements", "account")
    protect("risk_reservations", "account")
    grant("public", app=True)
    grant("paper_venue", app=False)


def downgrade() -> None:
    """There is nothing before the spine."""
    raise NotImplementedError("restore a backup instead")


def _nanoseconds(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000_000
