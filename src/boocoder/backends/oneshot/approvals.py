"""A kept-open agent's permissions and questions on their way to a person and back. It decides nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from boocoder.backends.base import TurnPort
from boocoder.backends.oneshot import control
from boocoder.backends.oneshot.formats import tool_view
from boocoder.errors import ProcessError
from boocoder.events import loose
from boocoder.events.agent_event import (
    PermissionOption,
    PermissionRequest,
    Question,
    QuestionRequest,
)
from boocoder.events.tool_kind import kind_of
from boocoder.service import Supervisor

_OPTIONS = (PermissionOption("allow", "Allow", "allow_once"), PermissionOption("deny", "Deny", "reject_once"))
_REFUSED = "The person refused this. Do not try it again in another way; ask, or go on without it."
_DISMISSED = "The person did not answer. Go on without an answer."


class Approvals:
    """The open requests of one turn.

    Args:
        send: writes a line to the agent.
        port: asks the person.
        failed: told when the port refused to go on.
    """

    def __init__(
        self, *, send: Callable[[bytes], Awaitable[None]], port: TurnPort, failed: Callable[[BaseException], None]
    ) -> None:
        self._send = send
        self._port = port
        self._failed = failed
        self._open: dict[str, asyncio.Task[None]] = {}
        self._tasks = Supervisor("oneshot-approvals")

    def __len__(self) -> int:
        return len(self._open)

    async def take(self, asked: control.Asked) -> None:
        """Begin to get an answer for the agent."""
        if asked.subtype != "can_use_tool" or asked.id in self._open:
            await self._tell(control.decline(asked.id, asked.subtype))
            return
        task = self._tasks.spawn(self._answer(asked), asked.id)
        self._open[asked.id] = task
        task.add_done_callback(lambda _: self._open.pop(asked.id, None))

    def withdraw(self, id: str) -> None:
        """The agent does not wait for this answer any more."""
        if task := self._open.get(id):
            task.cancel()

    async def settle(self, timeout_s: float) -> None:
        """The turn was asked to stop, so that the port refuses what is open: see that the agent is told."""
        if self._open:
            await asyncio.wait(list(self._open.values()), timeout=timeout_s)

    async def cancel(self) -> None:
        """Nobody needs an answer any more."""
        await self._tasks.stop()

    async def _answer(self, asked: control.Asked) -> None:
        try:
            tool = loose.text(asked.fields.get("tool_name"))
            line = await (self._question(asked) if tool == control.QUESTION_TOOL else self._permission(asked, tool))
        except Exception as error:  # noqa: BLE001 -- whatever the port raises ends the turn that asks
            self._failed(error)
            return
        await self._tell(line)

    async def _permission(self, asked: control.Asked, tool: str) -> bytes:
        given = asked.fields.get("input")
        kind = kind_of(tool)
        argument = tool_view.argument_of(given)
        title = tool_view.title_of(tool, kind, given) or tool
        answer = await self._port.ask_permission(
            PermissionRequest(
                key=asked.id,
                tool=tool,
                title=title,
                argument=argument or title,
                part=loose.text(asked.fields.get("tool_use_id")),
                options=_OPTIONS,
            )
        )
        return control.allow(asked.id, given) if answer.allowed else control.deny(asked.id, answer.message or _REFUSED)

    async def _question(self, asked: control.Asked) -> bytes:
        given = loose.mapping(asked.fields.get("input"))
        questions = tuple(_question(item) for item in loose.items(given.get("questions")))
        part = loose.text(asked.fields.get("tool_use_id"))
        if not questions:
            return control.deny(asked.id, "There is no question in it.")
        answer = await self._port.ask_question(QuestionRequest(asked.id, questions, part))
        if answer.answers is None:
            return control.deny(asked.id, _DISMISSED)
        told = {question.text: ", ".join(chosen) for question, chosen in zip(questions, answer.answers, strict=False)}
        return control.allow(asked.id, {**given, "answers": told})

    async def _tell(self, line: bytes) -> None:
        with suppress(ProcessError):  # its death ends the turn by itself
            await self._send(line)


def _question(item: object) -> Question:
    fields = loose.mapping(item)
    return Question(
        text=loose.text(fields.get("question")),
        header=loose.text(fields.get("header")),
        choices=tuple(loose.text(loose.mapping(option).get("label")) for option in loose.items(fields.get("options"))),
        multiple=fields.get("multiSelect") is True,
    )
