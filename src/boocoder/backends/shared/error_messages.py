"""Reads from an agent's words why it or its model failed; adds a cure."""

from __future__ import annotations

import re

import msgspec

from boocoder.model.turn import Failed, TurnError

AGAIN = "Send the prompt again."
CHECK_MODEL = "Check that the agent's model server runs and has the model, then send the prompt again."
CHECK_LOGIN = "Check the agent's login or API key for its model, then send the prompt again."
STATUS = re.compile(r"(?<![\w.])([45]\d\d)(?![\w.])")
_OVERFLOW = ("context length", "context_length", "maximum context", "prompt is too long", "context window")
_LOGIN = ("unauthorized", "unauthorised", "invalid api key", "authentication", "not logged in")
_MODEL_GONE = re.compile(r"\bmodel\b.{0,200}\bnot found\b", re.IGNORECASE)
_REACH = ("econnrefused", "connection refused", "connect error", "fetch failed", "unreachable", "timed out")


_API_ERROR_MAX_CHARS = 2_000  # a longer text is an answer
_API_ERROR_BODY = frozenset({"error", "type", "request_id", "requestId", "status", "code"})
_API_ERROR_FIELDS = frozenset(
    {"type", "code", "param", "status", "details", "metadata", "errors", "n_prompt_tokens", "n_ctx", "innererror"}
)
_PREAMBLE = re.compile(r"\A(?:(?:warning|info|note): [^\n]*?(?:\n+|\.\.\.(?=\w)))+", re.IGNORECASE)
_API_ERROR = re.compile(
    r"""(?:(?:api|model|llm|request|http|server|provider|internal|fatal)[ ])?
        error[: ]+(?:code[: ]+|status[: ]+|\()?[45]\d\d\b
        (?![ ](?:means?|is|was|are|indicates?|comes?|occurs?|happens?)\b)
    | (?:[a-z]+[ ])?error:[ ][^\n]{0,300}\b(?:http|status)[: ]+[45]\d\d\b
    | (?:[a-z]+[ ])?error:[ ][^\n]{0,300}\b[45]\d\d[ ][^\n]{0,80}\Z
    | (?:error|network[ ]error):[ ](?:failed[ ]to[ ]get[ ]response[ ]from|network[ ]error|stream[ ]decode|check[ ]your)
    | the[ ]model[ ]returned[ ]an[ ]empty[ ]response
    | (?:[a-z_]\w*\.)*\w*
        (?:api|request|auth\w*|rate.?limit|timeout|connection|server|service\w*)\w*(?:error|exception):[ ]
        (?!(?:raised|means|is|occurs|happens|when)\b)
    | (?:unexpected|last|http)[ ]status(?:[ ]code)?[: ]+[45]\d\d\b
    | (?:request|call)[ ]failed[ ]with[ ]status(?:[ ]code)?[: ]+[45]\d\d\b
    | exceeded[ ]retry[ ]limit
    | stream[ ](?:disconnected|error)
    | (?:we.?re|we[ ]are)[ ]currently[ ]experiencing[ ]high[ ]demand
    """,
    re.IGNORECASE | re.VERBOSE,
)


def failed_answer(text: str, *, counted_output: bool) -> Failed | None:
    """The failure of a turn whose only product is this text, if it reads as an API error; None if it is an answer.

    Args:
        text: the agent's whole output.
        counted_output: whether the agent counts tokens that its model wrote in this turn: then the text is the model's.
    """
    said = _PREAMBLE.sub("", text.strip())
    if counted_output or not said or len(said) > _API_ERROR_MAX_CHARS:
        return None
    if not (_API_ERROR.match(said) or _is_api_error_body(said)):
        return None
    by_words = failed_model(said).error
    return Failed(TurnError(by_words.code, f"It looks like the agent's model failed: {said}", by_words.cure))


def _is_api_error_body(said: str) -> bool:
    """Whether this is the whole body of a failed request to OpenAI, Anthropic, Google, llama.cpp, vLLM or Ollama."""
    if not said.startswith("{"):
        return False
    try:
        body = msgspec.json.decode(said.encode("utf-8", "replace"))
    except (msgspec.DecodeError, RecursionError):
        return False
    if not isinstance(body, dict) or not body.keys() <= _API_ERROR_BODY:
        return False
    match body.get("error"):
        case str() as words:
            return body.keys() == {"error"} and (
                failed_by_words(words).error.code != "agent_failed" or _MODEL_GONE.search(words) is not None
            )
        case {"message": str(), **rest}:
            return bool(rest) and rest.keys() <= _API_ERROR_FIELDS
    return False


def failed_model(words: str) -> Failed:
    """The failure of a model, with what the agent said about it."""
    failed = failed_by_words(words.strip())
    if failed.error.code != "agent_failed":
        return failed
    return Failed(TurnError("model_failed", f"The model failed: {words.strip()}", CHECK_MODEL))


def failed_by_words(words: str) -> Failed:
    """The failure that an agent's error text describes.

    Args:
        words: what it said, whole; it is quoted.
    """
    lowered = words.lower()
    if any(sign in lowered for sign in _OVERFLOW):
        cure = "Start a new chat in this session, or choose a model with a larger context."
        return Failed(TurnError("context_overflow", f"The conversation is too long for the model: {words}", cure))
    status = STATUS.search(words)
    if (status is not None and status.group(1) in ("401", "403")) or any(sign in lowered for sign in _LOGIN):
        return Failed(TurnError("model_failed", f"The model server refused the login: {words}", CHECK_LOGIN))
    if any(sign in lowered for sign in _REACH):
        return Failed(TurnError("model_unreachable", f"The model could not be reached: {words}", CHECK_MODEL))
    if status is not None or "api error" in lowered or "apierror" in lowered:
        return Failed(TurnError("model_failed", f"The model failed: {words}", CHECK_MODEL))
    return Failed(
        TurnError("agent_failed", f"The agent failed: {words}", f"{AGAIN} If it fails again, see its own log.")
    )
