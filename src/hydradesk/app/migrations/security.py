"""Who may touch what: grants for the two working roles, row-level security for tenants."""

from alembic import op

APP, SYSTEM = "hydradesk_app", "hydradesk_system"
EVERYBODYS = ("outbox", "outbox_cursors", "gateway_idempotency", "execution_venue_cursors")
"""Tables with everybody's affairs in one place, which no tenant may read."""


def ensure_roles() -> None:
    """Create the two roles, without login: connections take them on by SET ROLE."""
    for role in (APP, SYSTEM):
        op.execute(
            f"""
            DO $$ BEGIN
                IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{role}') THEN
                    CREATE ROLE {role} NOLOGIN;
                END IF;
            END $$
            """
        )
        op.execute(f"GRANT {role} TO CURRENT_USER")


def grant(schema: str, *, app: bool) -> None:
    """Let the system role work in a schema, and the app role read it where `app`."""
    op.execute(f"GRANT USAGE ON SCHEMA {schema} TO {SYSTEM}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {SYSTEM}")
    op.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {SYSTEM}")
    if app:
        op.execute(f"GRANT USAGE ON SCHEMA {schema} TO {APP}")
        op.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {APP}")
        for table in EVERYBODYS:
            op.execute(f"REVOKE ALL ON {schema}.{table} FROM {APP}")


def grant_tables(*tables: str, app: bool) -> None:
    """Let the system role work with new tables, and the app role read them where `app`."""
    for table in tables:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {SYSTEM}")
        if app:
            op.execute(f"GRANT SELECT ON {table} TO {APP}")


def protect(table: str, *columns: str) -> None:
    """Show the app role only rows whose account is the transaction's; without one, none."""
    mine = " OR ".join(f"{one} = current_setting('hydradesk.account', true)" for one in columns)
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON {table} TO {APP} USING ({mine})")
    op.execute(f"CREATE POLICY service ON {table} TO {SYSTEM} USING (true) WITH CHECK (true)")
