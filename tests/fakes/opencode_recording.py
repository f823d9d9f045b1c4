"""Reads recordings of the real `opencode serve` and rebuilds from them what its store would answer at any moment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from tests.paths import GOLDEN

RECORDED = GOLDEN / "opencode"


@dataclass(frozen=True)
class RecordedPrompt:
    """A prompt of a recording, and the place of the first event behind it.

    Args:
        session_id: whose prompt it is.
        message_id: its id.
        begins: index into the recording's events.
    """

    session_id: str
    message_id: str
    begins: int


@dataclass(frozen=True)
class Recording:
    """One recording.

    Args:
        name: version and file.
        events: what its stream brought, in order, as JSON objects in the envelope of /global/event.
        prompts: what was sent.
        gaps: indices of events before which the recorder itself lost the stream.
    """

    name: str
    events: list[dict[str, Any]]
    prompts: list[RecordedPrompt]
    gaps: frozenset[int]

    def payloads(self) -> Iterator[dict[str, Any]]:
        """The events without their envelope."""
        return (event["payload"] for event in self.events)


@dataclass
class StoreReplica:
    """What GET /session/{id}/message answers after the events taken so far.

    opencode stores a text part when it begins, empty, and when it ends, whole; deltas are not stored.
    """

    infos: dict[str, dict[str, Any]] = field(default_factory=dict)
    parts: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)

    def take(self, payload: dict[str, Any]) -> None:
        """Apply one event."""
        properties = payload.get("properties", {})
        if payload["type"] == "message.updated":
            self.infos[properties["info"]["id"]] = properties["info"]
        elif payload["type"] == "message.part.updated":
            part = properties["part"]
            self.parts.setdefault(part["messageID"], {})[part["id"]] = part
        elif payload["type"] == "message.removed":
            self.infos.pop(properties["messageID"], None)

    def messages(self, session_id: str) -> list[dict[str, Any]]:
        """The session's messages, oldest first, each with its parts in order."""
        return [
            {"info": info, "parts": [part for _, part in sorted(self.parts.get(key, {}).items())]}
            for key, info in sorted(self.infos.items())
            if info.get("sessionID") == session_id
        ]


@cache
def load(version: str, name: str) -> Recording:
    """Read a recording.

    Args:
        version: "v1.15.13" or "v1.18.33".
        name: file name without its ending.
    """
    events: list[dict[str, Any]] = []
    prompts: list[RecordedPrompt] = []
    gaps: set[int] = set()
    for line in (RECORDED / version / f"{name}.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if entry["kind"] == "event":
            data = entry["data"]
            events.append(data if "payload" in data else {"payload": data})
        elif entry["kind"] == "request" and entry["path"].split("/")[-1] in ("message", "prompt_async"):
            message = entry.get("body", {}).get("messageID")
            if message and message not in {prompt.message_id for prompt in prompts}:
                prompts.append(RecordedPrompt(entry["path"].split("/")[2], message, len(events)))
        elif entry["kind"] == "note" and ("opened again" in entry["text"] or "started again" in entry["text"]):
            gaps.add(len(events))
    return Recording(f"{version}/{name}", events, prompts, frozenset(gaps))


def names() -> list[tuple[str, str]]:
    """All recordings as (version, name)."""
    return sorted((path.parent.name, path.stem) for path in RECORDED.glob("*/*.jsonl"))
