"""Sessions of an agent in small files: boocoder's id, the agent's id, and what the session has used."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from pathlib import Path

import msgspec

from boocoder.events.agent_event import Usage

_KEEP_S = 180 * 24 * 3600.0  # agents themselves forget a conversation sooner
_ID = re.compile(r"[0-9a-f-]{36}")


class KnownSession(msgspec.Struct, frozen=True):
    """A session that the agent has, as far as we know.

    Args:
        agent_id: the agent's own id of it.
        used: all that it had used when its last turn ended, for agents that count on.
    """

    agent_id: str
    used: Usage = Usage()


class OneShotSessionStore:
    """The sessions of one agent.

    Args:
        directory: ours alone.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def get(self, native_id: str) -> KnownSession | None:
        """The session of this id, None if the agent does not have it."""
        if not _ID.fullmatch(native_id):
            return None
        try:
            return msgspec.json.decode(self._path(native_id).read_bytes(), type=KnownSession)
        except (OSError, msgspec.MsgspecError):
            return None

    def put(self, native_id: str, session: KnownSession) -> None:
        """Remember it; whole or not at all.

        Raises:
            OSError: it cannot be written.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        path = self._path(native_id)
        fresh = path.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(session))
        fresh.replace(path)

    def forget(self, native_id: str) -> None:
        """Drop a session that the agent no longer has."""
        if _ID.fullmatch(native_id):
            with suppress(OSError):
                self._path(native_id).unlink()

    def prune(self) -> None:
        """Drop sessions that no agent has."""
        for path in self._directory.glob("*.json"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _KEEP_S:
                    path.unlink()

    def _path(self, native_id: str) -> Path:
        return self._directory / f"{native_id}.json"
