"""Gets approvals for a turn: stores the request, waits for its decision, and puts both into the stream."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from boocoder.backends.base import TurnPort
from boocoder.db.core.pool import Connection, Database
from boocoder.db.tasks import permissions
from boocoder.db.tasks.permissions import StoredAnswer, StoredRequest
from boocoder.dispatch.attempt_key import AttemptKey
from boocoder.dispatch.liveness import Liveness
from boocoder.dispatch.permission_rules import RequestFrame, choose_rule, frame_of, storable
from boocoder.errors import LeaseLost, NotFound, Unavailable
from boocoder.events import agent_event
from boocoder.events.clean_text import clean
from boocoder.events.transcript import Transcript, TurnIds
from boocoder.model.ids import PermissionId, new_id
from boocoder.model.limits import INLINE_TEXT_MAX_CHARS, POLL_INTERVAL_S, TITLE_MAX_CHARS
from boocoder.model.permission import NETWORK_TOOL, Decider, PermissionKind, PermissionState, RuleAction
from boocoder.model.turn import StopReason, StopSignal
from boocoder.net.backoff import jittered
from boocoder.service import TaskSupervisor
from boocoder.wire.permissions import PermissionRule

log = logging.getLogger(__name__)

NAME_MAX_CHARS = 200  # of a tool, an option's id or label, a choice: one line of a screen
OPTIONS_MAX = 50  # of a permission; an agent that offers more is not asking a person
QUESTIONS_MAX = 20  # in one request
CHOICES_MAX = 100  # of one question
CHOICE_MAX_CHARS = 1_000  # of a choice; longer ones are cut for the person only

AlsoWrite = Callable[[Connection], Awaitable[None]]
StoreFrame = Callable[[RequestFrame, AlsoWrite], Awaitable[None]]
"""Stores a request's frame after everything emitted before it, in one transaction with what `AlsoWrite` writes."""


@dataclass(frozen=True, slots=True)
class AskSettings:
    """How long a person may take.

    Args:
        timeout_s: 0.0 for no limit.
        timeout_allows: whether a permission whose time is over is allowed, but one for a host; a question is dismissed.
        poll_s: how often an open request's row is looked at, should a notification be lost.
    """

    timeout_s: float = 0.0
    timeout_allows: bool = False
    poll_s: float = POLL_INTERVAL_S


class ApprovalWaiters:
    """Wakes the turns of this process that wait for a person: for an answer, or for a message to the turn."""

    def __init__(self, settings: AskSettings) -> None:
        self.settings = settings
        self._wakeups: set[asyncio.Event] = set()

    def wake(self) -> None:
        """Notify every waiter that a request may have been decided."""
        for wakeup in self._wakeups:
            wakeup.set()

    @contextmanager
    def register(self) -> Iterator[asyncio.Event]:
        """An event that every `wake` sets while the block runs."""
        wakeup = asyncio.Event()
        self._wakeups.add(wakeup)
        try:
            yield wakeup
        finally:
            self._wakeups.discard(wakeup)

    def __len__(self) -> int:
        return len(self._wakeups)


