"""The native agent's own store: one file of JSON lines a conversation, written before anything is reported.

It knows records and files; it decides nothing about turns.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from uuid import uuid4

import msgspec

_NATIVE_ID = re.compile(r"native-[0-9a-f]{32}")


class Begun(msgspec.Struct, frozen=True, tag="begun", tag_field="kind"):
    """The first line: what the conversation was opened with."""

    native_id: str
    config_hash: str


class UserSaid(msgspec.Struct, frozen=True, tag="user", tag_field="kind"):
    """A prompt, with what was handed over before it; it begins a turn."""

    task_id: str
    text: str


class ToolUse(msgspec.Struct, frozen=True):
    """A tool call of an answer; `arguments` is valid JSON, `id` is unique in the conversation."""

    id: str
    name: str
    arguments: str


class AgentSaid(msgspec.Struct, frozen=True, tag="agent", tag_field="kind", omit_defaults=True):
    """An answer of the model."""

    text: str
    reasoning: str = ""
    calls: tuple[ToolUse, ...] = ()


class ToolSaid(msgspec.Struct, frozen=True, tag="tool", tag_field="kind"):
    """The result of a tool call."""

    id: str
    name: str
    output: str


class TurnEnded(msgspec.Struct, frozen=True, tag="ended", tag_field="kind"):
    """The turn is over; `code` is "completed" or names how else it ended."""

    task_id: str
    code: str


Record = Begun | UserSaid | AgentSaid | ToolSaid | TurnEnded

_decoder = msgspec.json.Decoder(Record)
_encoder = msgspec.json.Encoder()


class Conversation:
    """One conversation: its records in memory and on disk.

    Args:
        path: its file.
        begun: its first record.
        records: what stands in the file behind the first record.
    """

    def __init__(self, *, path: Path, begun: Begun, records: list[Record]) -> None:
        self._path = path
        self.begun = begun
        self.records = records

    @property
    def native_id(self) -> str:
        """Its name."""
        return self.begun.native_id

    def append(self, record: Record) -> None:
        """Write a record down, then remember it.

        Raises:
            OSError: it cannot be written; the conversation is as before.
        """
        line = _encoder.encode(record) + b"\n"
        with self._path.open("ab", buffering=0) as file:
            end = file.seek(0, os.SEEK_END)
            if file.write(line) != len(line):
                file.truncate(end)
                raise OSError("no space left for the conversation")
        self.records.append(record)

    @property
    def open_turn(self) -> str | None:
        """The task id of the turn that has no end yet, None if there is none."""
        for record in reversed(self.records):
            if isinstance(record, TurnEnded):
                return None
            if isinstance(record, UserSaid):
                return record.task_id
        return None

    def open_calls(self) -> list[ToolUse]:
        """The calls of the newest answer that have no result yet."""
        answered: set[str] = set()
        for record in reversed(self.records):
            if isinstance(record, ToolSaid):
                answered.add(record.id)
            elif isinstance(record, AgentSaid):
                return [call for call in record.calls if call.id not in answered]
            else:
                break
        return []


class SessionStore:
    """All conversations.

    Args:
        directory: where the files are; made when it is first written to.
    """

    def __init__(self, *, directory: Path) -> None:
        self._directory = directory

    def create(self, hash_now: str) -> Conversation:
        """A new conversation that knows nothing.

        Raises:
            OSError: the directory cannot be written.
        """
        begun = Begun(f"native-{uuid4().hex}", hash_now)
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._path(begun.native_id)
        with path.open("xb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(_encoder.encode(begun) + b"\n")
        return Conversation(path=path, begun=begun, records=[])

    def load(self, native_id: str) -> Conversation | None:
        """The conversation, or None if there is none of that name or its beginning is damaged.

        What a crash left half-written at the end of the file is cut off.

        Raises:
            OSError: the file is there but cannot be read.
        """
        if _NATIVE_ID.fullmatch(native_id) is None or not self._path(native_id).exists():
            return None
        path = self._path(native_id)
        data = path.read_bytes()
        records, good = _read_records(data)
        if not records or not isinstance(records[0], Begun):
            return None
        if good < len(data):
            os.truncate(path, good)
        return Conversation(path=path, begun=records[0], records=records[1:])

    def _path(self, native_id: str) -> Path:
        return self._directory / f"{native_id}.jsonl"


def _read_records(data: bytes) -> tuple[list[Record], int]:
    """The whole records at the beginning of a file, and how many bytes they take."""
    records: list[Record] = []
    good = 0
    for line in data.split(b"\n")[:-1]:
        try:
            records.append(_decoder.decode(line))
        except msgspec.DecodeError:
            break
        good += len(line) + 1
    return records, good


def config_hash(worktree: Path) -> str:
    """The hash of what a conversation cannot survive: another directory, another form of the store."""
    return hashlib.sha256(f"native 1\0{worktree}".encode(errors="surrogateescape")).hexdigest()[:16]
