"""Structured, rotated logs: JSON lines in the data folder, short lines on the terminal."""

import logging
import logging.handlers
import sys
from pathlib import Path

import structlog

FILE_BYTES = 20 * 1024 * 1024
FILES = 5


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
        file = logging.handlers.RotatingFileHandler(
            folder / "desk.log", maxBytes=FILE_BYTES, backupCount=FILES, encoding="utf-8"
        )
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
    root = logging.getLogger()
    root.handlers = handlers
    root.setLevel(logging.INFO)
    for noisy in ("uvicorn", "uvicorn.error", "uvicorn.access", "apscheduler", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
