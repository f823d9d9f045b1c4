"""The wire format of OpenAI chat completions, as far as local model servers support it. No I/O."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from boocoder.events import json_coerce


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


class RequestMessage(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message to the model. `content` is always sent, because some chat templates fail without it.

    Args:
        images: names of its images; `sent_message` puts their data into its content.
    """

    role: str
    content: str
    tool_calls: tuple[SentToolCall, ...] = ()
    tool_call_id: str = ""
    reasoning_content: str = ""
    images: tuple[str, ...] = ()


class ImageUrl(msgspec.Struct, frozen=True):
    """The address of an image, here always a data: URL."""

    url: str


class TextContent(msgspec.Struct, frozen=True, tag="text", tag_field="type"):
    """The text of a message that has images too."""

    text: str


class ImageContent(msgspec.Struct, frozen=True, tag="image_url", tag_field="type"):
    """An image of a message."""

    image_url: ImageUrl


class MessageWithImages(msgspec.Struct, frozen=True):
    """A message whose content is a list."""

    role: str
    content: tuple[TextContent | ImageContent, ...]


def sent_message(message: RequestMessage, urls: Mapping[str, str]) -> RequestMessage | MessageWithImages:
    """The message as it is sent.

    Args:
        urls: data: URLs of images by name; an image without one is left out.
    """
    images = [ImageContent(ImageUrl(urls[name])) for name in message.images if name in urls]
    if not images:
        return msgspec.structs.replace(message, images=()) if message.images else message
    return MessageWithImages(message.role, (TextContent(message.content), *images))


class PromptProgress(msgspec.Struct, frozen=True):
    """How much of the prompt llama-server has read, in tokens; `cache` of them came from its cache."""

    total: float | None = None
    cache: float | None = None
    processed: float | None = None

    @property
    def percent(self) -> int | None:
        """Percentage of the uncached prompt that the server has read; None if unknown."""
        if not self.total or self.processed is None:
            return None
        cached = self.cache or 0
        fresh = self.total - cached
        share = (self.processed - cached) / fresh if fresh > 0 else 1.0
        return round(100 * share) if 0 <= share <= 1 else 100 if share > 1 else 0  # 0 for what is no number


class FunctionDelta(msgspec.Struct, frozen=True):
    """A chunk of a tool call; some servers send the arguments as an object."""

    name: str | None = None
    arguments: str | dict[str, object] | None = None


class CallDelta(msgspec.Struct, frozen=True):
    """A chunk of the `index`-th tool call."""

    index: int | None = None
    id: str | None = None
    function: FunctionDelta | None = None


class ContentPiece(msgspec.Struct, frozen=True):
    """A piece of content, for servers that send a list."""

    text: str | None = None


class CompletionDelta(msgspec.Struct, frozen=True):
    """A chunk of an answer; servers use two names for the reasoning."""

    content: str | list[ContentPiece] | None = None
    reasoning_content: str | None = None
    reasoning: object = None
    tool_calls: list[CallDelta] | None = None

    @property
    def text(self) -> str:
        """Its text."""
        if isinstance(self.content, list):
            return "".join(part.text or "" for part in self.content)
        return self.content or ""

    @property
    def thought(self) -> str:
        """Its reasoning."""
        return self.reasoning_content or (self.reasoning if isinstance(self.reasoning, str) else "")


class CompletionChoice(msgspec.Struct, frozen=True):
    """The answer; `message` instead of `delta` if a server does not stream."""

    delta: CompletionDelta | None = None
    message: CompletionDelta | None = None
    finish_reason: str | None = None


class PromptDetails(msgspec.Struct, frozen=True):
    """Details of the input tokens."""

    cached_tokens: int | None = None


class CompletionDetails(msgspec.Struct, frozen=True):
    """Details of the output tokens."""

    reasoning_tokens: int | None = None


class TokenUsage(msgspec.Struct, frozen=True):
    """Token counts of a call."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: PromptDetails | None = None
    completion_tokens_details: CompletionDetails | None = None


class Timings(msgspec.Struct, frozen=True):
    """llama-server's measurements: evaluated and generated tokens, and their speed."""

    cache_n: float | None = None
    prompt_n: float | None = None
    predicted_n: float | None = None
    predicted_per_second: float | None = None


class Chunk(msgspec.Struct, frozen=True):
    """An event of the stream, or a complete answer. An error is an object, or a text with some servers."""

    choices: list[CompletionChoice] | None = None
    usage: TokenUsage | None = None
    error: object = None
    prompt_progress: PromptProgress | None = None
    timings: Timings | None = None


_chunk_decoder = msgspec.json.Decoder(Chunk)
_SPARE_FIELDS = ("usage", "prompt_progress", "timings")  # an answer is whole without them


def read_chunk(data: str | bytes) -> Chunk:
    """One event's data as a chunk.

    A field of the wrong type is converted if its meaning is clear, or dropped if the answer does not need it.
    Half of a surrogate pair is kept, because the other half may arrive with the next event.

    Raises:
        msgspec.DecodeError: it is not a chunk.
    """
    try:
        return _chunk_decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raw = data.encode("utf-8", "replace") if isinstance(data, str) else data
    try:
        return _converted(json_coerce.decode(raw))
    except (ValueError, RecursionError) as error:  # no JSON, or a name with half of a surrogate pair
        raise msgspec.DecodeError(str(error)) from error


def _converted(value: object) -> Chunk:
    try:
        return msgspec.convert(value, Chunk, strict=False)
    except (msgspec.ValidationError, UnicodeEncodeError):  # the latter for half of a surrogate pair in a wrong place
        if not isinstance(value, dict):
            raise
        if value.get("error"):
            return Chunk(error=value["error"])
        kept = {name: one for name, one in value.items() if name not in _SPARE_FIELDS or _fits(name, one)}
        return msgspec.convert(kept, Chunk, strict=False)


def _fits(name: str, value: object) -> bool:
    try:
        msgspec.convert({name: value}, Chunk, strict=False)
    except (msgspec.ValidationError, UnicodeEncodeError):
        return False
    return True
