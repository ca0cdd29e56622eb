"""Sessions, API keys and the keys that seal secrets."""

import sqlalchemy as sa
from alembic import op

from hydradesk.app.migrations.security import grant_tables, protect

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INSTANT, NAME, LONG = sa.BigInteger(), sa.String(), sa.Text()


def upgrade() -> None:
    """Create what sessions and keys are kept in; the app role sees a person's own, no tokens."""
    _sessions()
    _keys()
    op.create_table(
        "accounts_data_keys",
        sa.Column("id", NAME, primary_key=True),
        sa.Column("wrapper", NAME, nullable=False),
        sa.Column("wrapped", LONG, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
    )
    op.create_table(
        "accounts_signing_keys",
        sa.Column("id", NAME, primary_key=True),
        sa.Column("state", NAME, nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("public", LONG, nullable=False),
        sa.Column("sealed", LONG),
    )
    grant_tables("accounts_data_keys", "accounts_signing_keys", app=False)


def _sessions() -> None:
    op.create_table(
        "accounts_sessions",
        sa.Column("id", NAME, primary_key=True),
        sa.Column("person", NAME, nullable=False),
        sa.Column("method", NAME, nullable=False),
        sa.Column("agent", NAME, nullable=False),
        sa.Column("ip", NAME, nullable=False),
        sa.Column("csrf", NAME, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_seen_at", INSTANT, nullable=False),
        sa.Column("fresh_until", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT),
        sa.Column("reason", NAME),
    )
    op.create_index("accounts_sessions_person", "accounts_sessions", ["person", "created_at"])
    op.create_table(
        "accounts_refresh_tokens",
        sa.Column("digest", NAME, primary_key=True),
        sa.Column("session", NAME, nullable=False),
        sa.Column("issued_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT),
    )
    op.create_index("ix_accounts_refresh_tokens_session", "accounts_refresh_tokens", ["session"])
    grant_tables("accounts_sessions", app=True)
    grant_tables("accounts_refresh_tokens", app=False)
    protect("accounts_sessions", "person")


def _keys() -> None:
    op.create_table(
        "accounts_api_keys",
        sa.Column("id", NAME, primary_key=True),
        sa.Column("person", NAME, nullable=False),
        sa.Column("body", LONG, nullable=False),
        sa.Column("sealed", LONG),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_used_at", INSTANT),
    )
    op.create_index("accounts_api_keys_person", "accounts_api_keys", ["person", "created_at"])
    op.create_table(
        "accounts_venue_keys",
        sa.Column("id", NAME, primary_key=True),
        sa.Column("person", NAME, nullable=False),
        sa.Column("venue", NAME, nullable=False),
        sa.Column("label", NAME, nullable=False),
        sa.Column("hint", NAME, nullable=False),
        sa.Column("sealed", LONG, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.UniqueConstraint("person", "venue", "label", name="accounts_venue_keys_label"),
    )
    for table in ("accounts_api_keys", "accounts_venue_keys"):
        grant_tables(table, app=True)
        protect(table, "person")


def downgrade() -> None:
    """There is no way back."""
    raise NotImplementedError("restore a backup instead")
