"""The wire format of Anthropic messages: parses requests, writes streamed content blocks or a single answer."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from http import HTTPStatus
from uuid import uuid4

import msgspec

from boocoder.scripted_model.connection import ClientConnection
from boocoder.scripted_model.conversation import (
    SIDE_ANSWER,
    ModelConversation,
    asks_for_title,
    only_words,
    schema_answer,
    working_directory,
)
from boocoder.scripted_model.formats.event_stream import AnswerEvents
from boocoder.scripted_model.formats.whole_answer import ModelOutput, WholeAnswer
from boocoder.scripted_model.formats.wire_format import ModelRequest, WireFormat
from boocoder.scripted_model.player import CallEnding
from boocoder.scripted_model.tools import ScriptedToolCall

_SIGNATURE = "c2NyaXB0ZWQ="  # agents hand a thought back with its signature and never look into it
_ERROR_TYPES: Mapping[int, str] = {
    HTTPStatus.BAD_REQUEST: "invalid_request_error",
    HTTPStatus.UNAUTHORIZED: "authentication_error",
    HTTPStatus.FORBIDDEN: "permission_error",
    HTTPStatus.NOT_FOUND: "not_found_error",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "request_too_large",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_error",
    529: "overloaded_error",
}


class AnthropicBlock(msgspec.Struct):
    """A block of a message's content."""

    type: str = "text"
    text: str | None = None


class AnthropicMessage(msgspec.Struct):
    """A message of the conversation."""

    role: str
    content: str | list[AnthropicBlock]

    def blocks(self) -> list[AnthropicBlock]:
        """Its content as a list of blocks."""
        return [AnthropicBlock(text=self.content)] if isinstance(self.content, str) else self.content


class AnthropicTool(msgspec.Struct):
    """A tool that the agent offers; tools that the server runs itself have no schema."""

    name: str
    input_schema: dict[str, object] | None = None


class OutputFormat(msgspec.Struct):
    """Required format of the answer."""

    type: str = "text"
    schema: dict[str, object] = {}


class OutputConfig(msgspec.Struct):
    """Where newer clients put the output format."""

    format: OutputFormat | None = None


class MessagesRequest(msgspec.Struct):
    """The body of POST /v1/messages, with the fields that are used here."""

    messages: list[AnthropicMessage]
    model: str = ""
    system: str | list[AnthropicBlock] | None = None
    stream: bool | None = False
    tools: list[AnthropicTool] | None = None
    output_config: OutputConfig | None = None
    output_format: OutputFormat | None = None


_decoder = msgspec.json.Decoder(MessagesRequest)


def read(_path: str, body: bytes) -> ModelRequest:
    """Parse a request body.

    Raises:
        msgspec.DecodeError: not JSON, or not a request of messages.
    """
    request = _decoder.decode(body)
    conversation = conversation_of(request)
    if request.stream:
        return ModelRequest(conversation, functools.partial(StreamedMessage, model=request.model))
    compose = functools.partial(_whole_message, request.model)
    return ModelRequest(conversation, lambda connection: WholeAnswer(connection, compose))


def conversation_of(request: MessagesRequest) -> ModelConversation:
    """The request's conversation."""
    prompts: list[str] = []
    results = 0
    for message in request.messages:
        if message.role != "user":
            continue
        answered = sum(block.type == "tool_result" for block in message.blocks())
        words = only_words([block.text or "" for block in message.blocks()])
        # A prompt may follow the result of a tool that was stopped, in the same message.
        if answered and "[[" not in words:
            results += answered
        elif words:
            prompts.append(words)
            results = 0
    system = _system(request)
    everything = [block.text or "" for message in request.messages for block in message.blocks()]
    return ModelConversation(
        prompts=tuple(prompts),
        results=results,
        tools={tool.name: tool.input_schema or {} for tool in request.tools or []},
        directory=working_directory([system, *everything]),
        side_answer=_side_answer(request, system, prompts[-1] if prompts else ""),
    )


def _system(request: MessagesRequest) -> str:
    if isinstance(request.system, list):
        return "\n".join(block.text or "" for block in request.system)
    return request.system or ""


