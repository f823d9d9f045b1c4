"""The wire format of OpenAI responses, read side: parses requests. The write side is in responses_stream."""

from __future__ import annotations

import functools

import msgspec

from boocoder.scripted_model.conversation import (
    SIDE_ANSWER,
    ModelConversation,
    asks_for_title,
    only_words,
    schema_answer,
    working_directory,
)
from boocoder.scripted_model.formats.responses_stream import StreamedResponse, ToolKinds, whole_response
from boocoder.scripted_model.formats.whole_answer import WholeAnswer
from boocoder.scripted_model.formats.wire_format import ModelRequest, WireFormat
from boocoder.scripted_model.tools import Schema

# A tool that takes plain text, and the shell that the model's maker defined: neither sends a schema.
_TEXT_SCHEMA: Schema = {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}
_SHELL_SCHEMA: Schema = {"type": "object", "properties": {"command": {"type": "array"}}, "required": ["command"]}


class ResponsesContent(msgspec.Struct):
    """A piece of a message; only text counts."""

    text: str | None = None


class Item(msgspec.Struct):
    """One item of the input: a message, a call of a tool, its result, a thought."""

    type: str = "message"
    role: str = ""
    content: str | list[ResponsesContent] | None = None

    def texts(self) -> list[str]:
        """The texts of a message."""
        if isinstance(self.content, list):
            return [piece.text or "" for piece in self.content]
        return [self.content or ""]


class ResponsesTool(msgspec.Struct):
    """A tool that the agent offers."""

    type: str = "function"
    name: str = ""
    parameters: dict[str, object] | None = None


class TextFormat(msgspec.Struct):
    """Required format of the answer."""

    type: str = "text"
    schema: dict[str, object] = {}


class TextOptions(msgspec.Struct):
    """Options of the text."""

    format: TextFormat | None = None


class ResponsesRequest(msgspec.Struct):
    """The body of POST /v1/responses, with the fields that are used here."""

    input: str | list[Item]
    model: str = ""
    instructions: str | None = None
    stream: bool | None = False
    tools: list[ResponsesTool] | None = None
    text: TextOptions | None = None

    def items(self) -> list[Item]:
        """Its input as a list of items."""
        return [Item(role="user", content=self.input)] if isinstance(self.input, str) else self.input


_decoder = msgspec.json.Decoder(ResponsesRequest)


def read(_path: str, body: bytes) -> ModelRequest:
    """Parse a request body.

    Raises:
        msgspec.DecodeError: not JSON, or not a request for a response.
    """
    request = _decoder.decode(body)
    kinds = ToolKinds(
        text=frozenset(tool.name for tool in request.tools or [] if tool.type == "custom"),
        shell=frozenset(tool.type for tool in request.tools or [] if tool.type == "local_shell"),
    )
    conversation = conversation_of(request)
    if request.stream:
        return ModelRequest(conversation, functools.partial(StreamedResponse, model=request.model, kinds=kinds))
    compose = functools.partial(whole_response, request.model, kinds)
    return ModelRequest(conversation, lambda connection: WholeAnswer(connection, compose))


def conversation_of(request: ResponsesRequest) -> ModelConversation:
    """The request's conversation."""
    prompts: list[str] = []
    results = 0
    for item in request.items():
        if item.type.endswith("_call_output"):
            results += 1
        elif item.role == "user" and (words := only_words(item.texts())):
            prompts.append(words)
            results = 0
    instructions_text = [
        text for item in request.items() if item.role in ("system", "developer") for text in item.texts()
    ]
    system = "\n".join([request.instructions or "", *instructions_text])
    return ModelConversation(
        prompts=tuple(prompts),
        results=results,
        tools=dict(_named(tool) for tool in request.tools or []),
        directory=working_directory([system, *(text for item in request.items() for text in item.texts())]),
        side_answer=_side_answer(request, system, prompts[-1] if prompts else ""),
    )


def _named(tool: ResponsesTool) -> tuple[str, Schema]:
    match tool.type:
        case "custom":
            return tool.name, _TEXT_SCHEMA
        case "local_shell":
            return tool.type, _SHELL_SCHEMA
        case _:
            return tool.name or tool.type, tool.parameters or {}


def _side_answer(request: ResponsesRequest, system: str, prompt: str) -> str | None:
    wanted = request.text.format if request.text is not None else None
    if wanted is not None and wanted.type == "json_schema":
        return schema_answer(wanted.schema)
    return SIDE_ANSWER if not request.tools and asks_for_title(system, prompt) else None


def _error(text: str, status: int) -> dict[str, object]:
    return {"error": {"message": text, "type": "scripted", "param": None, "code": str(int(status))}}


OPENAI_RESPONSES = WireFormat(title="OpenAI responses", ends=("/responses",), read=read, error=_error)
