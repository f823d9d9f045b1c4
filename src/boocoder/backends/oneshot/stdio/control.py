"""Control lines of the stream-json protocol, to and from a kept-open agent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from boocoder.backends.prompt_images import PromptImage
from boocoder.events import json_coerce
from boocoder.events.agent_event import SlashCommand

QUESTION_TOOL = "AskUserQuestion"


@dataclass(frozen=True, slots=True)
class ControlRequest:
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
class RequestWithdrawn:
    """The agent no longer wants the answer."""

    id: str


@dataclass(frozen=True, slots=True)
class ControlResponse:
    """An answer to one of our requests; `error` is "" if it was granted."""

    id: str
    fields: Mapping[str, object]
    error: str = ""


ControlMessage = ControlRequest | RequestWithdrawn | ControlResponse


def read_control(line: bytes) -> ControlMessage | None:
    """The control message on a line, None if it holds none."""
    if b"control_" not in line[:200] and b'"control_' not in line:
        return None
    try:
        fields = json_coerce.mapping(json_coerce.decode(line))
    except (ValueError, RecursionError):
        return None
    match fields.get("type"):
        case "control_request":
            asked = json_coerce.mapping(fields.get("request"))
            return ControlRequest(
                json_coerce.text(fields.get("request_id")), json_coerce.text(asked.get("subtype")), asked
            )
        case "control_cancel_request":
            return RequestWithdrawn(json_coerce.text(fields.get("request_id")))
        case "control_response":
            reply = json_coerce.mapping(fields.get("response"))
            failed = reply.get("subtype") == "error"
            error = (json_coerce.text(reply.get("error")) or "refused") if failed else ""
            return ControlResponse(
                json_coerce.text(reply.get("request_id")), json_coerce.mapping(reply.get("response")), error
            )
    return None


def user_message(text: str, images: Sequence[PromptImage] = ()) -> bytes:
    """A prompt with its images."""
    content: list[dict[str, object]] = [{"type": "text", "text": text}]
    content += [
        {"type": "image", "source": {"type": "base64", "media_type": image.media_type, "data": image.base64}}
        for image in images
    ]
    message = {"role": "user", "content": content}
    return _line({"type": "user", "message": message, "parent_tool_use_id": None})


def request(id: str, subtype: str) -> bytes:
    """A request to the agent."""
    return _line({"type": "control_request", "request_id": id, "request": {"subtype": subtype}})


def allow(id: str, given: object) -> bytes:
    """The tool may run with these arguments."""
    return _answer(id, {"behavior": "allow", "updatedInput": given})


def deny(id: str, message: str) -> bytes:
    """Refuse a tool, with the reason for the agent."""
    return _answer(id, {"behavior": "deny", "message": message})


def decline(id: str, subtype: str) -> bytes:
    """A request that we have no answer to."""
    error = f"{subtype or 'this request'} is not supported"
    return _line({"type": "control_response", "response": {"subtype": "error", "request_id": id, "error": error}})


def commands_of(fields: Mapping[str, object]) -> tuple[SlashCommand, ...]:
    """The slash commands that the agent lists when it is ready."""
    found = [json_coerce.mapping(command) for command in json_coerce.items(fields.get("commands"))]
    return tuple(
        SlashCommand(json_coerce.text(command.get("name")), json_coerce.text(command.get("description")))
        for command in found
        if json_coerce.text(command.get("name"))
    )


def _answer(id: str, response: Mapping[str, object]) -> bytes:
    reply = {"subtype": "success", "request_id": id, "response": response}
    return _line({"type": "control_response", "response": reply})


def _line(message: Mapping[str, object]) -> bytes:
    return json_coerce.encode(message) + b"\n"
