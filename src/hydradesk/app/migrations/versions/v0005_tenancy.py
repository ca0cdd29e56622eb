"""What each person trades with: risk profiles, withdrawals, addresses."""

import sqlalchemy as sa
from alembic import op

from hydradesk.app.migrations.security import SYSTEM, grant_tables, protect

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give every account to somebody; who traded before there were people is the local person."""
    _accounts()
    _positions()
    _risk()
    _withdrawals()


def _accounts() -> None:
    op.add_column(
        "accounts_accounts",
        sa.Column("person", sa.String(), nullable=False, server_default="local"),
    )
    op.alter_column("accounts_accounts", "person", server_default=None)
    op.create_index("accounts_by_person", "accounts_accounts", ["person", "session"])
    op.create_index(
        "accounts_open",
        "accounts_accounts",
        ["person"],
        unique=True,
        postgresql_where=sa.text("NOT closed"),
    )


def _positions() -> None:
    for name in ("held", "moving"):
        op.add_column(
            "portfolio_positions",
            sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()),
        )
        op.alter_column("portfolio_positions", name, server_default=None)
    op.execute(
        """
        UPDATE portfolio_positions SET held = true, moving = true
        WHERE (body::json->>'qty')::numeric <> 0
        """
    )
    op.create_index(
        "portfolio_moving",
        "portfolio_positions",
        ["account"],
        postgresql_where=sa.text("moving"),
    )


def _risk() -> None:
    op.create_table(
        "risk_profiles",
        sa.Column("person", sa.String(), primary_key=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_table(
        "risk_platform",
        sa.Column("version", sa.BigInteger(), primary_key=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    grant_tables("risk_profiles", app=True)
    protect("risk_profiles", "person")
    grant_tables("risk_platform", app=False)


def _withdrawals() -> None:
    op.add_column(
        "portfolio_equity",
        sa.Column("withdrawn", sa.Numeric(), nullable=False, server_default="0"),
    )
    op.alter_column("portfolio_equity", "withdrawn", server_default=None)
    op.create_table(
        "accounts_addresses",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("asset", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index(
        "accounts_addresses_once",
        "accounts_addresses",
        ["person", "asset", "address"],
        unique=True,
    )
    op.create_table(
        "portfolio_withdrawals",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("number", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("value", sa.Numeric(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("releases_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("portfolio_withdrawals_person", "portfolio_withdrawals", ["person", "number"])
    op.create_index(
        "portfolio_withdrawals_live",
        "portfolio_withdrawals",
        ["releases_at"],
        postgresql_where=sa.text("state IN ('pending', 'delayed', 'approved')"),
    )
    op.create_table(
        "portfolio_flows",
        sa.Column("withdrawal", sa.String(), primary_key=True),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("value", sa.Numeric(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    op.create_index("portfolio_flows_account", "portfolio_flows", ["account"])
    grant_tables("accounts_addresses", "portfolio_withdrawals", "portfolio_flows", app=True)
    op.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {SYSTEM}")
    protect("accounts_addresses", "person")
    protect("portfolio_withdrawals", "person")
    protect("portfolio_flows", "account")


def downgrade() -> None:
    """There is no way back."""
    raise NotImplementedError("restore a backup instead")
