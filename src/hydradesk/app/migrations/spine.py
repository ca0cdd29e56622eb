"""The tables of version 0001, room by room, as they were then."""

import sqlalchemy as sa
from alembic import op


def accounts() -> None:
    """Create the tables of accounts."""
    op.create_table(
        "accounts_accounts",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account"),
    )
    op.create_index("accounts_by_session", "accounts_accounts", ["session"], unique=False)


def execution() -> None:
    """Create the tables of execution."""
    op.create_table(
        "execution_automatic",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("signal", sa.String(), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("account", "symbol", "signal"),
    )
    op.create_table(
        "execution_fills",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "execution_fills_account", "execution_fills", ["account", "number"], unique=False
    )
    op.create_table(
        "execution_orders",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("signal", sa.String(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "execution_orders_account", "execution_orders", ["account", "number"], unique=False
    )
    op.create_index(
        "execution_orders_live",
        "execution_orders",
        ["account"],
        unique=False,
        postgresql_where="NOT done",
    )
    op.create_index("execution_orders_signal", "execution_orders", ["signal"], unique=False)
    op.create_table(
        "execution_venue_cursors",
        sa.Column("venue", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("venue"),
    )


def gateway() -> None:
    """Create the tables of gateway."""
    op.create_table(
        "gateway_idempotency",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("boot", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=True),
        sa.Column("media_type", sa.String(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("key"),
    )


def ledger() -> None:
    """Create the tables of ledger."""
    op.create_table(
        "ledger_balances",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("book", sa.String(), nullable=False),
        sa.Column("asset", sa.String(), nullable=False),
        sa.Column("quanta", sa.Numeric(78, 0), nullable=False),
        sa.CheckConstraint("quanta >= 0 OR book LIKE 'external/%'", name="ledger_floor"),
        sa.PrimaryKeyConstraint("book", "asset"),
    )
    op.create_index("ledger_balances_account", "ledger_balances", ["account"], unique=False)
    op.create_table(
        "ledger_transfers",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("counter_account", sa.String(), nullable=False),
        sa.Column("debit", sa.String(), nullable=False),
        sa.Column("credit", sa.String(), nullable=False),
        sa.Column("asset", sa.String(), nullable=False),
        sa.Column("quanta", sa.Numeric(78, 0), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ledger_transfers_account", "ledger_transfers", ["account", "at"], unique=False)
    op.create_index(
        "ledger_transfers_counter", "ledger_transfers", ["counter_account", "at"], unique=False
    )


def market() -> None:
    """Create the tables of market."""
    op.create_table(
        "market_candles",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("timeframe", sa.String(), nullable=False),
        sa.Column("open_time", sa.BigInteger(), nullable=False),
        sa.Column("open", sa.Numeric(), nullable=False),
        sa.Column("high", sa.Numeric(), nullable=False),
        sa.Column("low", sa.Numeric(), nullable=False),
        sa.Column("close", sa.Numeric(), nullable=False),
        sa.Column("volume", sa.Numeric(), nullable=False),
        sa.PrimaryKeyConstraint("source", "symbol", "timeframe", "open_time"),
        postgresql_partition_by="RANGE (open_time)",
    )
    op.create_table(
        "market_sessions",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("feed", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("start_at", sa.BigInteger(), nullable=False),
        sa.Column("end_at", sa.BigInteger(), nullable=True),
        sa.Column("reached", sa.BigInteger(), nullable=False),
        sa.Column("speed", sa.Double(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.Column("memory", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("market_sessions_id", "market_sessions", ["id"], unique=True)


def outbox() -> None:
    """Create the tables of outbox."""
    op.create_table(
        "outbox",
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("pos", sa.BigInteger(), nullable=True),
        sa.Column("fact_id", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("fact_id"),
        sa.UniqueConstraint("pos"),
    )
    op.create_table(
        "outbox_cursors",
        sa.Column("consumer", sa.String(), nullable=False),
        sa.Column("pos", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("consumer"),
    )


def paper_venue() -> None:
    """Create the tables of paper_venue."""
    op.create_table(
        "bars",
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("open_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("session", "symbol"),
        schema="paper_venue",
    )
    op.create_table(
        "meta",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("orders", sa.BigInteger(), nullable=False),
        sa.Column("reports", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        schema="paper_venue",
    )
    op.create_table(
        "orders",
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("client_id"),
        sa.UniqueConstraint("number"),
        schema="paper_venue",
    )
    op.create_index(
        "paper_venue_live",
        "orders",
        ["symbol", "number"],
        unique=False,
        schema="paper_venue",
        postgresql_where="live",
    )
    op.create_table(
        "reports",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        schema="paper_venue",
    )


def portfolio() -> None:
    """Create the tables of portfolio."""
    op.create_table(
        "portfolio_equity",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("equity", sa.Numeric(), nullable=False),
        sa.Column("cash", sa.Numeric(), nullable=False),
        sa.Column("exposure", sa.Numeric(), nullable=False),
        sa.PrimaryKeyConstraint("account", "at"),
    )
    op.create_table(
        "portfolio_positions",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account", "symbol"),
    )


def risk() -> None:
    """Create the tables of risk."""
    op.create_table(
        "risk_halts",
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("version"),
    )
    op.create_table(
        "risk_judgements",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("id"),
    )
    op.create_index(
        "risk_judgements_account", "risk_judgements", ["account", "number"], unique=False
    )
    op.create_index("risk_judgements_order", "risk_judgements", ["order_id"], unique=False)
    op.create_table(
        "risk_reservations",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("intent", sa.Text(), nullable=False),
        sa.Column("remaining", sa.Numeric(), nullable=False),
        sa.Column("used", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "risk_reservations_live",
        "risk_reservations",
        ["order_id"],
        unique=False,
        postgresql_where="remaining > 0",
    )


def signals_indicators() -> None:
    """Create the tables of signals_indicators."""
    op.create_table(
        "signals_indicators",
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("timeframe", sa.String(), nullable=False),
        sa.Column("open_time", sa.BigInteger(), nullable=False),
        sa.Column("warm_up", sa.Boolean(), nullable=False),
        sa.Column("rsi_14", sa.Double(), nullable=True),
        sa.Column("macd", sa.Double(), nullable=True),
        sa.Column("macd_signal", sa.Double(), nullable=True),
        sa.Column("macd_hist", sa.Double(), nullable=True),
        sa.Column("ema_9", sa.Double(), nullable=True),
        sa.Column("ema_21", sa.Double(), nullable=True),
        sa.Column("ema_50", sa.Double(), nullable=True),
        sa.Column("ema_200", sa.Double(), nullable=True),
        sa.Column("vwap_session", sa.Double(), nullable=True),
        sa.Column("vwap_20", sa.Double(), nullable=True),
        sa.Column("atr_14", sa.Double(), nullable=True),
        sa.Column("bb_upper", sa.Double(), nullable=True),
        sa.Column("bb_middle", sa.Double(), nullable=True),
        sa.Column("bb_lower", sa.Double(), nullable=True),
        sa.Column("relative_volume", sa.Double(), nullable=True),
        sa.Column("volume_spike", sa.Boolean(), nullable=False),
        sa.Column("obv", sa.Double(), nullable=True),
        sa.Column("mfi_14", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("session", "symbol", "timeframe", "open_time"),
    )


def signals_patterns() -> None:
    """Create the tables of signals_patterns."""
    op.create_table(
        "signals_patterns",
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("timeframe", sa.String(), nullable=False),
        sa.Column("open_time", sa.BigInteger(), nullable=False),
        sa.Column("pattern", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("strength", sa.Integer(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("session", "symbol", "timeframe", "open_time", "pattern"),
    )
    op.create_index("signals_patterns_at", "signals_patterns", ["session", "at"], unique=False)


def signals_sessions() -> None:
    """Create the tables of signals_sessions."""
    op.create_table(
        "signals_sessions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("seq"),
    )


def signals_signals() -> None:
    """Create the tables of signals_signals."""
    op.create_table(
        "signals_signals",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("timeframe", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("first_touched", sa.String(), nullable=True),
        sa.Column("best_target", sa.Integer(), nullable=False),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("r_multiple", sa.Numeric(precision=20, scale=2), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("signals_signals_at", "signals_signals", ["session", "at", "id"], unique=False)
    op.create_index(
        "signals_signals_status", "signals_signals", ["session", "status"], unique=False
    )
    op.create_index(
        "signals_signals_stream",
        "signals_signals",
        ["session", "symbol", "timeframe", "at"],
        unique=False,
    )


def signals_streams() -> None:
    """Create the tables of signals_streams."""
    op.create_table(
        "signals_streams",
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("session", "symbol"),
    )
