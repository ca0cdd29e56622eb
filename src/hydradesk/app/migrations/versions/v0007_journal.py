"""The trader's journal."""

import sqlalchemy as sa
from alembic import op

from hydradesk.app.migrations.security import grant_tables, protect

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create it."""
    op.create_table(
        "accounts_journal",
        sa.Column("person", sa.String(), primary_key=True),
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("symbol", sa.String()),
        sa.Column("order_id", sa.String()),
    )
    op.create_index("accounts_journal_newest", "accounts_journal", ["person", "at", "id"])
    grant_tables("accounts_journal", app=True)
    protect("accounts_journal", "person")


def downgrade() -> None:
    """There is no way back."""
    raise NotImplementedError("restore a backup instead")
