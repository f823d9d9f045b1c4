"""The lines that go to a kept-open agent and the ones that want an answer, after the stream-json protocol. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from boocoder.events import loose
from boocoder.events.agent_event import AgentCommand

QUESTION_TOOL = "AskUserQuestion"


@dataclass(frozen=True, slots=True)
class Asked:
    """The agent wants an answer.

    Args:
        id: goes back with the answer.
        subtype: what it wants.
        fields: the request.
    """

    id: str
    subtype: str
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The agent does not want the answer any more."""

    id: str


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer to a request of ours; `error` is "" if it was granted."""

    id: str
    fields: Mapping[str, object]
    error: str = ""


Control = Asked | Withdrawn | Answered


def read_control(line: bytes) -> Control | None:
    """The control message on a line, None if it holds none."""
    if b"control_" not in line[:200] and b'"control_' not in line:
        return None
    try:
        fields = loose.mapping(loose.decode(line))
    except (ValueError, RecursionError):
        return None
    match fields.get("type"):
        case "control_request":
            asked = loose.mapping(fields.get("request"))
            return Asked(loose.text(fields.get("request_id")), loose.text(asked.get("subtype")), asked)
        case "control_cancel_request":
            return Withdrawn(loose.text(fields.get("request_id")))
        case "control_response":
            told = loose.mapping(fields.get("response"))
            failed = told.get("subtype") == "error"
            error = (loose.text(told.get("error")) or "refused") if failed else ""
            return Answered(loose.text(told.get("request_id")), loose.mapping(told.get("response")), error)
    return None


def user_message(text: str) -> bytes:
    """A prompt."""
    message = {"role": "user", "content": [{"type": "text", "text": text}]}
    return _line({"type": "user", "message": message, "parent_tool_use_id": None})


def request(id: str, subtype: str) -> bytes:
    """A request of ours."""
    return _line({"type": "control_request", "request_id": id, "request": {"subtype": subtype}})


def allow(id: str, given: object) -> bytes:
    """The tool may run with these arguments."""
    return _answer(id, {"behavior": "allow", "updatedInput": given})


def deny(id: str, message: str) -> bytes:
    """The tool may not run; the agent is told why."""
    return _answer(id, {"behavior": "deny", "message": message})


def decline(id: str, subtype: str) -> bytes:
    """A request that we have no answer to."""
    error = f"{subtype or 'this request'} is not supported"
    return _line({"type": "control_response", "response": {"subtype": "error", "request_id": id, "error": error}})


def commands_of(fields: Mapping[str, object]) -> tuple[AgentCommand, ...]:
    """The slash commands that the agent tells of when it is ready."""
    found = [loose.mapping(command) for command in loose.items(fields.get("commands"))]
    return tuple(
        AgentCommand(loose.text(command.get("name")), loose.text(command.get("description")))
        for command in found
        if loose.text(command.get("name"))
    )


def _answer(id: str, response: Mapping[str, object]) -> bytes:
    told = {"subtype": "success", "request_id": id, "response": response}
    return _line({"type": "control_response", "response": told})


def _line(message: Mapping[str, object]) -> bytes:
    return loose.encode(message) + b"\n"
