"""One turn of the fake opencode: a recording's events under fresh ids, with faults named by the prompt."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from typing import Any

from tests.fakes.opencode_recording import StoreReplica, load

_ID = re.compile(r"\b(?:msg|prt|evt|per|que)_[0-9A-Za-z]{26}\b")
_SESSION = re.compile(r"\bses_[0-9A-Za-z]{26}\b")


@dataclass(frozen=True)
class Script:
    """What a prompt to the fake says, as JSON.

    Args:
        recording: "version/name"; its first prompt is played.
        fault: what goes wrong; "" for nothing.
        at: index of the event at which it does.
        lost: for "drop": how many events are lost.
    """

    recording: str
    fault: str = ""
    at: int = 0
    lost: int = 0

    def prompt(self) -> str:
        """The prompt that asks for this."""
        return json.dumps({"recording": self.recording, "fault": self.fault, "at": self.at, "lost": self.lost})


@dataclass
class Turn:
    """A recorded turn under fresh ids.

    Args:
        events: in the envelope of /global/event.
        begins_at_store: what the store holds after event i, by replaying the events.
    """

    session_id: str
    events: list[dict[str, Any]]

    def answer(self) -> dict[str, Any] | None:
        """What the synchronous prompt route answers at the end: the newest message of the agent."""
        store = StoreReplica()
        for event in self.events:
            store.take(event["payload"])
        answers = [m for m in store.messages(self.session_id) if m["info"]["role"] == "assistant"]
        return answers[-1] if answers else None


def play(script: Script, session_id: str, prompt_id: str) -> Turn:
    """The recording's first turn as if it happened now, in this session, to this prompt."""
    version, _, name = script.recording.partition("/")
    recording = load(version, name)
    prompt = recording.prompts[0]
    later = [p.begins for p in recording.prompts[1:] if p.session_id == prompt.session_id]
    events = recording.events[prompt.begins : later[0] if later else None]
    text = json.dumps([event for event in events if event["payload"]["type"] != "plugin.added"])
    begins = int(prompt_id[4:16], 16)
    fresh = {old: _renumber(old, begins + n) for n, old in enumerate(sorted(_ids(text, prompt.message_id)), start=2)}
    fresh[prompt.message_id] = prompt_id
    fresh[prompt.message_id.replace("msg_", "prt_")] = prompt_id.replace("msg_", "prt_")
    fresh[prompt.session_id] = session_id
    children = sorted(set(_SESSION.findall(text)) - {prompt.session_id})
    fresh |= {child: f"ses_{time.time_ns():018x}{n:08d}" for n, child in enumerate(children)}
    text = re.sub("|".join(map(re.escape, fresh)), lambda match: fresh[match[0]], text)
    return Turn(session_id, json.loads(text))


def _ids(text: str, prompt_id: str) -> set[str]:
    """All ids of the turn but the prompt's own; without prefixes they ascend in time."""
    return {found for found in _ID.findall(text) if found[4:] != prompt_id[4:]}


def _renumber(old: str, head: int) -> str:
    return f"{old[:4]}{head:012x}{old[16:]}"
