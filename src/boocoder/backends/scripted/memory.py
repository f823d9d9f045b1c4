"""The scripted agent's conversations: one small JSON file per native id."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import uuid4

import msgspec

from boocoder.backends.shared.session_setup import hash_config

PROMPT_KEEP_CHARS = 2_000  # of each remembered prompt; [[recall]] quotes far less
PROMPTS_KEEP = 500  # newest prompts of a conversation
_NATIVE_ID = re.compile(r"scripted-[0-9a-f]{32}")


class ScriptedMemory(msgspec.Struct):
    """One conversation of the agent.

    Args:
        native_id: its name.
        config_hash: what it was opened with.
        prompts: oldest first.
    """

    native_id: str
    config_hash: str
    prompts: list[str] = []

    def learn(self, prompt: str) -> None:
        """Remember a prompt."""
        self.prompts.append(prompt[:PROMPT_KEEP_CHARS])
        del self.prompts[:-PROMPTS_KEEP]


class MemoryStore:
    """The agent's own store of conversations.

    Args:
        directory: where the files are; made when it is first written to.
    """

    def __init__(self, *, directory: Path) -> None:
        self._directory = directory

    def create(self, config_hash: str) -> ScriptedMemory:
        """A conversation that knows nothing; stored by `save`."""
        return ScriptedMemory(f"scripted-{uuid4().hex}", config_hash)

    def load(self, native_id: str) -> ScriptedMemory | None:
        """The conversation, or None if there is none of that name or its file is damaged."""
        if _NATIVE_ID.fullmatch(native_id) is None:
            return None
        try:
            return msgspec.json.decode(self._path(native_id).read_bytes(), type=ScriptedMemory)
        except (OSError, msgspec.DecodeError):
            return None

    def save(self, memory: ScriptedMemory) -> None:
        """Store the conversation; its file is never half-written."""
        self._directory.mkdir(parents=True, exist_ok=True)
        path = self._path(memory.native_id)
        unfinished = path.with_suffix(".new")
        unfinished.write_bytes(msgspec.json.encode(memory))
        unfinished.replace(path)

    def _path(self, native_id: str) -> Path:
        return self._directory / f"{native_id}.json"


def config_hash(worktree: Path) -> str:
    """The hash of what a conversation cannot survive: another directory."""
    return hash_config(f"scripted 1 {worktree}")
