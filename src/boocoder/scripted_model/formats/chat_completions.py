"""The wire format of OpenAI chat completions: parses requests, writes streamed chunks or a single answer."""

from __future__ import annotations

import functools
import time
from uuid import uuid4

import msgspec

from boocoder.scripted_model.connection import ClientConnection
from boocoder.scripted_model.conversation import (
    SIDE_ANSWER,
    ModelConversation,
    asks_for_title,
    schema_answer,
    unwrapped,
    working_directory,
)
from boocoder.scripted_model.formats.whole_answer import ModelOutput, WholeAnswer
from boocoder.scripted_model.formats.wire_format import ModelRequest, WireFormat
from boocoder.scripted_model.player import CallEnding
from boocoder.scripted_model.tools import ScriptedToolCall

_encode = msgspec.json.encode


class ContentPart(msgspec.Struct):
    """A piece of a message; only text counts."""

    text: str | None = None


class ChatMessage(msgspec.Struct):
    """A message of the conversation."""

    role: str
    content: str | list[ContentPart] | None = None

    def text(self) -> str:
        """Its plain text."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.text)
        return self.content or ""


class ChatFunction(msgspec.Struct):
    """A tool that the agent offers."""

    name: str
    parameters: dict[str, object] | None = None


class ChatTool(msgspec.Struct):
    """The envelope of a tool."""

    function: ChatFunction | None = None


class JsonSchema(msgspec.Struct):
    """Schema of a structured answer."""

    schema: dict[str, object] = {}


class ResponseFormat(msgspec.Struct):
    """Required format of the answer."""

    type: str = "text"
    json_schema: JsonSchema | None = None


class StreamOptions(msgspec.Struct):
    """Options of a streamed answer."""

    include_usage: bool = False


class ChatRequest(msgspec.Struct):
    """The body of POST /v1/chat/completions, with the fields that are used here."""

    messages: list[ChatMessage]
    model: str = ""
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    tools: list[ChatTool] | None = None
    response_format: ResponseFormat | None = None


_decoder = msgspec.json.Decoder(ChatRequest)


def read(_path: str, body: bytes) -> ModelRequest:
    """Parse a request body.

    Raises:
        msgspec.DecodeError: not JSON, or not a chat request (ValidationError is one of them).
    """
    request = _decoder.decode(body)
    conversation = conversation_of(request)
    if request.stream:
        return ModelRequest(conversation, functools.partial(StreamedAnswer, request=request))
    compose = functools.partial(_whole_answer, request.model)
    return ModelRequest(conversation, lambda connection: WholeAnswer(connection, compose))


def conversation_of(request: ChatRequest) -> ModelConversation:
    """The request's conversation."""
    prompts: list[str] = []
    results = 0
    for message in request.messages:
        if message.role == "user":
            prompts.append(unwrapped(message.text()))
            results = 0
        elif message.role == "tool":
            results += 1
    system = "\n".join(message.text() for message in request.messages if message.role in ("system", "developer"))
    functions = [tool.function for tool in request.tools or [] if tool.function is not None]
    return ModelConversation(
        prompts=tuple(prompts),
        results=results,
        tools={function.name: function.parameters or {} for function in functions},
        directory=working_directory([system, *(message.text() for message in request.messages)]),
        side_answer=_side_answer(request, system, prompts[-1] if prompts else ""),
    )


def _side_answer(request: ChatRequest, system: str, prompt: str) -> str | None:
    wanted = request.response_format
    if wanted is not None and wanted.type == "json_schema":
        schema = wanted.json_schema.schema if wanted.json_schema is not None else {}
        return schema_answer(schema)
    return SIDE_ANSWER if not request.tools and asks_for_title(system, prompt) else None


def _error(text: str, status: int) -> dict[str, object]:
    return {"error": {"message": text, "type": "scripted", "code": int(status)}}


def _usage(input_tokens: int, output_tokens: int) -> dict[str, int]:
    return {
        "prompt_tokens": input_tokens,
        "completion_tokens": output_tokens,
        "total_tokens": input_tokens + output_tokens,
    }


