"""Log lines: one JSON object each, without personal data.

Of an error they say the kind and the place, never its words: those often quote what was being
worked on, such as a value that does not fit or a row that is there already.
"""

import logging
import sys
import threading
import traceback
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any, TextIO

import orjson
import structlog

DEEPEST = 12  # places that are told of one error, the last ones


def log_as_json(file: TextIO | None = None) -> None:
    """Write every log line of this process as one JSON object, by default on standard error."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            tell_error,
            structlog.processors.JSONRenderer(_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=file or sys.stderr),
    )
    logging.basicConfig(handlers=[_Through()], level=logging.WARNING, force=True)
    logging.captureWarnings(True)
    threading.excepthook = _tell_of_thread


def _json(event: Any, default: Any = None) -> str:
    return orjson.dumps(event, default=default).decode()


def tell_error(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put the kinds of an error and of its causes, and the place of it, for the error itself."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    elif isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["error"] = [_kind(one) for one in _causes(error)]
        event["places"] = _places(error)
    return event


class _Through(logging.Handler):
    """Takes what libraries log: the first line, as the further ones may quote anything."""

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage().partition("\n")[0]
        if record.name == "py.warnings":  # file, line, category, and words
            message = ":".join(message.split(":")[:3])
        logger = structlog.get_logger()
        tell = logger.error if record.levelno >= logging.ERROR else logger.warning
        tell(record.name, message=message, exc_info=record.exc_info)


def _tell_of_thread(ended: threading.ExceptHookArgs) -> None:
    structlog.get_logger().error("a thread ended", exc_info=ended.exc_value)


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or one.__context__


def _kind(error: BaseException) -> str:
    """Name the kind; of a database's error, also its code."""
    name = f"{type(error).__module__}.{type(error).__qualname__}"
    code = getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None)
    return f"{name} {code}" if code else name


def _places(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)[-DEEPEST:]
    return [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in frames]
