"""Classifies a model server's errors, and whether a retry can help."""

from __future__ import annotations

import json
import re

from boocoder.errors import BackendError
from boocoder.events.clean_text import clean

CHECK_SERVER = "Check that the model server runs and has the model, then send the prompt again."
START_SERVER = "Start your model server, or correct models.base_url (with /v1), then send the prompt again."
SHORTER = "Start a new chat in this session, or give the model a larger context (and set agents.native.context_tokens)."
LARGER = (
    "Send a shorter prompt, or give the model a larger context: llama-server's -c, divided by its --parallel; Ollama's "
    "OLLAMA_CONTEXT_LENGTH; or agents.native.context_tokens if the server does not say what it has."
)
CHOOSE_MODEL = "Choose one of the models that `boocoder agents --probe` lists."
_TEXT_MAX_CHARS = 500
_BUSY = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529})
_OVERFLOW = re.compile(
    r"context.{0,20}(?:length|size|window|limit|overflow)|maximum context|too many tokens|prompt is too long"
    r"|exceed\w* .{0,40}(?:context|max_model_len|n_ctx)|exceed_context_size|input is too long|n_ctx",
    re.IGNORECASE,
)
_UNKNOWN_MODEL = re.compile(
    r"model[^.\n]{0,120}(?:not found|does not exist|doesn't exist|not exist|unknown|is not available|not loaded)"
    r"|(?:unknown|invalid|no such|could not find|unable to find|no)\b[^.\n]{0,40}\bmodel|model_not_found",
    re.IGNORECASE,
)
_LOADING = re.compile(r"\bloading\b.{0,20}\bmodel\b|\bmodel\b.{0,40}\bloading\b", re.IGNORECASE)
_LIMIT = re.compile(
    r"(?:context (?:length|size|window)(?: is| of|:)*|n_ctx\D{0,5}|max_model_len\D{0,5})\D{0,3}(\d{3,8})"
)


class ModelError(BackendError):
    """A model call failed.

    Args:
        again: whether a retry may succeed.
        overflow: the conversation is longer than the model's context.
        limit_tokens: the context size if the server reported it, else 0.
        after_s: seconds that the server asks to wait, else 0.0.
        extra: an optional field of the request that the server does not support, else "".
        loading: the server is loading the model.
    """

    def __init__(
        self,
        code: str,
        text: str,
        cure: str,
        *,
        again: bool = False,
        overflow: bool = False,
        limit_tokens: int = 0,
        after_s: float = 0.0,
        extra: str = "",
        loading: bool = False,
    ) -> None:
        super().__init__(code, sentence(text), cure)
        self.again = again
        self.overflow = overflow
        self.limit_tokens = limit_tokens
        self.after_s = after_s
        self.extra = extra
        self.loading = loading


def error_of_response(
    status: int, body: bytes, *, model: str, after_s: float = 0.0, extras: tuple[str, ...] = ()
) -> ModelError:
    """The error for a response with an HTTP error status.

    Args:
        status: of the answer.
        body: beginning of its body.
        model: the requested model.
        after_s: the Retry-After header in seconds, 0.0 if there is none.
        extras: optional fields of the request, which servers that do not support them name in the error.
    """
    said = error_message(body)
    if _OVERFLOW.search(said) and status not in (401, 403, 429):
        return context_overflow_error(said)
    if status in (401, 403):
        text = f"The model server refused the login with {status}: {said}"
        return ModelError("model_failed", text, "Set models.api_key_env to the variable that holds the server's key.")
    if status in (400, 404, 422) and _UNKNOWN_MODEL.search(said):
        return ModelError("model_unknown", f"The model server does not have {model!r}: {said}", CHOOSE_MODEL)
    text = f"The model server answered {status}: {said}"
    if status == 404:
        return ModelError("model_failed", text, "Correct models.base_url: it must end with /v1.")
    extra = next((name for name in extras if name in said), "") if status in (400, 422) else ""
    loading = status == 503 and _LOADING.search(said) is not None
    again = status in _BUSY
    return ModelError("model_failed", text, CHECK_SERVER, again=again, after_s=after_s, extra=extra, loading=loading)


def error_in_stream(body: bytes, *, model: str) -> ModelError:
    """The error that a server sends within a stream, or instead of a stream with status 200."""
    said = error_message(body)
    if _OVERFLOW.search(said):
        return context_overflow_error(said)
    if _UNKNOWN_MODEL.search(said):
        return ModelError("model_unknown", f"The model server does not have {model!r}: {said}", CHOOSE_MODEL)
    return ModelError("model_failed", f"The model server failed: {said}", CHECK_SERVER, again=True)


def context_overflow_error(said: str) -> ModelError:
    """The error for a conversation that does not fit into the model's context."""
    limit = _LIMIT.search(said)
    return ModelError(
        "context_overflow",
        f"The conversation is too long for the model: {said}",
        SHORTER,
        overflow=True,
        limit_tokens=int(limit.group(1)) if limit else 0,
    )


def error_message(body: bytes) -> str:
    """The message of an error's body, shortened to one line; with the context size if llama-server reports it."""
    text = body.decode("utf-8", errors="replace")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return _line(re.sub(r"<[^>]*>", " ", text)) or "it gave no reason"
    error = value.get("error", value) if isinstance(value, dict) else value
    if isinstance(error, dict):
        said = error.get("message") or error.get("detail") or error.get("msg") or json.dumps(error)
        size = error.get("n_ctx")
        return _line(f"{said} (n_ctx {size})" if isinstance(size, int) else str(said))
    return _line(str(error)) or "it gave no reason"


def sentence(text: str) -> str:
    """The text with exactly one full stop at its end."""
    plain = text.rstrip()
    return plain if plain.endswith(("!", "?", "…")) else plain.rstrip(".:,; ") + "."


def _line(text: str) -> str:
    return clean(" ".join(text.replace("\x00", " ").split()))[:_TEXT_MAX_CHARS]
