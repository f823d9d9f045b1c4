"""Our record of what an agent printed during the newest turn of a chat, so that a crash of ours loses none of it.

A command dies with us, and what it had said is here. A line of the agent begins with ">", ours with "=".
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from boocoder.model.ids import ChatId, TaskId

_KEEP_S = 14 * 24 * 3600.0  # a host that was down for longer has no turn to recover


class _Head(msgspec.Struct):
    task_id: str
    agent: str


class _Tail(msgspec.Struct):
    returncode: int


class TurnJournal:
    """The open record of one turn; the one before it in the same chat is forgotten.

    Args:
        path: from `journal_path`.
        task_id: names the turn.
        agent: who said it.
    """

    def __init__(self, *, path: Path, task_id: TaskId, agent: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("wb", buffering=0)
        self._file.write(b"=" + msgspec.json.encode(_Head(str(task_id), agent)) + b"\n")

    def write(self, line: bytes) -> None:
        """Record a line of the agent."""
        self._file.write(b">" + line + b"\n")

    def ended(self, returncode: int) -> None:
        """Record that the process ended by itself, and how."""
        self._file.write(b"=" + msgspec.json.encode(_Tail(returncode)) + b"\n")

    def close(self) -> None:
        """Close the file. Safe twice."""
        self._file.close()


@dataclass(frozen=True, slots=True)
class RecordedTurn:
    """What a journal tells of a turn.

    Args:
        lines: what the agent printed, in order.
        returncode: how its process ended; None if that is not known.
    """

    lines: tuple[bytes, ...]
    returncode: int | None


def journal_path(state_dir: Path, chat_id: ChatId) -> Path:
    """Where a chat's record is kept."""
    return state_dir / "turns" / f"{chat_id}.jsonl"


def read_journal(path: Path, task_id: TaskId) -> RecordedTurn | None:
    """The turn as far as it got, None if the record is of another turn or there is none. Reads the whole file."""
    try:
        lines = path.read_bytes().split(b"\n")[:-1]  # a last line that was cut short by a crash is left out
        head = msgspec.json.decode(lines[0][1:], type=_Head)
    except (OSError, IndexError, msgspec.MsgspecError):
        return None
    if head.task_id != str(task_id):
        return None
    ends = [msgspec.json.decode(line[1:], type=_Tail) for line in lines[1:] if line.startswith(b"=")]
    said = tuple(line[1:] for line in lines[1:] if line.startswith(b">"))
    return RecordedTurn(said, ends[-1].returncode if ends else None)


def prune_records(state_dir: Path) -> None:
    """Forget records and raw outputs that nobody can want any more."""
    for path in (*(state_dir / "turns").glob("*.jsonl"), *(state_dir / "raw").glob("*.txt")):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _KEEP_S:
                path.unlink()
