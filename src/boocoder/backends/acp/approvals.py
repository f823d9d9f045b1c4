"""Carries an agent's permission requests and questions to the port and the answers back; cancels them on a stop."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path

from boocoder.backends.acp.protocol.agent_process import CANCELLED, DISMISSED, PERMISSION
from boocoder.backends.acp.protocol.connection import RpcConnection
from boocoder.backends.acp.protocol.message import RpcRequest
from boocoder.backends.acp.questions import answer_content, read_questions
from boocoder.backends.acp.turn_events import Signal
from boocoder.backends.acp.updates.parser import ToolReport
from boocoder.backends.acp.updates.tool_state import ToolCallState
from boocoder.backends.acp.updates.translator import AcpTranslator
from boocoder.backends.base import TurnPort
from boocoder.backends.shared.approvals.hidden_paths import ask_permission
from boocoder.backends.shared.approvals.open_requests import OpenRequests
from boocoder.backends.shared.mailbox import Mailbox
from boocoder.backends.shared.mode_names import writes_nothing
from boocoder.backends.shared.own_files import are_own_files
from boocoder.backends.shared.turn_events import PortFailed
from boocoder.events import json_coerce
from boocoder.events.agent_event import (
    AgentEvent,
    Notice,
    NoticeLevel,
    PermissionAnswer,
    PermissionOption,
    PermissionRequest,
    QuestionRequest,
    ToolKind,
)

log = logging.getLogger(__name__)

_ALLOW = ("allow_once", "allow_always")
_REJECT = ("reject_once", "reject_always")
_OPTIONS_MAX = 32  # shown to a person; more is no choice
_OPEN_MAX = 64  # requests of one turn that are open at once
_REFUSED = "The person refused this."


class AcpApprovals:
    """The open requests of one turn.

    Args:
        connection: to the agent.
        port: who decides.
        translator: knows the turn's tool calls.
        worktree: the turn's; writing its files is asked for only if a rule says so, or the mode forbids it.
        mode: the session's mode at the moment.
        hides: whether the agent's sandbox keeps a path from it.
        agent_asks: called with the part of every call that a permission is asked for.
        mail: gets PortFailed when the port refuses to go on.
    """

    def __init__(
        self,
        *,
        connection: RpcConnection,
        port: TurnPort,
        translator: AcpTranslator,
        worktree: Path,
        mode: Callable[[], str],
        hides: Callable[[Path], bool],
        agent_asks: Callable[[str], None],
        mail: Mailbox[Signal],
    ) -> None:
        self._connection = connection
        self._port = port
        self._translator = translator
        self._worktree = worktree
        self._mode = mode
        self._hides = hides
        self._agent_asks = agent_asks
        self._permissions = itertools.count(1)
        self._numbers = itertools.count(1)
        self._open: dict[int, RpcRequest] = {}
        self._closed = False
        self._requests = OpenRequests(task_group="acp-approvals", failed=lambda error: mail.put(PortFailed(error)))

    def __len__(self) -> int:
        return len(self._open)

    async def take(self, call: RpcRequest) -> list[AgentEvent]:
        """Ask the port in the background; the events show what it is about."""
        if self._closed or len(self._open) >= _OPEN_MAX:
            await self._cancel(call)
            return []
        if call.method != PERMISSION:
            self._begin(call, self._question(call))
            return []
        return await self._take_permission(call)

    async def cancel(self) -> None:
        """Answer everything open as cancelled, and what still comes; call before cancelling the agent's turn."""
        self._closed = True
        left, self._open = list(self._open.values()), {}
        for call in left:
            await self._cancel(call)
        await self._requests.stop()

    async def _take_permission(self, call: RpcRequest) -> list[AgentEvent]:
        fields = json_coerce.mapping(call.params.get("toolCall"))
        number = next(self._permissions)
        id = json_coerce.text(fields.get("toolCallId")) or f"permission-{number}"
        id, tool, events = self._translator.on_permission(ToolReport(id, fields, announced=False))
        self._agent_asks(id)
        options = _options(call.params.get("options"))
        if not options:
            await self._cancel(call)
            text = f"The agent asked for permission for {tool.title} without any answer to choose; it was not given."
            return [*events, Notice("permission_without_options", text, NoticeLevel.WARNING)]
        request = self._request(f"permission-{number}", id, tool, options)
        paths = () if tool.kind is ToolKind.EXECUTE else (tool.argument, *tool.paths)
        self._begin(call, self._permission(call, request, paths))
        return events

    def _begin(self, call: RpcRequest, work: Coroutine[None, None, None]) -> None:
        number = next(self._numbers)
        self._open[number] = call
        self._requests.begin(f"request {number}", self._until_answered(number, work))

    async def _until_answered(self, number: int, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        finally:
            self._open.pop(number, None)

    async def _permission(self, call: RpcRequest, request: PermissionRequest, paths: Sequence[str]) -> None:
        answer = await ask_permission(self._port, request, paths=paths, hides=self._hides)
        if self._closed:
            return  # answered as cancelled already
        chosen = _choose(request.options, answer)
        if not answer.allowed:
            self._translator.refused(request.part, answer.message or _REFUSED)
        if chosen is None:
            log.info("the agent offers no fitting answer to its request", extra={"allowed": answer.allowed})
            await self._cancel(call)
            return
        outcome: dict[str, object] = {"outcome": "selected", "optionId": chosen.id}
        words = {"_meta": {"message": answer.message}} if answer.message else {}
        await self._connection.answer(call, {"outcome": outcome, **words})

    async def _question(self, call: RpcRequest) -> None:
        names, questions = read_questions(call.params)
        if not questions:
            await self._cancel(call)
            return
        part = json_coerce.text(call.params.get("toolCallId"))
        answer = await self._port.ask_question(QuestionRequest(f"question-{next(self._numbers)}", questions, part))
        if self._closed:
            return
        if answer.answers is None:
            await self._cancel(call)
        else:
            content = answer_content(call.params, names, answer.answers)
            await self._connection.answer(call, {"action": "accept", "content": content})

    def _request(
        self, key: str, part: str, tool: ToolCallState, options: tuple[PermissionOption, ...]
    ) -> PermissionRequest:
        return PermissionRequest(
            key=key,
            tool=tool.name,
            title=tool.title,
            argument=tool.argument,
            part=part,
            options=options,
            own_files=tool.kind is ToolKind.EDIT
            and not writes_nothing(self._mode())
            and are_own_files(self._worktree, (tool.argument, *tool.paths)),
        )

    async def _cancel(self, call: RpcRequest) -> None:
        await self._connection.answer(call, CANCELLED if call.method == PERMISSION else DISMISSED)


def _options(value: object) -> tuple[PermissionOption, ...]:
    """The answers that the agent offers and whose kind is known; duplicate ids count once."""
    found: dict[str, PermissionOption] = {}
    for element in json_coerce.items(value)[:1000]:
        fields = json_coerce.mapping(element)
        id, kind = json_coerce.text(fields.get("optionId")), json_coerce.text(fields.get("kind"))
        if id and kind in (*_ALLOW, *_REJECT):
            found.setdefault(id, PermissionOption(id, json_coerce.text(fields.get("name")) or id, kind))
    offered = list(found.values())
    first = {option.kind: option for option in reversed(offered)}
    rest = [option for option in offered if option is not first[option.kind]]
    shown = {*first.values(), *rest[: _OPTIONS_MAX - len(first)]}
    return tuple(option for option in offered if option in shown)


def _choose(options: Sequence[PermissionOption], answer: PermissionAnswer) -> PermissionOption | None:
    """By kind, never by id or order of kinds: once before always, so that our rules alone remember."""
    for kind in _ALLOW if answer.allowed else _REJECT:
        for option in options:
            if option.kind == kind:
                return option
    return None
