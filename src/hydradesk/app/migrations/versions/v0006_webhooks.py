"""Outbound webhooks."""

import sqlalchemy as sa
from alembic import op

from hydradesk.app.migrations.security import grant_tables, protect

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create subscriptions and deliveries."""
    op.create_table(
        "webhooks_subscriptions",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", sa.String(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("disabled_reason", sa.Text()),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text()),
        sa.Column("previous_until", sa.BigInteger()),
        sa.Column("failing_since", sa.BigInteger()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
    )
    op.create_index("webhooks_subscriptions_person", "webhooks_subscriptions", ["person"])
    _deliveries()
    for table in ("webhooks_subscriptions", "webhooks_deliveries"):
        grant_tables(table, app=True)
        protect(table, "person")


def _deliveries() -> None:
    op.create_table(
        "webhooks_deliveries",
        sa.Column("number", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("id", sa.String(), unique=True, nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("subscription", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("fact", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger()),
        sa.Column("status", sa.BigInteger()),
        sa.Column("error", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("delivered_at", sa.BigInteger()),
        sa.UniqueConstraint("subscription", "fact", name="webhooks_deliveries_once"),
    )
    op.create_index("webhooks_deliveries_person", "webhooks_deliveries", ["person", "number"])
    op.create_index(
        "webhooks_deliveries_due",
        "webhooks_deliveries",
        ["subscription", "due_at"],
        postgresql_where=sa.text("due_at > 0"),
    )


def downgrade() -> None:
    """There is no way back."""
    raise NotImplementedError("restore a backup instead")