class ApprovalGate:
    """Approvals of one attempt.

    Args:
        attempt, ids: in whose name, and where the frames belong.
        transcript: numbers the parts.
        liveness: notified while the turn waits for a person.
        stop: ends every wait.
        tell: stores a frame.
    """

    def __init__(
        self,
        *,
        database: Database,
        approval_waiters: ApprovalWaiters,
        attempt: AttemptKey,
        ids: TurnIds,
        transcript: Transcript,
        liveness: Liveness,
        stop: StopSignal,
        store_frame: StoreFrame,
    ) -> None:
        self._database = database
        self._waiters = approval_waiters
        self._settings = approval_waiters.settings
        self._attempt = attempt
        self._ids = ids
        self._transcript = transcript
        self._redacted = transcript.redacted
        self._liveness = liveness
        self._stop = stop
        self._store_frame = store_frame
        self._open: dict[str, StoredRequest] = {}

    async def permission(self, request: agent_event.PermissionRequest) -> agent_event.PermissionAnswer:
        """See `TurnPort.ask_permission`."""
        options = [
            agent_event.PermissionOption(*(clean(text)[:NAME_MAX_CHARS] for text in (one.id, one.label, one.kind)))
            for one in request.options[:OPTIONS_MAX]
        ]
        asked = self._request(PermissionKind.PERMISSION, request.key, request.part, options)
        asked = msgspec.structs.replace(
            asked,
            tool=clean(request.tool)[:NAME_MAX_CHARS],
            title=_line(self._redacted(request.title)) or _line(request.tool),
            argument=storable(self._redacted(request.argument)),
        )
        if request.own_files and await self._is_free(asked, clean(request.argument)):
            return agent_event.PermissionAnswer(True)
        decided = await self._ask(asked, clean(request.argument))
        allowed = decided.state is PermissionState.ALLOWED
        return agent_event.PermissionAnswer(allowed, message="" if allowed else self._refusal(decided))

    async def question(self, request: agent_event.QuestionRequest) -> agent_event.QuestionAnswer:
        """See `TurnPort.ask_question`."""
        if not 0 < len(request.questions) <= QUESTIONS_MAX:
            text = f"The agent asked {len(request.questions)} questions at once; they were dismissed."
            self._transcript.notice(agent_event.Notice("questions_dismissed", text, agent_event.NoticeLevel.WARNING))
            return agent_event.QuestionAnswer(None)
        labels = [_labels(one.choices) for one in request.questions]
        questions = [
            agent_event.Question(
                text=self._redacted(one.text)[:INLINE_TEXT_MAX_CHARS],
                header=self._redacted(one.header)[:TITLE_MAX_CHARS],
                choices=tuple(shown),
                multiple=one.multiple,
                free=one.free,
            )
            for one, shown in zip(request.questions, labels, strict=True)
        ]
        asked = self._request(PermissionKind.QUESTION, request.key, request.part, questions)
        asked = msgspec.structs.replace(asked, title=_line(questions[0].text))
        decided = await self._ask(asked, "")
        if decided.state is not PermissionState.ANSWERED or decided.answer is None:
            return agent_event.QuestionAnswer(None)
        answers = msgspec.json.decode(decided.answer, type=StoredAnswer).answers
        return agent_event.QuestionAnswer(
            tuple(
                tuple(meant.get(text, text) for text in answer) for meant, answer in zip(labels, answers, strict=True)
            )
        )

    def _request(self, kind: PermissionKind, key: str, tool_key: str, options: object) -> StoredRequest:
        part, tool_part = self._transcript.new_request(tool_key)
        return StoredRequest(
            id=PermissionId(new_id()),
            session_id=self._ids.session_id,
            task_id=self._ids.task_id,
            epoch=self._attempt.epoch,
            message_id=self._ids.message_id,
            part=part,
            tool_part=tool_part,
            key=clean(key),
            kind=kind,
            tool="",
            title="",
            argument="",
            options=msgspec.Raw(msgspec.json.encode(options)),
            state=PermissionState.ASKED,
            answer=None,
            decided_by=None,
            rule_id=None,
            asked_at=datetime.now(UTC),
            decided_at=None,
        )

    async def _ask(self, asked: StoredRequest, argument: str) -> StoredRequest:
        """Wait for the decision of a request. A key that is already open names the same request."""
        if self._stop.reason is not None:
            return _cancelled(asked)
        first = self._open.get(asked.key)
        self._liveness.waiting_begins()
        try:
            if first is not None:
                return await self._wait(first, argument)
            self._open[asked.key] = asked
            return await self._ask_once(asked, argument)
        finally:
            if first is None:
                self._open.pop(asked.key, None)
            self._liveness.waiting_ends()

    async def _ask_once(self, asked: StoredRequest, argument: str) -> StoredRequest:
        rule = await self._rule_now(asked, argument)
        if rule is not None:
            decided = msgspec.structs.replace(
                asked, state=_state_of(rule), decided_by=Decider.RULE, rule_id=rule.id, answer=None
            )
            await self._store_frame(frame_of(decided), _both(decided, rule))
            return decided
        await self._store_frame(frame_of(asked), lambda conn: permissions.insert_request(conn, asked))
        decided = await self._wait(asked, argument)
        if self._stop.reason is not StopReason.LEASE_LOST:
            await self._store_frame(frame_of(decided), lambda conn: permissions.mark_published(conn, decided.id))
        return decided

    async def _is_free(self, asked: StoredRequest, argument: str) -> bool:
        """Whether no rule matches a request that needs no person; it is then allowed without being stored."""
        if self._stop.reason is not None:
            return False
        try:
            async with self._database.connection() as conn:
                rules = await permissions.rules_of_session(conn, asked.session_id)
        except Unavailable as error:
            log.warning("rules not read", extra={"task_id": self._ids.task_id, "code": error.code})
            return False
        return choose_rule(rules, asked.tool, argument, shown=asked.argument) is None

    async def _rule_now(self, asked: StoredRequest, argument: str) -> PermissionRule | None:
        """The rule that decides the request, if any; without the database none, and a person decides later."""
        try:
            async with self._database.connection() as conn:
                return await self._rule(conn, asked, argument)
        except Unavailable as error:
            log.warning("rules not read", extra={"task_id": self._ids.task_id, "code": error.code})
            return None

    async def _rule(self, conn: Connection, asked: StoredRequest, argument: str) -> PermissionRule | None:
        if asked.kind is PermissionKind.QUESTION:
            return None
        rules = await permissions.rules_of_session(conn, asked.session_id)
        rule = choose_rule(rules, asked.tool, argument, shown=asked.argument)
        return None if rule is None or rule.action is RuleAction.ASK else rule

    async def _wait(self, asked: StoredRequest, argument: str) -> StoredRequest:
        """Wait for the first of: a person, a new rule, the time limit, the end of the turn."""
        loop = asyncio.get_running_loop()
        timeout_s = self._settings.timeout_s
        give_up_at = loop.time() + timeout_s if timeout_s else float("inf")
        supervisor = TaskSupervisor(f"ask:{asked.id}")
        with self._waiters.register() as wakeup:
            supervisor.spawn(_set_on_stop(self._stop, wakeup), "stop")
            try:
                while True:
                    wakeup.clear()
                    decided = await self._look(asked, argument, over=loop.time() >= give_up_at)
                    if decided is not None:
                        return decided
                    pause_s = jittered(self._settings.poll_s)
                    await wait_at_most(wakeup, min(pause_s, max(give_up_at - loop.time(), 0.01)))
            finally:
                await supervisor.stop()

    async def _look(self, asked: StoredRequest, argument: str, *, over: bool) -> StoredRequest | None:
        """The decided request, or None. Decides it if the turn ends, its time is over, or a new rule matches."""
        stopped = self._stop.reason
        if stopped is StopReason.LEASE_LOST:
            return _cancelled(asked)
        try:
            async with self._database.transaction() as conn:
                return await self._decide(conn, asked, argument, stopped=stopped is not None, over=over)
        except (Unavailable, NotFound) as error:
            log.warning("permission not looked at", extra={"task_id": self._ids.task_id, "code": error.code})
            return _cancelled(asked) if stopped is not None else None  # the end of the attempt closes the row

    async def _decide(
        self, conn: Connection, asked: StoredRequest, argument: str, *, stopped: bool, over: bool
    ) -> StoredRequest | None:
        found = await permissions.get_request(conn, asked.id)
        if found.state is not PermissionState.ASKED:
            return found
        rule = None
        if stopped:
            state, by = PermissionState.CANCELLED, Decider.TURN
        elif over:
            able = asked.kind is PermissionKind.PERMISSION and asked.tool != NETWORK_TOOL
            allowed = self._settings.timeout_allows and able
            state, by = (PermissionState.ALLOWED if allowed else PermissionState.REFUSED), Decider.TIMEOUT
        else:
            rule = await self._rule(conn, asked, argument)
            if rule is None:
                return None
            state, by = _state_of(rule), Decider.RULE
        await permissions.decide_request(conn, asked.id, state, by=by, rule_id=rule.id if rule else None)
        return await permissions.get_request(conn, asked.id)

    def _refusal(self, decided: StoredRequest) -> str:
        """The answer for the agent."""
        match decided.decided_by:
            case Decider.RULE:
                return "A rule of the person refuses this; do not try it in another way."
            case Decider.TIMEOUT:
                return f"Nobody answered within {self._settings.timeout_s:.0f} s, so this is refused."
            case Decider.PERSON:
                return msgspec.json.decode(decided.answer, type=StoredAnswer).message if decided.answer else ""
            case _:
                return "The turn was stopped."


