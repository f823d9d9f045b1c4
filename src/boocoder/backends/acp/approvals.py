"""Carries an agent's permission requests and questions to the port and the answers back; cancels them on a stop."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Coroutine, Sequence

from boocoder.backends.acp.agent_process import CANCELLED, DISMISSED, PERMISSION
from boocoder.backends.acp.connection import Connection
from boocoder.backends.acp.mailbox import Mailbox
from boocoder.backends.acp.message import Call
from boocoder.backends.acp.questions import answer_content, read_questions
from boocoder.backends.acp.signals import PortFailed, Signal
from boocoder.backends.acp.tool_state import ToolState
from boocoder.backends.acp.translate import TurnTranslator
from boocoder.backends.acp.updates import ToolReport
from boocoder.backends.base import TurnPort
from boocoder.errors import LeaseLost
from boocoder.events import loose
from boocoder.events.agent_event import (
    AgentEvent,
    Notice,
    NoticeLevel,
    PermissionAnswer,
    PermissionOption,
    PermissionRequest,
    QuestionRequest,
)
from boocoder.service import Supervisor

log = logging.getLogger(__name__)

_ALLOW = ("allow_once", "allow_always")
_REJECT = ("reject_once", "reject_always")
_OPTIONS_MAX = 32  # shown to a person; more is no choice
_OPEN_MAX = 64  # requests of one turn that are open at once
_REFUSED = "The person refused this."


class Approvals:
    """The open requests of one turn.

    Args:
        connection: to the agent.
        port: who decides.
        translator: knows the turn's tool calls.
        mail: gets PortFailed when the port refuses to go on.
    """

    def __init__(
        self, *, connection: Connection, port: TurnPort, translator: TurnTranslator, mail: Mailbox[Signal]
    ) -> None:
        self._connection = connection
        self._port = port
        self._translator = translator
        self._mail = mail
        self._permissions = itertools.count(1)
        self._numbers = itertools.count(1)
        self._open: dict[int, Call] = {}
        self._closed = False
        self._tasks = Supervisor("acp-approvals")

    def __len__(self) -> int:
        return len(self._open)

    async def take(self, call: Call) -> list[AgentEvent]:
        """Ask the port in the background; the events show what it is about."""
        if self._closed or len(self._open) >= _OPEN_MAX:
            await self._cancel(call)
            return []
        if call.method != PERMISSION:
            self._begin(call, self._question(call))
            return []
        return await self._take_permission(call)

    async def cancel(self) -> None:
        """Answer everything that is open as cancelled, now and from now on; before the agent is told to stop."""
        self._closed = True
        left, self._open = list(self._open.values()), {}
        for call in left:
            await self._cancel(call)
        await self._tasks.stop()

    async def _take_permission(self, call: Call) -> list[AgentEvent]:
        fields = loose.mapping(call.params.get("toolCall"))
        number = next(self._permissions)
        id = loose.text(fields.get("toolCallId")) or f"permission-{number}"
        tool, events = self._translator.on_permission(id, ToolReport(id, fields, announced=False))
        options = _options(call.params.get("options"))
        if not options:
            await self._cancel(call)
            text = f"The agent asked for permission for {tool.title} without any answer to choose; it was not given."
            return [*events, Notice("permission_without_options", text, NoticeLevel.WARNING)]
        request = _request(f"permission-{number}", id, tool, options)
        self._begin(call, self._permission(call, request))
        return events

    def _begin(self, call: Call, work: Coroutine[None, None, None]) -> None:
        number = next(self._numbers)
        self._open[number] = call
        self._tasks.spawn(self._carry(number, work), f"request {number}")

    async def _carry(self, number: int, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except LeaseLost as error:
            self._mail.put(PortFailed(error))
        finally:
            self._open.pop(number, None)

    async def _permission(self, call: Call, request: PermissionRequest) -> None:
        answer = await self._port.ask_permission(request)
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

    async def _question(self, call: Call) -> None:
        names, questions = read_questions(call.params)
        if not questions:
            await self._cancel(call)
            return
        part = loose.text(call.params.get("toolCallId"))
        answer = await self._port.ask_question(QuestionRequest(f"question-{next(self._numbers)}", questions, part))
        if self._closed:
            return
        if answer.answers is None:
            await self._cancel(call)
        else:
            content = answer_content(call.params, names, answer.answers)
            await self._connection.answer(call, {"action": "accept", "content": content})

    async def _cancel(self, call: Call) -> None:
        await self._connection.answer(call, CANCELLED if call.method == PERMISSION else DISMISSED)


def _options(value: object) -> tuple[PermissionOption, ...]:
    """The answers that the agent offers and whose kind is known; ids that stand there twice count once."""
    found: dict[str, PermissionOption] = {}
    for element in loose.items(value)[:1000]:
        fields = loose.mapping(element)
        id, kind = loose.text(fields.get("optionId")), loose.text(fields.get("kind"))
        if id and kind in (*_ALLOW, *_REJECT):
            found.setdefault(id, PermissionOption(id, loose.text(fields.get("name")) or id, kind))
    offered = list(found.values())
    first = {option.kind: option for option in reversed(offered)}
    rest = [option for option in offered if option is not first[option.kind]]
    shown = {*first.values(), *rest[: _OPTIONS_MAX - len(first)]}
    return tuple(option for option in offered if option in shown)


def _request(key: str, part: str, tool: ToolState, options: tuple[PermissionOption, ...]) -> PermissionRequest:
    return PermissionRequest(
        key=key, tool=tool.name, title=tool.title, argument=tool.argument, part=part, options=options
    )


def _choose(options: Sequence[PermissionOption], answer: PermissionAnswer) -> PermissionOption | None:
    """By kind, never by id or order of kinds: once before always, so that our rules alone remember."""
    for kind in _ALLOW if answer.allowed else _REJECT:
        for option in options:
            if option.kind == kind:
                return option
    return None
