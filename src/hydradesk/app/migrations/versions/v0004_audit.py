"""The audit trail, KYC, feature switches and incidents."""

import sqlalchemy as sa
from alembic import op

from hydradesk.app.migrations.security import APP, SYSTEM, grant_tables, protect

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

APPEND_ONLY = """
CREATE FUNCTION accounts_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'accounts_audit' THEN
        IF NEW.personal IS NULL AND NEW.salt IS NULL
            AND (NEW.person, NEW.seq, NEW.at, NEW.actor, NEW.action, NEW.request_id, NEW.ok,
                NEW.body, NEW.prev, NEW.hash)
            IS NOT DISTINCT FROM (OLD.person, OLD.seq, OLD.at, OLD.actor, OLD.action,
                OLD.request_id, OLD.ok, OLD.body, OLD.prev, OLD.hash)
        THEN
            RETURN NEW;  -- personal data may be forgotten: the chain holds its digest only
        END IF;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$"""


def upgrade() -> None:
    """Create the trail, who may write it, and what keeps it from being rewritten."""
    _audit()
    _security()
    _kyc()


def _audit() -> None:
    op.create_table(
        "accounts_audit",
        sa.Column("person", sa.String(), primary_key=True),
        sa.Column("seq", sa.BigInteger(), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("personal", sa.Text()),
        sa.Column("salt", sa.LargeBinary()),
        sa.Column("prev", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
    )
    op.create_index("accounts_audit_at", "accounts_audit", ["at"])
    op.create_index("accounts_audit_actor", "accounts_audit", ["actor", "at"])
    op.create_table(
        "accounts_audit_heads",
        sa.Column("person", sa.String(), primary_key=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("prev", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("anchored", sa.BigInteger(), nullable=False),
    )
    op.create_index(
        "accounts_audit_moved",
        "accounts_audit_heads",
        ["person"],
        postgresql_where=sa.text("seq > anchored"),
    )
    op.create_table(
        "accounts_audit_anchors",
        sa.Column("n", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("prev", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
    )
    op.execute(f"GRANT SELECT, INSERT ON accounts_audit, accounts_audit_anchors TO {SYSTEM}")
    op.execute(f"GRANT UPDATE (personal, salt) ON accounts_audit TO {SYSTEM}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON accounts_audit_heads TO {SYSTEM}")
    op.execute(f"GRANT SELECT ON accounts_audit, accounts_audit_heads TO {APP}")
    protect("accounts_audit", "person")
    protect("accounts_audit_heads", "person")
    op.execute(f"GRANT SELECT ON alembic_version TO {SYSTEM}")
    op.execute(APPEND_ONLY)
    for table in ("accounts_audit", "accounts_audit_anchors"):
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION accounts_append_only()"
        )
        op.execute(
            f"CREATE TRIGGER append_only_whole BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION accounts_append_only()"
        )


def _security() -> None:
    op.create_table(
        "accounts_security_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("ip", sa.String(), nullable=False),
        sa.Column("request", sa.String(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("incident", sa.String()),
    )
    op.create_index("accounts_security_events_kind", "accounts_security_events", ["kind", "at"])
    op.create_index("accounts_security_events_at", "accounts_security_events", ["at"])
    op.create_table(
        "accounts_features",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
    )
    op.create_table(
        "accounts_incidents",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("accounts_incidents_opened", "accounts_incidents", ["opened_at", "id"])
    grant_tables("accounts_security_events", "accounts_features", "accounts_incidents", app=False)
    op.execute(f"GRANT USAGE ON SEQUENCE accounts_security_events_id_seq TO {SYSTEM}")


def _kyc() -> None:
    op.create_table(
        "accounts_kyc_cases",
        sa.Column("person", sa.String(), primary_key=True),
        sa.Column("submitted_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger()),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("accounts_kyc_cases_submitted", "accounts_kyc_cases", ["submitted_at"])
    op.create_table(
        "accounts_kyc_documents",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("uploaded_at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index(
        "accounts_kyc_documents_person", "accounts_kyc_documents", ["person", "uploaded_at"]
    )
    op.create_table(
        "accounts_kyc_parts",
        sa.Column("document", sa.String(), primary_key=True),
        sa.Column("n", sa.BigInteger(), primary_key=True),
        sa.Column("sealed", sa.Text(), nullable=False),
    )
    grant_tables("accounts_kyc_cases", "accounts_kyc_documents", app=True)
    grant_tables("accounts_kyc_parts", app=False)
    protect("accounts_kyc_cases", "person")
    protect("accounts_kyc_documents", "person")


def downgrade() -> None:
    """There is no way back."""
    raise NotImplementedError("restore a backup instead")
