"""Tracks which files and folder rules of the project a model has seen in a conversation."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from boocoder.backends.native.conversation.store import AnswerRecord, Record, SummaryRecord, ToolResultRecord
from boocoder.backends.native.tools.path_policy import ResolvedPath, resolve_path

RULES_HEAD = "[Rules for {folder}, from {name}:"  # in a tool's result, once a folder
_RULES = re.compile(r"^\[Rules for (.+), from .+:$", re.MULTILINE)
_SHOWING_TOOLS = ("read", "write", "edit")


class KnownFiles:
    """The files that the model has seen in a conversation.

    Attributes:
        ruled_folders: folders whose rules it has received.
    """

    def __init__(self) -> None:
        self._contents: dict[Path, int] = {}
        self.ruled_folders: set[Path] = set()

    @classmethod
    def from_records(cls, worktree: Path, records: Sequence[Record]) -> KnownFiles:
        """Restore from a stored conversation; the files may have changed since."""
        known = cls()
        for record in records:
            if isinstance(record, SummaryRecord):
                known.forget()
            if isinstance(record, ToolResultRecord):
                known.ruled_folders.update(worktree.resolve() / one for one in _RULES.findall(record.output))
            for call in record.calls if isinstance(record, AnswerRecord) else ():
                path = json.loads(call.arguments).get("path") if call.name in _SHOWING_TOOLS else None
                place = resolve_path(worktree, path) if isinstance(path, str) else None
                if isinstance(place, ResolvedPath):
                    known._contents[place.path] = 0
        return known

    def forget(self) -> None:
        """Forget all files, because the conversation now starts with a summary."""
        self._contents.clear()
        self.ruled_folders.clear()

    def show(self, path: Path, text: str) -> None:
        """Record that the model has seen the file with this text."""
        self._contents[path] = hash(text)

    def has_seen(self, path: Path) -> bool:
        """Whether the model has seen the file."""
        return path in self._contents

    def is_current(self, path: Path, text: str) -> bool:
        """Whether the file still has the text that the model saw last, so that its line numbers are valid."""
        return self._contents.get(path) == hash(text)
