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
    _credentials()
    _whop()


def _credentials() -> None:
    op.create_table(
        "accounts_credentials",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.UniqueConstraint("kind", "subject", name="accounts_credentials_subject"),
    )
    op.create_index("accounts_credentials_person", "accounts_credentials", ["person"])
    op.create_table(
        "accounts_authenticators",
        sa.Column("person", sa.String(), primary_key=True),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "accounts_recovery_codes",
        sa.Column("person", sa.String(), primary_key=True),
        sa.Column("digest", sa.String(), primary_key=True),
        sa.Column("used", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "accounts_enrolments",
        sa.Column("digest", sa.String(), primary_key=True),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
    )
    own = ("credentials", "authenticators", "recovery_codes", "enrolments")
    for table in (f"accounts_{one}" for one in own):
        grant_tables(table, app=True)
        protect(table, "person")


def _whop() -> None:
    op.create_table(
        "accounts_memberships",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("whop_id", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("ix_accounts_memberships_whop_id", "accounts_memberships", ["whop_id"])
    op.create_table(
        "accounts_whop_events",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    grant_tables("accounts_memberships", "accounts_whop_events", app=False)


def downgrade() -> None:
    """There is no way back."""
    raise NotImplementedError("restore a backup instead")
