"""Brings a database to this version's schema."""

from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from hydradesk.infra.db import ROLE_NAMES

HEAD = "0007"
"""The newest migration; a test holds it to the files."""

VERSION = text("SELECT version_num FROM alembic_version")
SCRIPTS = Path(__file__).parent / "migrations"


async def current(url: str) -> str | None:
    """Return the schema version a database has; None for an empty one."""
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            version = await connection.scalar(VERSION)
            return None if version is None else str(version)
    except ProgrammingError:
        return None
    finally:
        await engine.dispose()


def upgrade(url: str) -> None:
    """Apply every migration that is missing; each in its own transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    command.upgrade(config, "head")


async def ensure_roles(url: str) -> None:
    """Create the desk's roles where they are missing; they belong to the server, not a dump."""
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.begin() as connection:
        for name in ROLE_NAMES.values():
            known = text("SELECT 1 FROM pg_roles WHERE rolname = :name")
            if await connection.scalar(known, {"name": name}) is None:
                await connection.execute(text(f"CREATE ROLE {name} NOLOGIN"))
            await connection.execute(text(f"GRANT {name} TO CURRENT_USER"))
    await engine.dispose()
