"""Structured, rotated logs: JSON lines in the data folder, short lines on the terminal."""

import asyncio
import logging
import logging.handlers
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import structlog

FILE_BYTES = 20 * 1024 * 1024
FILES = 5
FLUSH_S = 0.2


class AccessLog:
    """One JSON line a request, in `access.log`, written a few times a second.

    A log record of its own costs more than the request it tells of. What a killed process had
    not written is lost: what was changed, and by whom, is in the audit trail.
    """

    def __init__(self) -> None:
        self.handler: logging.Handler | None = None
        """Where lines go; None: nowhere."""
        self._lines: list[str] = []

    def write(self, **fields: Any) -> None:
        """Add a line; to be called in the event loop."""
        if self.handler is None:
            return
        if not self._lines:
            asyncio.get_running_loop().call_later(FLUSH_S, self.flush)
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._lines.append(msgspec.json.encode({"at": at} | fields).decode())

    def flush(self) -> None:
        """Write what has come together."""
        lines, self._lines = self._lines, []
        if lines and self.handler is not None:
            text = "\n".join(lines)
            self.handler.handle(logging.makeLogRecord({"msg": text, "levelno": logging.INFO}))


ACCESS = AccessLog()
"""The process's; set_up opens it."""


def set_up(folder: Path | None, level: str) -> None:
    """Send every log line, also those of libraries, to one place.

    Args:
        folder: where `desk.log` is kept, 20 MB a file, five files; None for the terminal only.
        level: of the terminal; the file takes everything from INFO up.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    terminal = logging.StreamHandler(sys.stderr)
    terminal.setLevel(level)
    terminal.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processor=structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(),
                exception_formatter=structlog.dev.plain_traceback,  # no locals: they hold secrets
            ),
            foreign_pre_chain=shared,
        )
    )
    handlers: list[logging.Handler] = [terminal]
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        file = _rotated(folder / "desk.log")
        file.setFormatter(
            structlog.stdlib.ProcessorFormatter(
                processors=[
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    structlog.processors.JSONRenderer(default=str),
                ],
                foreign_pre_chain=shared,
            )
        )
        handlers.append(file)
        if ACCESS.handler is not None:
            ACCESS.handler.close()
        ACCESS.handler = _rotated(folder / "access.log")
    root = logging.getLogger()
    root.handlers = handlers
    root.setLevel(logging.INFO)
    for noisy in ("uvicorn", "uvicorn.error", "uvicorn.access", "apscheduler", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _rotated(file: Path) -> logging.Handler:
    return logging.handlers.RotatingFileHandler(
        file, maxBytes=FILE_BYTES, backupCount=FILES, encoding="utf-8", delay=True
    )