def _side_answer(request: MessagesRequest, system: str, prompt: str) -> str | None:
    wanted = request.output_format or (request.output_config.format if request.output_config else None)
    if wanted is not None and wanted.type == "json_schema":
        return schema_answer(wanted.schema)
    return SIDE_ANSWER if not request.tools and asks_for_title(system, prompt) else None


def _error(text: str, status: int) -> dict[str, object]:
    return {"type": "error", "error": {"type": _ERROR_TYPES.get(status, "api_error"), "message": text}}


def _stop_reason(ending: CallEnding) -> str:
    return "tool_use" if ending is CallEnding.TOOL else "end_turn"


def _head(model: str) -> dict[str, object]:
    return {"id": f"msg_{uuid4().hex[:12]}", "type": "message", "role": "assistant", "model": model}


def _tool_block(use: ScriptedToolCall) -> dict[str, object]:
    return {"type": "tool_use", "id": f"toolu_{uuid4().hex[:8]}", "name": use.name}


def _whole_message(model: str, said: ModelOutput) -> dict[str, object]:
    content: list[dict[str, object]] = []
    if said.thoughts:
        content.append({"type": "thinking", "thinking": said.reasoning, "signature": _SIGNATURE})
    if said.words:
        content.append({"type": "text", "text": said.text})
    content += [{**_tool_block(use), "input": use.arguments} for use in said.uses]
    return {
        **_head(model),
        "content": content,
        "stop_reason": "tool_use" if said.uses else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": said.input_tokens, "output_tokens": said.output_tokens},
    }


class StreamedMessage:
    """Writes a streamed message: blocks in order, one open at a time."""

    def __init__(self, connection: ClientConnection, *, model: str) -> None:
        self._stream = AnswerEvents(connection)
        self._model = model
        self._index = -1
        self._open = ""  # the type of the open block

    async def say(self, text: str) -> None:
        await self._block("text", {"type": "text", "text": ""})
        await self._delta({"type": "text_delta", "text": text})

    async def think(self, text: str) -> None:
        await self._block("thinking", {"type": "thinking", "thinking": "", "signature": ""})
        await self._delta({"type": "thinking_delta", "thinking": text})

    async def use_tool(self, use: ScriptedToolCall) -> None:
        await self._close_block()
        await self._block("tool_use", {**_tool_block(use), "input": {}})
        arguments = msgspec.json.encode(use.arguments).decode()
        middle = len(arguments) // 2
        for piece in ("", arguments[:middle], arguments[middle:]):
            await self._delta({"type": "input_json_delta", "partial_json": piece})

    async def finish(self, ending: CallEnding, input_tokens: int, output_tokens: int) -> None:
        """Send how the call ended and close the body, or break it off as the ending says."""
        if ending is CallEnding.DROP:
            self._stream.drop()
            return
        await self._start()
        if ending is not CallEnding.CUT:
            await self._close_block()
            usage = {"input_tokens": input_tokens, "output_tokens": output_tokens}
            delta = {"stop_reason": _stop_reason(ending), "stop_sequence": None}
            await self._send({"type": "message_delta", "delta": delta, "usage": usage})
            await self._send({"type": "message_stop"})
        self._stream.end()

    async def _start(self) -> None:
        if not self._stream.opened:
            usage = {"input_tokens": 1, "output_tokens": 1}  # the true numbers come with the end
            message = {**_head(self._model), "content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}
            await self._send({"type": "message_start", "message": message})

    async def _block(self, kind: str, start: dict[str, object]) -> None:
        if self._open == kind:
            return
        await self._start()
        await self._close_block()
        self._index += 1
        self._open = kind
        await self._send({"type": "content_block_start", "index": self._index, "content_block": start})

    async def _delta(self, delta: dict[str, object]) -> None:
        await self._send({"type": "content_block_delta", "index": self._index, "delta": delta})

    async def _close_block(self) -> None:
        if not self._open:
            return
        if self._open == "thinking":
            await self._delta({"type": "signature_delta", "signature": _SIGNATURE})
        self._open = ""
        await self._send({"type": "content_block_stop", "index": self._index})

    async def _send(self, event: dict[str, object]) -> None:
        await self._stream.send(event, str(event["type"]))


ANTHROPIC_MESSAGES = WireFormat(
    title="Anthropic messages",
    ends=("/messages",),
    read=read,
    error=_error,
    counters={"/messages/count_tokens": "input_tokens"},
)
