"""The wire format of OpenAI chat completions, as much of it as local model servers speak. No I/O."""

from __future__ import annotations

import json

import msgspec

from boocoder.events.clean_text import clean


class SentFunction(msgspec.Struct, frozen=True):
    """A tool call's name and arguments, these as JSON text."""

    name: str
    arguments: str


class SentToolCall(msgspec.Struct, frozen=True):
    """A tool call of an earlier answer."""

    id: str
    function: SentFunction
    type: str = "function"

    def __post_init__(self) -> None:
        assert self.id


class ChatMessage(msgspec.Struct, frozen=True, omit_defaults=True):
    """One message to the model. `content` is always sent: chat templates stumble where it is missing."""

    role: str
    content: str
    tool_calls: tuple[SentToolCall, ...] = ()
    tool_call_id: str = ""
    reasoning_content: str = ""


class Progress(msgspec.Struct, frozen=True):
    """How much of the prompt llama-server has read; only its presence matters."""

    processed: float | None = None


class FunctionDelta(msgspec.Struct, frozen=True):
    """A piece of a tool call; some servers send the arguments as an object."""

    name: str | None = None
    arguments: str | dict[str, object] | None = None


class CallDelta(msgspec.Struct, frozen=True):
    """A piece of the `index`-th tool call."""

    index: int | None = None
    id: str | None = None
    function: FunctionDelta | None = None


class TextPart(msgspec.Struct, frozen=True):
    """A piece of content where a server sends a list."""

    text: str | None = None


class Delta(msgspec.Struct, frozen=True):
    """A piece of an answer; the reasoning has two names."""

    content: str | list[TextPart] | None = None
    reasoning_content: str | None = None
    reasoning: object = None
    tool_calls: list[CallDelta] | None = None

    @property
    def text(self) -> str:
        """What is said in it."""
        if isinstance(self.content, list):
            return "".join(part.text or "" for part in self.content)
        return self.content or ""

    @property
    def thought(self) -> str:
        """What is thought in it."""
        return self.reasoning_content or (self.reasoning if isinstance(self.reasoning, str) else "")


class Choice(msgspec.Struct, frozen=True):
    """The answer; `message` instead of `delta` where a server does not stream."""

    delta: Delta | None = None
    message: Delta | None = None
    finish_reason: str | None = None


class PromptDetails(msgspec.Struct, frozen=True):
    """Of the tokens in."""

    cached_tokens: int | None = None


class CompletionDetails(msgspec.Struct, frozen=True):
    """Of the tokens out."""

    reasoning_tokens: int | None = None


class TokenUsage(msgspec.Struct, frozen=True):
    """Tokens of one call."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: PromptDetails | None = None
    completion_tokens_details: CompletionDetails | None = None


class Chunk(msgspec.Struct, frozen=True):
    """One event of the stream, or a whole answer."""

    choices: list[Choice] | None = None
    usage: TokenUsage | None = None
    error: msgspec.Raw | None = None
    prompt_progress: Progress | None = None


class ModelMeta(msgspec.Struct, frozen=True):
    """What llama-server adds to a model."""

    n_ctx: int | None = None


class ModelRow(msgspec.Struct, frozen=True):
    """One model of the list; the context's size has a name per server (vLLM, OpenRouter, LM Studio, llama-server)."""

    id: str
    max_model_len: int | None = None
    context_length: int | None = None
    loaded_context_length: int | None = None
    meta: ModelMeta | None = None

    @property
    def context_tokens(self) -> int:
        """What it can hold, 0 if the server does not say."""
        sizes = (self.loaded_context_length, self.max_model_len, self.meta and self.meta.n_ctx, self.context_length)
        return next((size for size in sizes if size and size > 0), 0)


class ModelList(msgspec.Struct, frozen=True):
    """The answer of /models."""

    data: tuple[ModelRow, ...]


_chunk_decoder = msgspec.json.Decoder(Chunk)


def read_chunk(data: str | bytes) -> Chunk:
    """One event's data as a chunk; half of a surrogate pair becomes a replacement character.

    Raises:
        msgspec.DecodeError: it is not one.
    """
    try:
        return _chunk_decoder.decode(data)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:  # a lone surrogate is an error to msgspec, but not to json
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            raise
        return msgspec.convert(_clean(value), Chunk)


def _clean(value: object) -> object:
    match value:
        case str():
            return clean(value)
        case list():
            return [_clean(one) for one in value]
        case dict():
            return {name: _clean(one) for name, one in value.items()}
        case _:
            return value
