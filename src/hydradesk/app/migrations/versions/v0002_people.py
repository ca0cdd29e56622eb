"""People and what they sign in with."""

import sqlalchemy as sa
from alembic import op

from hydradesk.app.migrations.security import grant_tables, protect

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the people; who traded before there were any is the local person's."""
    op.create_table(
        "accounts_people",
        sa.Column("person", sa.String(), primary_key=True),
        sa.Column("email_key", sa.String(), unique=True),
        sa.Column("whop_id", sa.String(), unique=True),
        sa.Column("referral_code", sa.String(), unique=True, nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("kyc", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("ix_accounts_people_role", "accounts_people", ["role"])
    op.create_index("ix_accounts_people_kyc", "accounts_people", ["kyc"])
    grant_tables("accounts_people", app=True)
    protect("accounts_people", "person")


def downgrade() -> None:
    """There is no way back."""
    raise NotImplementedError("restore a backup instead")
