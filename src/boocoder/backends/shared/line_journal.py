"""Journal of an agent's output during the newest turn of a chat.

The agent dies together with boocoder, and its own store keeps less of a torn turn; a recovery reads this journal
instead. A line of the agent begins with ">", one of boocoder with "=".
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from boocoder.events import json_coerce
from boocoder.model.ids import ChatId, TaskId

_KEEP_S = 14 * 24 * 3600.0  # a host that was down for longer has no turn to recover


class _JournalHead(msgspec.Struct):
    task_id: str
    agent: str


class LineJournal:
    """The open record of one turn; the one before it in the same chat is forgotten.

    Args:
        path: from `journal_path`.
        task_id: names the turn.
        agent: the agent that sent the lines.

    Raises:
        OSError: it cannot be written; so do all methods.
    """

    def __init__(self, *, path: Path, task_id: TaskId, agent: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("wb", buffering=0)
        self._file.write(b"=" + msgspec.json.encode(_JournalHead(str(task_id), agent)) + b"\n")

    def write(self, *lines: bytes) -> None:
        """Record lines of the agent."""
        self._file.write(b"".join([b">" + line.rstrip(b"\n") + b"\n" for line in lines]))

    def ended(self, how: object) -> None:
        """Record that the agent ended by itself, and how: any JSON value."""
        with suppress(msgspec.MsgspecError, UnicodeEncodeError):
            self._file.write(b"=" + msgspec.json.encode(how) + b"\n")

    def close(self) -> None:
        """Close the file. Safe twice."""
        self._file.close()


@dataclass(frozen=True, slots=True)
class RecordedLines:
    """What a journal has of a turn.

    Args:
        lines: what the agent said, in order.
        ended: whether it ended by itself.
        how: as it was recorded.
    """

    lines: tuple[bytes, ...]
    ended: bool
    how: object


def journal_path(state_dir: Path, chat_id: ChatId) -> Path:
    """Where a chat's record is kept."""
    return journals(state_dir) / f"{chat_id}.jsonl"


def journals(state_dir: Path) -> Path:
    """Where all of them are."""
    return state_dir / "turns"


def read_journal(path: Path, task_id: TaskId) -> RecordedLines | None:
    """The turn as far as it got, None if the record is of another turn or there is none. Reads the whole file."""
    try:
        lines = path.read_bytes().split(b"\n")[:-1]  # a last line that was cut short by a crash is left out
        head = msgspec.json.decode(lines[0][1:], type=_JournalHead)
    except (OSError, IndexError, msgspec.MsgspecError):
        return None
    if head.task_id != str(task_id):
        return None
    ends = [line[1:] for line in lines[1:] if line.startswith(b"=")]
    said = tuple(line[1:] for line in lines[1:] if line.startswith(b">"))
    return RecordedLines(said, bool(ends), json_coerce.decode(ends[-1]) if ends else None)


def prune(files: Iterable[Path]) -> None:
    """Delete journals too old to be recovered."""
    for path in files:
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _KEEP_S:
                path.unlink()
