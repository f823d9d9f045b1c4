"""How log lines look: constant text plus fields, as text for a person or as JSON for a machine."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Literal, TextIO

import msgspec

FILE_MAX_BYTES = 5 * 1024 * 1024  # some days at the level info
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class RedactingFormatter(logging.Formatter):
    """A line without secrets, tracebacks included.

    Args:
        formatter: makes the line.
        redact: replaces the secrets in it.
    """

    def __init__(self, formatter: logging.Formatter, redact: Callable[[str], str]) -> None:
        super().__init__()
        self._formatter = formatter
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """The redacted line."""
        return self._redact(self._formatter.format(record))


class TextFormatter(logging.Formatter):
    """`12:34:56 WARNING dispatcher: lease lost task_id=...`"""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line without a traceback."""
        fields = "".join(f" {name}={value}" for name, value in fields_of(record).items())
        return super().formatMessage(record) + fields


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The record with its fields and its traceback."""
        line: dict[str, object] = {
            "at": record.created,
            "level": record.levelname.lower(),
            "logger": record.name,
            "text": record.getMessage(),
            **fields_of(record),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line, enc_hook=str).decode()


def fields_of(record: logging.LogRecord) -> dict[str, object]:
    """What was given as `extra`."""
    return {name: value for name, value in vars(record).items() if name not in _OWN}


def configure(
    level: str, form: Literal["text", "json"] | str, stream: TextIO | None = None, *, file: Path | None = None
) -> None:
    """Send the log of the whole process to `stream`, and to a file where one is named.

    Args:
        level: debug, info, warning or error.
        form: text or json.
        stream: standard error if None.
        file: kept below FILE_MAX_BYTES by moving it aside; left out where its folder cannot be written.
    """
    handlers: list[logging.Handler] = [logging.StreamHandler(stream or sys.stderr)]
    if file is not None:
        with contextlib.suppress(OSError):
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handlers.append(RotatingFileHandler(file, maxBytes=FILE_MAX_BYTES, backupCount=1, encoding="utf-8"))
    for handler in handlers:
        handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = handlers
    root.setLevel(level.upper())
    for noisy in ("httpx2", "httpcore2", "asyncio", "uvicorn.error", "mcp"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))


def redact_with(redact: Callable[[str], str]) -> None:
    """Have every line of the log pass through `redact` from now on."""
    for handler in logging.getLogger().handlers:
        handler.setFormatter(RedactingFormatter(handler.formatter or TextFormatter(), redact))
