"""A model request in a form common to all wire formats: prompts, tool results, tools, directory, side calls. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from boocoder.scripted_model.script import Directive, parse, steps_after
from boocoder.scripted_model.tools import Schema, sample

SIDE_ANSWER = "Scripted title"
_LOOKED_AT_CHARS = 8_000  # where agents state what a side call is for
# What agents put around or beside the person's own words.
_WRAPPED = re.compile(
    r"<(system-reminder|system|environment_context|user_instructions|session_context|env|current_working_dir"
    r"|local-command-stdout)>.*?</\1>",
    re.DOTALL,
)
_TITLE = re.compile(
    r"\btitle generator\b"
    r"|\b(?:generate|write|create)\b[^.\n]{0,40}\btitle\b"
    r"|\btitle for (?:this|the|a) (?:conversation|session|chat|thread)\b"
    r"|\bnaming a coding session\b",
    re.IGNORECASE,
)
_DIRECTORY = (
    re.compile(r"<cwd>(/[^<]+)</cwd>"),
    re.compile(r"(?:current )?working directory(?: is)?\s*:?[ `]*(/[^\n`<\"]+)", re.IGNORECASE),
    re.compile(r"workspace director(?:y|ies):\W*(/[^\n`<\"]+)", re.IGNORECASE),
    re.compile(r"working in the directory:?[ `]*(/[^\n`<\"]+)", re.IGNORECASE),
)


@dataclass(frozen=True, slots=True)
class ModelConversation:
    """One request to a model.

    Args:
        prompts: user messages so far, oldest first, without the text that agents wrap around them.
        results: tool results after the newest prompt.
        tools: JSON schema of the arguments by tool name.
        directory: absolute directory that the agent works in, "" if unknown.
        side_answer: the answer to a side call (a title, a structured answer), None for a turn of the conversation.
    """

    prompts: tuple[str, ...]
    results: int
    tools: Mapping[str, Schema]
    directory: str
    side_answer: str | None = None

    @property
    def prompt(self) -> str:
        """The newest user message, "" if there is none."""
        return self.prompts[-1] if self.prompts else ""

    def steps(self) -> tuple[Directive, ...]:
        """The steps that this model call has to perform."""
        return steps_after(parse(self.prompt), self.results)


def unwrapped(text: str) -> str:
    """A user message without the text that agents wrap around it; unchanged if there is nothing else in it."""
    return _WRAPPED.sub("", text).strip() or text.strip()


def only_words(texts: Sequence[str]) -> str:
    """The person's text in the pieces of a message, "" if the agent wrote all of it."""
    return "\n".join(_WRAPPED.sub("", text).strip() for text in texts).strip()


def schema_answer(schema: Schema) -> str:
    """The answer to a request for JSON of a given schema."""
    return msgspec.json.encode(sample(schema, SIDE_ANSWER)).decode()


def working_directory(texts: Sequence[str]) -> str:
    """The directory that an agent names in its system prompt or first message, "" if none."""
    for text in texts:
        for pattern in _DIRECTORY:
            if found := pattern.search(text):
                return found.group(1).strip().rstrip(".")
    return ""


def asks_for_title(system: str, prompt: str) -> bool:
    """Whether a request without tools is the agent's request for a title."""
    return any(_TITLE.search(text[:_LOOKED_AT_CHARS]) for text in (system, prompt))