def _finish_reason(ending: CallEnding) -> str:
    return "tool_calls" if ending is CallEnding.TOOL else "stop"


class StreamedAnswer:
    """Writes a streamed answer; the head is sent with the first chunk, so that a silent call stays silent."""

    def __init__(self, connection: ClientConnection, *, request: ChatRequest) -> None:
        self._connection = connection
        self._usage_apart = request.stream_options is not None and request.stream_options.include_usage
        head = {
            "id": f"chatcmpl-{uuid4().hex[:12]}",
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": request.model,
        }
        self._prefix = b"data: " + _encode(head)[:-1]
        self._content_prefix = self._prefix + b',"choices":[{"index":0,"delta":{"content":'
        self._reasoning_prefix = self._prefix + b',"choices":[{"index":0,"delta":{"reasoning_content":'
        self._opened = False

    async def say(self, text: str) -> None:
        await self._open()
        await self._connection.write_chunk(self._content_prefix + _encode(text) + b'},"finish_reason":null}]}\n\n')

    async def think(self, text: str) -> None:
        await self._open()
        await self._connection.write_chunk(self._reasoning_prefix + _encode(text) + b'},"finish_reason":null}]}\n\n')

    async def use_tool(self, use: ScriptedToolCall) -> None:
        await self._open()
        call = {
            "index": 0,
            "id": f"call_{uuid4().hex[:8]}",
            "type": "function",
            "function": {"name": use.name, "arguments": ""},
        }
        await self._choice({"tool_calls": [call]})
        arguments = {"index": 0, "function": {"arguments": _encode(use.arguments).decode()}}
        await self._choice({"tool_calls": [arguments]})

    async def finish(self, ending: CallEnding, input_tokens: int, output_tokens: int) -> None:
        """Send how the call ended and close the body, or break it off as the ending says."""
        if ending is CallEnding.DROP:
            self._connection.close()
            return
        await self._open()
        if ending is not CallEnding.CUT:
            await self._end(_finish_reason(ending), _usage(input_tokens, output_tokens))
        self._connection.end_stream()

    async def _end(self, reason: str, usage: dict[str, int]) -> None:
        choice = {"index": 0, "delta": {}, "finish_reason": reason}
        if self._usage_apart:
            await self._chunk({"choices": [choice]})
            await self._chunk({"choices": [], "usage": usage})
        else:
            await self._chunk({"choices": [choice], "usage": usage})
        await self._connection.write_chunk(b"data: [DONE]\n\n")

    async def _open(self) -> None:
        if not self._opened:
            self._opened = True
            self._connection.open_stream()
            await self._choice({"role": "assistant", "content": ""})

    async def _choice(self, delta: dict[str, object]) -> None:
        await self._chunk({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})

    async def _chunk(self, fields: dict[str, object]) -> None:
        await self._connection.write_chunk(self._prefix + b"," + _encode(fields)[1:] + b"\n\n")


def _whole_answer(model: str, said: ModelOutput) -> dict[str, object]:
    message: dict[str, object] = {"role": "assistant", "content": said.text or None}
    if said.thoughts:
        message["reasoning_content"] = said.reasoning
    if said.uses:
        message["tool_calls"] = [_whole_call(use) for use in said.uses]
    reason = _finish_reason(CallEnding.TOOL if said.uses else CallEnding.STOP)
    return {
        "id": f"chatcmpl-{uuid4().hex[:12]}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": _usage(said.input_tokens, said.output_tokens),
    }


def _whole_call(use: ScriptedToolCall) -> dict[str, object]:
    function = {"name": use.name, "arguments": _encode(use.arguments).decode()}
    return {"id": f"call_{uuid4().hex[:8]}", "type": "function", "function": function}


CHAT_COMPLETIONS = WireFormat(title="OpenAI chat completions", ends=("/chat/completions",), read=read, error=_error)
