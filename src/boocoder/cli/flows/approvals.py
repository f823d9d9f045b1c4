"""Puts permission requests and questions of a running agent to the person at the terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from boocoder.cli.views.requests import RequestView, answer_hint
from boocoder.cli.views.terminal_text import one_line, plain
from boocoder.client.http_client import Client
from boocoder.errors import BoocoderError, InvalidInput
from boocoder.events import frames
from boocoder.events.agent_event import Question
from boocoder.service import TaskSupervisor

if TYPE_CHECKING:
    from rich.console import Console

PERMISSION = "  Allow it? [y]es once / for this [s]ession / [n]o / no with a [m]essage: "
MESSAGE = "  Message to the agent: "

Request = frames.PermissionFrame | frames.QuestionFrame


class InputEndedError(Exception):
    """The terminal's input ended."""


class ApprovalPrompter:
    """Puts the questions of one turn to a person.

    Args:
        client: of the service.
        console: where to say what came of it.
        question: asks the person for a line; None without a terminal, which prints how to answer from elsewhere.
    """

    def __init__(self, *, client: Client, console: Console, question: Callable[[str], Awaitable[str]] | None) -> None:
        self._client = client
        self._console = console
        self._question = question
        self._open: dict[UUID, Request] = {}
        self._asking: tuple[UUID, asyncio.Task[None]] | None = None
        self._serving = False

    @property
    def is_asking(self) -> bool:
        """Whether something awaits an answer."""
        return bool(self._open)

    def take(self, frame: frames.Frame, supervisor: TaskSupervisor) -> None:
        """Take a frame: a new request is asked, a decided one is withdrawn."""
        if not isinstance(frame, Request):
            return
        if frame.state != "asked":
            self._decided(frame.request_id)
        elif frame.request_id not in self._open:
            self._open[frame.request_id] = frame
            if self._question is None:
                self._hint(frame)
            elif not self._serving:
                self._serving = True
                supervisor.spawn(self._serve(supervisor), "ask the person")

    def _decided(self, request_id: UUID) -> None:
        self._open.pop(request_id, None)
        if self._asking is not None and self._asking[0] == request_id:
            self._asking[1].cancel()

    def _hint(self, frame: Request) -> None:
        kind = "question" if isinstance(frame, frames.QuestionFrame) else "permission"
        self._console.print(f"  {answer_hint(frame.request_id, kind)}", style="yellow")

    async def _serve(self, supervisor: TaskSupervisor) -> None:
        """Ask what is open, oldest first, until nothing is."""
        try:
            while self._open:
                request = next(iter(self._open.values()))
                asking = supervisor.spawn(self._put(request), "question")
                self._asking = (request.request_id, asking)
                try:
                    await asyncio.wait({asking})
                finally:
                    asking.cancel()
                    self._asking = None
                if self._open.pop(request.request_id, None) is None and asking.cancelled():
                    self._console.print()  # the prompt was left because the answer came from elsewhere
        finally:
            self._serving = False

    async def _put(self, request: Request) -> None:
        try:
            body = await (self._permission() if isinstance(request, frames.PermissionFrame) else self._answers(request))
        except InputEndedError:
            self._hint(request)
            return
        path = f"/api/permissions/{request.request_id}/answer"
        try:
            await self._client.post(path, msgspec.Raw, body)
        except BoocoderError as error:
            self._console.print(f"  {plain(str(error))}", style="red")

    async def _line(self, text: str) -> str:
        assert self._question is not None
        line = await self._question(text)
        if not line:
            raise InputEndedError
        return line.strip()

    async def _permission(self) -> dict[str, str | list[list[str]]]:
        while True:
            match (await self._line(PERMISSION)).lower()[:1]:
                case "y":
                    return {"decision": "allow"}
                case "s":
                    return {"decision": "allow_session"}
                case "n":
                    return {"decision": "refuse"}
                case "m":
                    return {"decision": "refuse", "message": await self._line(MESSAGE)}
                case _:
                    continue

    async def _answers(self, request: frames.QuestionFrame) -> dict[str, str | list[list[str]]]:
        answers: list[list[str]] = []
        for question in request.questions:
            answer = await self._answer(question)
            if not answer:
                return {"decision": "dismiss"}
            answers.append(answer)
        return {"decision": "answer", "answers": answers}

    async def _answer(self, question: Question) -> list[str]:
        how = "a number" if not question.multiple else "numbers, with commas"
        if question.free:
            how += ", or your words"
        prompt = f"  {one_line(question.header or question.text, 60)} ({how if question.choices else 'your words'};"
        while True:
            line = await self._line(f"{prompt} empty dismisses): ")
            try:
                return chosen(question, line) if line else []
            except InvalidInput as error:
                self._console.print(f"  {plain(str(error))}", style="red")


def chosen(question: RequestView, typed: str, *, multiple: bool | None = None) -> list[str]:
    """The answer that a person typed: a choice by its number or its words, several with commas, or free text.

    Args:
        question: with its choices.
        typed: not empty.
        multiple: whether several may be chosen; None to take it from the question.

    Raises:
        InvalidInput: answer_unknown_choice.
    """
    several = getattr(question, "multiple", False) if multiple is None else multiple
    if not question.choices or typed in question.choices:
        return [typed]
    pieces = [piece.strip() for piece in typed.split(",")] if several else [typed]
    try:
        return [_choice(question.choices, piece) for piece in pieces if piece]
    except InvalidInput:
        if getattr(question, "free", False) and not typed.isdecimal():
            return [typed]
        raise


def _choice(choices: Sequence[str], typed: str) -> str:
    if typed in choices:
        return typed
    if typed.isdecimal() and 1 <= int(typed) <= len(choices):
        return choices[int(typed) - 1]
    shown = ", ".join(one_line(choice, 60) for choice in choices)
    raise InvalidInput(
        "answer_unknown_choice", f"{one_line(typed, 60)!r} is none of the choices.", f"They are: {shown}."
    )
