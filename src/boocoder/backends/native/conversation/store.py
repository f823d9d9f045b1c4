"""The native agent's store: one JSON lines file per conversation, written before anything is reported.

It handles records and files, not turns.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from uuid import uuid4

import msgspec

from boocoder.backends.shared.session_setup import hash_config

_NATIVE_ID = re.compile(r"native-[0-9a-f]{32}")


class ConversationHeader(msgspec.Struct, frozen=True, tag="begun", tag_field="kind"):
    """The first line: the parameters of the conversation."""

    native_id: str
    config_hash: str


class StoredImage(msgspec.Struct, frozen=True):
    """An image of a prompt: its file's name, which ends with its kind (png, jpeg, gif, webp), and its size."""

    name: str
    size_bytes: int


class UserRecord(msgspec.Struct, frozen=True, tag="user", tag_field="kind", omit_defaults=True):
    """A prompt, with the transcript handed over before it and its images; it begins a turn."""

    task_id: str
    text: str
    images: tuple[StoredImage, ...] = ()


class RequestedTool(msgspec.Struct, frozen=True):
    """A tool call of an answer; `arguments` is valid JSON, `id` is unique in the conversation."""

    id: str
    name: str
    arguments: str


class AnswerRecord(msgspec.Struct, frozen=True, tag="agent", tag_field="kind", omit_defaults=True):
    """An answer of the model."""

    text: str
    reasoning: str = ""
    calls: tuple[RequestedTool, ...] = ()


class ToolResultRecord(msgspec.Struct, frozen=True, tag="tool", tag_field="kind"):
    """The result of a tool call."""

    id: str
    name: str
    output: str


class SummaryRecord(msgspec.Struct, frozen=True, tag="summary", tag_field="kind"):
    """The model's summary of everything before it, which it replaces from the next prompt on."""

    text: str


class TurnEndRecord(msgspec.Struct, frozen=True, tag="ended", tag_field="kind"):
    """The end of a turn; `code` is "completed" or the code of another outcome."""

    task_id: str
    code: str


Record = ConversationHeader | UserRecord | AnswerRecord | ToolResultRecord | SummaryRecord | TurnEndRecord

_decoder = msgspec.json.Decoder(Record)
_encoder = msgspec.json.Encoder()


class NativeConversation:
    """A conversation: its records in memory and on disk.

    Args:
        path: its file.
        begun: its header.
        records: the records of the file after the first.
    """

    def __init__(self, *, path: Path, begun: ConversationHeader, records: list[Record]) -> None:
        self._path = path
        self.begun = begun
        self.records = records

    @property
    def native_id(self) -> str:
        """The conversation's id."""
        return self.begun.native_id

    def append(self, record: Record) -> None:
        """Write a record to the file, then add it in memory.

        Raises:
            OSError: it cannot be written; the conversation is unchanged.
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
        """The task id of the turn without an end, None if there is none."""
        for record in reversed(self.records):
            if isinstance(record, TurnEndRecord):
                return None
            if isinstance(record, UserRecord):
                return record.task_id
        return None

    def open_calls(self) -> list[RequestedTool]:
        """The calls of the newest answer without a result."""
        answered: set[str] = set()
        for record in reversed(self.records):
            if isinstance(record, ToolResultRecord):
                answered.add(record.id)
            elif isinstance(record, AnswerRecord):
                return [call for call in record.calls if call.id not in answered]
            else:
                break
        return []


class NativeStore:
    """All conversations.

    Args:
        directory: of the files; created by the first write.
    """

    def __init__(self, *, directory: Path) -> None:
        self._directory = directory

    def create(self, hash_now: str) -> NativeConversation:
        """Create an empty conversation.

        Raises:
            OSError: the directory cannot be written.
        """
        begun = ConversationHeader(f"native-{uuid4().hex}", hash_now)
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._path(begun.native_id)
        with path.open("xb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(_encoder.encode(begun) + b"\n")
        return NativeConversation(path=path, begun=begun, records=[])

    def load(self, native_id: str) -> NativeConversation | None:
        """The conversation, or None if it does not exist or its beginning is damaged.

        An incomplete record at the end, left by a crash, is truncated.

        Raises:
            OSError: the file exists but cannot be read.
        """
        if _NATIVE_ID.fullmatch(native_id) is None or not self._path(native_id).exists():
            return None
        path = self._path(native_id)
        data = path.read_bytes()
        records, good = _read_records(data)
        if not records or not isinstance(records[0], ConversationHeader):
            return None
        if good < len(data):
            os.truncate(path, good)
        return NativeConversation(path=path, begun=records[0], records=records[1:])

    def _path(self, native_id: str) -> Path:
        return self._directory / f"{native_id}.jsonl"


def _read_records(data: bytes) -> tuple[list[Record], int]:
    """The complete records at the beginning of a file, and their size in bytes."""
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
    """Hash of everything that invalidates a conversation when it changes: the directory, the store's format."""
    return hash_config("native 1", str(worktree))
