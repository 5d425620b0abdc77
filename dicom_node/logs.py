"""One log for people or machines, without a patient's name in it."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from types import TracebackType

import structlog

from config.settings import Logging


def configure(settings: Logging, role: str) -> None:
    """Set level and form of everything this process logs, other libraries' lines included."""
    level = getattr(logging, settings.level.upper())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=False),
    ]
    renderer: structlog.typing.Processor = structlog.processors.JSONRenderer()
    if settings.format == "console":
        renderer = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), pad_event_to=0, sort_keys=False
        )
    structlog.configure(
        processors=[
            *shared,
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
    structlog.contextvars.bind_contextvars(process=role)
    # pynetdicom and pydicom log data set contents at lower levels: warnings and worse only.
    logging.basicConfig(
        level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", force=True
    )
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL)
    logging.getLogger("pydicom").setLevel(logging.ERROR)
    # It warns when a chore is still busy at its next time; the chore then simply goes on.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


def report_bugs_without_their_words() -> None:
    """Log what nobody caught by type and place: its message may quote a patient's values."""

    def report(kind: type[BaseException], trace: TracebackType | None) -> None:
        places = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(trace)]
        log().critical("a bug", error=kind.__name__, at=places[-4:])

    def in_thread(args: threading.ExceptHookArgs) -> None:
        if not issubclass(args.exc_type, SystemExit):
            report(args.exc_type, args.exc_traceback)

    threading.excepthook = in_thread
    sys.excepthook = lambda kind, _, trace: report(kind, trace)


def log() -> structlog.typing.FilteringBoundLogger:
    """The log of this process."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return logger
