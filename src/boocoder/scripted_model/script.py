"""The directive language of scripted prompts: parses text into steps. No I/O.

A prompt contains directives `[[verb argument]]`, which are performed in order; the text around them is ignored:

    say TEXT, think TEXT, tokens N, recall      output
    write PATH|CONTENT, read PATH, bash COMMAND, plan A; B; C, tool NAME|JSON     tools: each ends one model call
    delay S, sleep S, usage N, reset            pace, reported tokens, ignore the prompt up to here
    fail WHAT, flaky N STATUS, hang, drop, cut  failures
    edit PATH|OLD|NEW, permission TOOL|ARGUMENT, question TEXT|A; B, notice TEXT, flood N, crash, stubborn
                                                only an agent does these, a model cannot; a choice `...` of a question
                                                stands for an answer of the person's own
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

RECALL_CHARS = 60  # of each message that [[recall]] quotes: enough to tell them apart
NUMBER_MAX = 1_000_000.0  # of any number in a directive: a slip of the finger does not fill the memory
_ECHO_CHARS = 80


class Verb(StrEnum):
    """What a step does; the module docstring lists the syntax of each."""

    SAY = "say"
    THINK = "think"
    TOKENS = "tokens"
    RECALL = "recall"
    WRITE = "write"
    READ = "read"
    BASH = "bash"
    PLAN = "plan"
    TOOL = "tool"
    DELAY = "delay"
    SLEEP = "sleep"
    USAGE = "usage"
    FAIL = "fail"
    FLAKY = "flaky"
    HANG = "hang"
    DROP = "drop"
    CUT = "cut"
    EDIT = "edit"
    PERMISSION = "permission"
    QUESTION = "question"
    NOTICE = "notice"
    FLOOD = "flood"
    CRASH = "crash"
    STUBBORN = "stubborn"


TOOL_VERBS = frozenset({Verb.WRITE, Verb.READ, Verb.BASH, Verb.PLAN, Verb.TOOL})
AGENT_ONLY_VERBS = frozenset(
    {Verb.EDIT, Verb.PERMISSION, Verb.QUESTION, Verb.NOTICE, Verb.FLOOD, Verb.CRASH, Verb.STUBBORN}
)
_NUMBER_VERBS = frozenset({Verb.TOKENS, Verb.DELAY, Verb.SLEEP, Verb.USAGE, Verb.FLOOD})
_RESET = "[[reset]]"
# The look-ahead lets an argument end with a bracket: [[bash a[1]]] is `bash a[1]`.
_DIRECTIVE = re.compile(rf"\[\[({'|'.join(Verb)})(?:\s+(.*?))?\]\](?!\])", re.DOTALL)
_WORD = re.compile(r"\S+\s*")


@dataclass(frozen=True, slots=True)
class Directive:
    """One directive.

    Args:
        verb: what to do.
        argument: the text after the verb, "" if there is none.
    """

    verb: Verb
    argument: str = ""

    @property
    def number(self) -> float:
        """The argument of a verb that takes one number; `parse` has checked it."""
        return float(self.argument)

    def split(self, pieces: int) -> tuple[str, ...]:
        """The argument split at `|` into exactly `pieces` texts; missing ones are ""."""
        found = self.argument.split("|", pieces - 1)
        return tuple(found + [""] * (pieces - len(found)))

    def listed(self) -> tuple[str, ...]:
        """The argument split at `;`, stripped."""
        return listed(self.argument)


def parse(prompt: str) -> tuple[Directive, ...]:
    """The steps of a prompt, never empty: without a directive, one step that says "ok: " and the prompt's start.

    Args:
        prompt: the newest user message. A directive with an invalid argument becomes a `say` that reports it.
    """
    text = prompt.rpartition(_RESET)[2]
    steps = tuple(_checked(Verb(verb), argument) for verb, argument in _DIRECTIVE.findall(text))
    return steps or (Directive(Verb.SAY, "ok: " + " ".join(text.split())[:_ECHO_CHARS]),)


def steps_after(steps: Sequence[Directive], results: int) -> tuple[Directive, ...]:
    """The steps of one model call: those after the `results`-th tool call, up to and including the next one.

    Args:
        steps: the whole script.
        results: tool results that follow the prompt, >= 0. A `delay` of an earlier call still applies.
    """
    chosen: list[Directive] = []
    seen = 0
    for step in steps:
        if seen == results or step.verb is Verb.DELAY:
            chosen.append(step)
        if step.verb in TOOL_VERBS:
            if seen == results:
                break
            seen += 1
    if all(step.verb is Verb.DELAY for step in chosen):
        chosen.append(Directive(Verb.SAY, "done"))
    return tuple(chosen)


def words(text: str) -> list[str]:
    """The text split after the white space of each word; joined, they are the text without leading white space."""
    return _WORD.findall(text)


def counted_words(count: int) -> list[str]:
    """The output of `tokens N`: w0 w1 w2 ..."""
    return [f"w{index} " for index in range(count)]


def recall_text(prompts: Sequence[str]) -> str:
    """The output of `recall`, about all user messages of a conversation including the current one."""
    quoted = " | ".join(prompt[:RECALL_CHARS] for prompt in prompts)
    return f"users={len(prompts)}: {quoted}"


def flaky_numbers(step: Directive) -> tuple[int, int]:
    """How often `flaky N STATUS` fails, and with which HTTP status."""
    times, status = step.argument.split()
    return int(times), int(status)


def listed(text: str) -> tuple[str, ...]:
    """A text split at `;`, stripped and without empty pieces."""
    return tuple(piece.strip() for piece in text.split(";") if piece.strip())


def _checked(verb: Verb, argument: str) -> Directive:
    step = Directive(verb, argument)
    readable = True
    if verb in _NUMBER_VERBS:
        readable = _is_number(argument) and float(argument) <= NUMBER_MAX
    elif verb is Verb.FLAKY:
        readable = re.fullmatch(r"\d{1,4} [45]\d\d", argument) is not None
    return step if readable else Directive(Verb.SAY, f"(cannot read the argument of {verb}: {argument!r})")


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\d+(\.\d+)?", text) is not None
