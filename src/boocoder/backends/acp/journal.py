"""Our record of what an agent said during the newest turn of a chat, so that a crash of ours loses none of it.

An agent dies with us, and what it had said is here; its own store keeps less of a torn turn and is not asked.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from boocoder.backends.acp.message import Answer, Message, read_line
from boocoder.events import loose
from boocoder.model.ids import ChatId, TaskId

_KEEP_S = 14 * 24 * 3600.0  # a host that was down for longer has no turn to recover
_ANSWERED = b"answered "


class _Head(msgspec.Struct):
    task_id: str
    agent: str


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
        self._file.write(msgspec.json.encode(_Head(str(task_id), agent)) + b"\n")

    def write(self, line: bytes) -> None:
        """Record a message of the agent."""
        self._file.write(line.strip() + b"\n")

    def answered(self, answer: Answer) -> None:
        """Record that the prompt was answered without an error."""
        if answer.error is None:
            with suppress(msgspec.MsgspecError, UnicodeEncodeError):
                self._file.write(_ANSWERED + msgspec.json.encode(answer.result) + b"\n")

    def close(self) -> None:
        """Close the file. Safe twice."""
        self._file.close()


@dataclass(frozen=True, slots=True)
class RecordedTurn:
    """What a journal tells of a turn.

    Args:
        messages: what the agent said, in order.
        answered: whether it had come to its end.
        result: of its answer to the prompt.
    """

    messages: tuple[Message, ...]
    answered: bool
    result: object


def journal_path(state_dir: Path, chat_id: ChatId) -> Path:
    """Where a chat's record is kept."""
    return state_dir / "turns" / f"{chat_id}.jsonl"


def read_journal(path: Path, task_id: TaskId) -> RecordedTurn | None:
    """The turn as far as it got, None if the record is of another turn or there is none. Reads the whole file."""
    try:
        lines = path.read_bytes().split(b"\n")[:-1]  # a last line that was cut short by a crash is left out
        head = msgspec.json.decode(lines[0], type=_Head)
    except (OSError, IndexError, msgspec.MsgspecError):
        return None
    if head.task_id != str(task_id):
        return None
    results = [loose.decode(line[len(_ANSWERED) :]) for line in lines[1:] if line.startswith(_ANSWERED)]
    return RecordedTurn(tuple(_messages(lines[1:])), bool(results), results[-1] if results else None)


def prune_journals(state_dir: Path) -> None:
    """Forget records that nobody can want any more."""
    for path in (state_dir / "turns").glob("*.jsonl"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _KEEP_S:
                path.unlink()


def _messages(lines: list[bytes]) -> Iterator[Message]:
    for line in lines:
        if not line.startswith(_ANSWERED):
            yield from read_line(line).messages
