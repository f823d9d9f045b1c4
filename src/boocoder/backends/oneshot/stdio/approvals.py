"""Carries a kept-open agent's permissions and questions to the port and the answers back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from boocoder.backends.base import TurnPort
from boocoder.backends.oneshot.formats import tool_view
from boocoder.backends.oneshot.stdio import control
from boocoder.backends.shared.approvals.hidden_paths import ask_permission
from boocoder.backends.shared.approvals.open_requests import OpenRequests
from boocoder.backends.shared.mode_names import writes_nothing
from boocoder.backends.shared.own_files import are_own_files
from boocoder.errors import ProcessError
from boocoder.events import json_coerce
from boocoder.events.agent_event import (
    PermissionOption,
    PermissionRequest,
    Question,
    QuestionRequest,
    ToolKind,
)
from boocoder.events.tool_kind import kind_of

_OPTIONS = (PermissionOption("allow", "Allow", "allow_once"), PermissionOption("deny", "Deny", "reject_once"))
_REFUSED = "The person refused this. Do not try it again in another way; ask, or go on without it."
_DISMISSED = "The person did not answer. Go on without an answer."


class StdioApprovals:
    """The open requests of one turn.

    Args:
        send: writes a line to the agent.
        port: asks the person.
        worktree: the turn's; writing its files is asked for only if a rule says so, or the mode forbids it.
        mode: of the turn, "" where the agent chooses.
        hides: whether the agent's sandbox keeps a path from it.
        agent_asks: called with the part of every call that a permission is asked for.
        failed: called with the error when the port refuses to go on.
    """

    def __init__(
        self,
        *,
        send: Callable[[bytes], Awaitable[None]],
        port: TurnPort,
        worktree: Path,
        mode: str,
        hides: Callable[[Path], bool],
        agent_asks: Callable[[str], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._send = send
        self._port = port
        self._worktree = worktree
        self._hides = hides
        self._agent_asks = agent_asks
        self._may_write = not writes_nothing(mode)
        self._requests = OpenRequests(task_group="oneshot-approvals", failed=failed)

    def __len__(self) -> int:
        return len(self._requests)

    async def take(self, asked: control.ControlRequest) -> None:
        """Begin to get an answer for the agent."""
        if asked.subtype != "can_use_tool" or asked.id in self._requests:
            await self._reply(control.decline(asked.id, asked.subtype))
            return
        self._requests.begin(asked.id, self._answer(asked))

    def withdraw(self, id: str) -> None:
        """The agent no longer waits for this answer."""
        self._requests.withdraw(id)

    async def drain(self, timeout_s: float) -> None:
        """The turn stops, so the port refuses what is open: wait until the agent has the answers."""
        await self._requests.wait(timeout_s)

    async def cancel(self) -> None:
        """Drop everything open."""
        await self._requests.stop()

    async def _answer(self, asked: control.ControlRequest) -> None:
        tool = json_coerce.text(asked.fields.get("tool_name"))
        line = await (self._question(asked) if tool == control.QUESTION_TOOL else self._permission(asked, tool))
        await self._reply(line)

    async def _permission(self, asked: control.ControlRequest, tool: str) -> bytes:
        given = asked.fields.get("input")
        kind = kind_of(tool)
        argument = tool_view.argument_of(given)
        title = tool_view.title_of(tool, kind, given) or tool
        self._agent_asks(json_coerce.text(asked.fields.get("tool_use_id")))
        request = PermissionRequest(
            key=asked.id,
            tool=tool,
            title=title,
            argument=argument or title,
            part=json_coerce.text(asked.fields.get("tool_use_id")),
            options=_OPTIONS,
            own_files=kind is ToolKind.EDIT and self._may_write and are_own_files(self._worktree, (argument,)),
        )
        paths = () if kind is ToolKind.EXECUTE else (argument,)
        answer = await ask_permission(self._port, request, paths=paths, hides=self._hides)
        return control.allow(asked.id, given) if answer.allowed else control.deny(asked.id, answer.message or _REFUSED)

    async def _question(self, asked: control.ControlRequest) -> bytes:
        given = json_coerce.mapping(asked.fields.get("input"))
        questions = tuple(_question(item) for item in json_coerce.items(given.get("questions")))
        part = json_coerce.text(asked.fields.get("tool_use_id"))
        if not questions:
            return control.deny(asked.id, "There is no question in it.")
        answer = await self._port.ask_question(QuestionRequest(asked.id, questions, part))
        if answer.answers is None:
            return control.deny(asked.id, _DISMISSED)
        answers = {
            question.text: ", ".join(chosen) for question, chosen in zip(questions, answer.answers, strict=False)
        }
        return control.allow(asked.id, {**given, "answers": answers})

    async def _reply(self, line: bytes) -> None:
        with suppress(ProcessError):  # its death ends the turn by itself
            await self._send(line)


def _question(item: object) -> Question:
    fields = json_coerce.mapping(item)
    return Question(
        text=json_coerce.text(fields.get("question")),
        header=json_coerce.text(fields.get("header")),
        choices=tuple(
            json_coerce.text(json_coerce.mapping(option).get("label"))
            for option in json_coerce.items(fields.get("options"))
        ),
        multiple=fields.get("multiSelect") is True,
        free=True,
    )