async def ask_host(port: TurnPort, place: str) -> bool:
    """Whether a person, or a rule for the tool `network`, lets a session reach a host that its sandbox would refuse.

    Args:
        port: of the turn.
        place: `name:port`.
    """
    title = f"May this session reach {place}?"
    request = agent_event.PermissionRequest(f"{NETWORK_TOOL}:{place}", NETWORK_TOOL, title, place)
    try:
        return (await port.ask_permission(request)).allowed
    except LeaseLost:
        return False


def _both(decided: StoredRequest, rule: PermissionRule) -> AlsoWrite:
    async def write(conn: Connection) -> None:
        await permissions.insert_request(conn, decided)
        await permissions.count_use(conn, rule.id)

    return write


def _state_of(rule: PermissionRule) -> PermissionState:
    return PermissionState.ALLOWED if rule.action is RuleAction.ALLOW else PermissionState.REFUSED


def _cancelled(asked: StoredRequest) -> StoredRequest:
    return msgspec.structs.replace(asked, state=PermissionState.CANCELLED, decided_by=Decider.TURN)


def _line(text: str) -> str:
    return (clean(text).strip().splitlines() or [""])[0][:TITLE_MAX_CHARS]


def _labels(choices: tuple[str, ...]) -> dict[str, str]:
    """The choices as shown to a person, each with the agent's own text."""
    return {clean(choice)[:CHOICE_MAX_CHARS]: choice for choice in choices[:CHOICES_MAX]}


async def _set_on_stop(stop: StopSignal, wakeup: asyncio.Event) -> None:
    await stop.wait()
    wakeup.set()


async def wait_at_most(wakeup: asyncio.Event, timeout_s: float) -> None:
    """Wait for an event, or until the time is over."""
    try:
        async with asyncio.timeout(timeout_s):
            await wakeup.wait()
    except TimeoutError:
        pass
