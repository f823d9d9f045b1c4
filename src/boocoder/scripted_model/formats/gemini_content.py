"""The wire format of Gemini's generateContent and streamGenerateContent; a stream is always server-sent events."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from http import HTTPStatus

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

_WHOLE, _STREAMED = ":generateContent", ":streamGenerateContent"
_STATUS_WORDS: Mapping[int, str] = {
    HTTPStatus.BAD_REQUEST: "INVALID_ARGUMENT",
    HTTPStatus.UNAUTHORIZED: "UNAUTHENTICATED",
    HTTPStatus.FORBIDDEN: "PERMISSION_DENIED",
    HTTPStatus.NOT_FOUND: "NOT_FOUND",
    HTTPStatus.TOO_MANY_REQUESTS: "RESOURCE_EXHAUSTED",
    HTTPStatus.SERVICE_UNAVAILABLE: "UNAVAILABLE",
}


class GeminiPart(msgspec.Struct, rename="camel"):
    """A part of a message; the content of a tool's result is ignored."""

    text: str | None = None
    function_response: dict[str, object] | None = None


class GeminiContent(msgspec.Struct):
    """A message."""

    parts: list[GeminiPart] = []
    role: str = "user"


class Function(msgspec.Struct, rename="camel"):
    """A tool that the agent offers; newer clients send plain JSON Schema."""

    name: str
    parameters: dict[str, object] | None = None
    parameters_json_schema: dict[str, object] | None = None


class GeminiTool(msgspec.Struct, rename="camel"):
    """A group of tools."""

    function_declarations: list[Function] = []


class GenerationConfig(msgspec.Struct, rename="camel"):
    """Required format of the answer."""

    response_schema: dict[str, object] | None = None
    response_json_schema: dict[str, object] | None = None


class GenerateRequest(msgspec.Struct, rename="camel"):
    """The body, with the fields that are used here."""

    contents: list[GeminiContent]
    system_instruction: GeminiContent | None = None
    tools: list[GeminiTool] | None = None
    generation_config: GenerationConfig | None = None


_decoder = msgspec.json.Decoder(GenerateRequest)


def read(path: str, body: bytes) -> ModelRequest:
    """Parse a request from its path, which names the model, and its body.

    Raises:
        msgspec.DecodeError: not JSON, or not a request to generate content.
    """
    conversation = conversation_of(_decoder.decode(body))
    model = path.rpartition("/")[2].partition(":")[0]
    if path.endswith(_STREAMED):
        return ModelRequest(conversation, functools.partial(StreamedContent, model=model))
    compose = functools.partial(_whole_content, model)
    return ModelRequest(conversation, lambda connection: WholeAnswer(connection, compose))


def conversation_of(request: GenerateRequest) -> ModelConversation:
    """The request's conversation."""
    prompts: list[str] = []
    results = 0
    for message in request.contents:
        if message.role != "user":
            continue
        answered = sum(part.function_response is not None for part in message.parts)
        words = only_words([part.text or "" for part in message.parts])
        if answered and "[[" not in words:
            results += answered
        elif words:
            prompts.append(words)
            results = 0
    instruction = request.system_instruction or GeminiContent()
    system = "\n".join(part.text or "" for part in instruction.parts)
    texts = [part.text or "" for message in request.contents for part in message.parts]
    functions = [function for tool in request.tools or [] for function in tool.function_declarations]
    return ModelConversation(
        prompts=tuple(prompts),
        results=results,
        tools={one.name: one.parameters_json_schema or one.parameters or {} for one in functions},
        directory=working_directory([system, *texts]),
        side_answer=_side_answer(request, system, prompts[-1] if prompts else ""),
    )


def _side_answer(request: GenerateRequest, system: str, prompt: str) -> str | None:
    wanted = request.generation_config
    schema = (wanted.response_json_schema or wanted.response_schema) if wanted is not None else None
    if schema is not None:
        return schema_answer(schema)
    return SIDE_ANSWER if not request.tools and asks_for_title(system, prompt) else None


def _error(text: str, status: int) -> dict[str, object]:
    return {"error": {"code": int(status), "message": text, "status": _STATUS_WORDS.get(status, "INTERNAL")}}


def _usage(input_tokens: int, output_tokens: int) -> dict[str, int]:
    return {
        "promptTokenCount": input_tokens,
        "candidatesTokenCount": output_tokens,
        "totalTokenCount": input_tokens + output_tokens,
    }


def _call(use: ScriptedToolCall) -> dict[str, object]:
    return {"functionCall": {"name": use.name, "args": use.arguments}}


def _candidate(parts: list[dict[str, object]], reason: str = "") -> dict[str, object]:
    candidate: dict[str, object] = {"content": {"role": "model", "parts": parts}, "index": 0}
    if reason:
        candidate["finishReason"] = reason
    return candidate


def _whole_content(model: str, said: ModelOutput) -> dict[str, object]:
    parts: list[dict[str, object]] = []
    if said.thoughts:
        parts.append({"text": said.reasoning, "thought": True})
    if said.words:
        parts.append({"text": said.text})
    parts += [_call(use) for use in said.uses]
    usage = _usage(said.input_tokens, said.output_tokens)
    return {"candidates": [_candidate(parts, "STOP")], "usageMetadata": usage, "modelVersion": model}


class StreamedContent:
    """Writes a streamed answer: every event is a small complete answer."""

    def __init__(self, connection: ClientConnection, *, model: str) -> None:
        self._stream = AnswerEvents(connection)
        self._model = model

    async def say(self, text: str) -> None:
        await self._send(_candidate([{"text": text}]))

    async def think(self, text: str) -> None:
        await self._send(_candidate([{"text": text, "thought": True}]))

    async def use_tool(self, use: ScriptedToolCall) -> None:
        await self._send(_candidate([_call(use)]))

    async def finish(self, ending: CallEnding, input_tokens: int, output_tokens: int) -> None:
        """Send how the call ended and close the body, or break it off as the ending says."""
        if ending is CallEnding.DROP:
            self._stream.drop()
            return
        if ending is CallEnding.CUT:
            await self._send(_candidate([{"text": ""}]))
        else:
            usage = _usage(input_tokens, output_tokens)
            await self._send(_candidate([{"text": ""}], "STOP"), {"usageMetadata": usage})
        self._stream.end()

    async def _send(self, candidate: dict[str, object], more: dict[str, object] | None = None) -> None:
        await self._stream.send({"candidates": [candidate], "modelVersion": self._model, **(more or {})})


GEMINI_CONTENT = WireFormat(
    title="Gemini generateContent",
    ends=(_WHOLE, _STREAMED),
    read=read,
    error=_error,
    counters={":countTokens": "totalTokens"},
)
