"""Formats permission requests, questions and their answers as styled lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol
from uuid import UUID

from boocoder.cli.views.style import marked, style_of
from boocoder.cli.views.terminal_text import one_line, plain
from boocoder.events import frames
from boocoder.model.permission import NETWORK_TOOL

ARGUMENT_LINES = 40  # of a command; the rest is counted and can be read with `boocoder permissions show`

Line = tuple[str, str]
"""(text, style)"""


class RequestView(Protocol):
    """One question, as a frame or as the API has it."""

    @property
    def text(self) -> str: ...
    @property
    def choices(self) -> Sequence[str]: ...


def request_lines(frame: frames.PermissionFrame | frames.QuestionFrame) -> Iterator[Line]:
    """The lines that a frame adds to a turn's view."""
    if frame.state != "asked":
        yield f"  {marked(frame.state)}{_about(frame)}{_why(frame)}", style_of(frame.state)
    elif isinstance(frame, frames.PermissionFrame):
        yield from permission_lines(frame.tool, frame.title, frame.argument)
    else:
        yield from question_lines(frame.questions)


def permission_lines(tool: str, title: str, argument: str) -> Iterator[Line]:
    """What the agent wants to do, with the whole argument: a person decides about what they can see."""
    yield f"  ? {one_line(tool, 60)}: {one_line(title, 160)}", "yellow"
    lines = plain(argument).splitlines()
    if len(lines) > 1 or plain(argument).strip() not in plain(title):
        yield from ((f"      {line}", "") for line in lines[:ARGUMENT_LINES])
    if len(lines) > ARGUMENT_LINES:
        yield f"      ... {len(lines) - ARGUMENT_LINES} more lines: boocoder permissions show", "yellow"
    yield from host_lines(tool, argument)


def host_lines(tool: str, argument: str) -> Iterator[Line]:
    """What follows from the answer to a request for a host, and the rule that spares the question."""
    if tool == NETWORK_TOOL:
        yield "      A program waits to connect: yes holds for this turn, no gives the program the error 403.", ""
        yield (
            f"      To be asked no more: boocoder permissions rules add allow network {one_line(argument, 260)}",
            "dim",
        )


def question_lines(questions: Sequence[RequestView]) -> Iterator[Line]:
    """What the agent wants to know, choices with their numbers."""
    for question in questions:
        first, *others = plain(question.text).splitlines() or [""]
        yield f"  ? {first}", "yellow"
        yield from ((f"    {line}", "") for line in others)
        yield from ((f"      {n}  {one_line(choice, 160)}", "") for n, choice in enumerate(question.choices, start=1))


def answer_hint(request_id: UUID, kind: str) -> str:
    """How to answer from elsewhere."""
    short = str(request_id)[:8]
    if kind == "question":
        return f'waits for you: boocoder permissions answer {short} "..."'
    return f"waits for you: boocoder permissions allow {short}  (or: refuse {short})"


def _about(frame: frames.PermissionFrame | frames.QuestionFrame) -> str:
    if isinstance(frame, frames.PermissionFrame):
        return f"  {one_line(frame.tool, 60)}  {one_line(frame.argument, 100)}".rstrip()
    answers = "; ".join(", ".join(one_line(text, 80) for text in answer) for answer in frame.answers)
    return f"  {answers}" if answers else ""


def _why(frame: frames.PermissionFrame | frames.QuestionFrame) -> str:
    if isinstance(frame, frames.PermissionFrame) and frame.message:
        return f": {one_line(frame.message, 160)}"
    if isinstance(frame, frames.PermissionFrame) and frame.rule_id is not None:
        return f"  (rule {str(frame.rule_id)[:8]})"
    return {"timeout": "  (nobody answered in time)", "turn": "  (the turn ended)"}.get(frame.decided_by, "")
