"""Asks a person in the name of a turn: stores the request, waits for its decision, tells the stream. No rules here."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from boocoder.db import permissions
from boocoder.db.permissions import PermissionRule, StoredAnswer, StoredRequest
from boocoder.db.pool import Connection, Database
from boocoder.dispatch.liveness import Liveness
from boocoder.dispatch.owner import Owner
from boocoder.dispatch.permissions import RequestFrame, choose_rule, frame_of, storable
from boocoder.errors import NotFound, Unavailable
from boocoder.events import agent_event as said
from boocoder.events import frames
from boocoder.events.clean_text import clean
from boocoder.events.transcript import Transcript, TurnIds
from boocoder.model.ids import PermissionId, new_id
from boocoder.model.limits import INLINE_TEXT_MAX_CHARS, POLL_INTERVAL_S, TITLE_MAX_CHARS
from boocoder.model.permission import Decider, PermissionKind, PermissionState, RuleAction
from boocoder.model.turn import StopReason, StopSignal
from boocoder.service import Supervisor

log = logging.getLogger(__name__)

NAME_MAX_CHARS = 200  # of a tool, an option's id or label, a choice: one line of a screen
OPTIONS_MAX = 50  # of a permission; an agent that offers more is not asking a person
QUESTIONS_MAX = 20  # in one request
CHOICES_MAX = 100  # of one question
CHOICE_MAX_CHARS = 1_000  # of a choice; longer ones are cut for the person only

Also = Callable[[Connection], Awaitable[None]]
Tell = Callable[[RequestFrame, Also], Awaitable[None]]
"""Stores a request's frame after all that was said before it, and in the same transaction what `Also` writes."""


@dataclass(frozen=True, slots=True)
class AskSettings:
    """How long a person may take.

    Args:
        timeout_s: 0.0 for no limit.
        timeout_allows: whether a permission whose time is over is allowed; a question is dismissed.
        poll_s: how often an open request's row is looked at, should a notification be lost.
    """

    timeout_s: float = 0.0
    timeout_allows: bool = False
    poll_s: float = POLL_INTERVAL_S


class Decisions:
    """Wakes the turns of this process that wait for a person."""

    def __init__(self, settings: AskSettings) -> None:
        self.settings = settings
        self._bells: set[asyncio.Event] = set()

    def wake(self) -> None:
        """Something may have been decided."""
        for bell in self._bells:
            bell.set()

    @contextmanager
    def bell(self) -> Iterator[asyncio.Event]:
        """An event that is set at every `wake`, for the time of the block."""
        bell = asyncio.Event()
        self._bells.add(bell)
        try:
            yield bell
        finally:
            self._bells.discard(bell)

    def __len__(self) -> int:
        return len(self._bells)


class Asker:
    """Asks for one attempt.

    Args:
        owner, ids: in whose name, and where the frames belong.
        transcript: numbers the parts.
        liveness: told that the turn waits for a person.
        stop: ends every wait.
        tell: stores a frame.
    """

    def __init__(
        self,
        *,
        database: Database,
        decisions: Decisions,
        owner: Owner,
        ids: TurnIds,
        transcript: Transcript,
        liveness: Liveness,
        stop: StopSignal,
        tell: Tell,
    ) -> None:
        self._database = database
        self._decisions = decisions
        self._settings = decisions.settings
        self._owner = owner
        self._ids = ids
        self._transcript = transcript
        self._liveness = liveness
        self._stop = stop
        self._tell = tell
        self._open: dict[str, StoredRequest] = {}

    async def permission(self, request: said.PermissionRequest) -> said.PermissionAnswer:
        """See `TurnPort.ask_permission`."""
        options = [
            frames.PermissionOptionData(*(clean(text)[:NAME_MAX_CHARS] for text in (one.id, one.label, one.kind)))
            for one in request.options[:OPTIONS_MAX]
        ]
        asked = self._request(PermissionKind.PERMISSION, request.key, request.part, options)
        asked = msgspec.structs.replace(
            asked,
            tool=clean(request.tool)[:NAME_MAX_CHARS],
            title=_line(request.title) or _line(request.tool),
            argument=storable(request.argument),
        )
        decided = await self._ask(asked, clean(request.argument))
        allowed = decided.state is PermissionState.ALLOWED
        return said.PermissionAnswer(allowed, message="" if allowed else self._refusal(decided))

    async def question(self, request: said.QuestionRequest) -> said.QuestionAnswer:
        """See `TurnPort.ask_question`."""
        if not 0 < len(request.questions) <= QUESTIONS_MAX:
            text = f"The agent asked {len(request.questions)} questions at once; they were dismissed."
            self._transcript.notice(said.Notice("questions_dismissed", text, said.NoticeLevel.WARNING))
            return said.QuestionAnswer(None)
        labels = [_labels(one.choices) for one in request.questions]
        questions = [
            frames.QuestionData(
                text=clean(one.text)[:INLINE_TEXT_MAX_CHARS],
                header=clean(one.header)[:TITLE_MAX_CHARS],
                choices=tuple(shown),
                multiple=one.multiple,
            )
            for one, shown in zip(request.questions, labels, strict=True)
        ]
        asked = self._request(PermissionKind.QUESTION, request.key, request.part, questions)
        asked = msgspec.structs.replace(asked, title=_line(questions[0].text))
        decided = await self._ask(asked, "")
        if decided.state is not PermissionState.ANSWERED or decided.answer is None:
            return said.QuestionAnswer(None)
        answers = msgspec.json.decode(decided.answer, type=StoredAnswer).answers
        return said.QuestionAnswer(
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
            epoch=self._owner.epoch,
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
        """The request as it was decided. A key that is open already is the same request, and waits for its decision."""
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
            await self._tell(frame_of(decided), _both(decided, rule))
            return decided
        await self._tell(frame_of(asked), lambda conn: permissions.insert_request(conn, asked))
        decided = await self._wait(asked, argument)
        if self._stop.reason is not StopReason.LEASE_LOST:
            await self._tell(frame_of(decided), lambda conn: permissions.mark_told(conn, decided.id))
        return decided

    async def _rule_now(self, asked: StoredRequest, argument: str) -> PermissionRule | None:
        """The rule that decides before anybody is asked; while the database is away a person is asked later."""
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
        """Wait for whoever is first: a person, a new rule, the time limit, the end of the turn."""
        loop = asyncio.get_running_loop()
        timeout_s = self._settings.timeout_s
        give_up_at = loop.time() + timeout_s if timeout_s else float("inf")
        supervisor = Supervisor(f"ask:{asked.id}")
        with self._decisions.bell() as bell:
            supervisor.spawn(_ring(self._stop, bell), "stop")
            try:
                while True:
                    bell.clear()
                    decided = await self._look(asked, argument, over=loop.time() >= give_up_at)
                    if decided is not None:
                        return decided
                    pause_s = self._settings.poll_s * random.uniform(0.75, 1.25)
                    await _heard(bell, min(pause_s, max(give_up_at - loop.time(), 0.01)))
            finally:
                await supervisor.stop()

    async def _look(self, asked: StoredRequest, argument: str, *, over: bool) -> StoredRequest | None:
        """The request if it is decided now; decides it where the turn ends, its time is over or a rule has come."""
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
            allowed = self._settings.timeout_allows and asked.kind is PermissionKind.PERMISSION
            state, by = (PermissionState.ALLOWED if allowed else PermissionState.REFUSED), Decider.TIMEOUT
        else:
            rule = await self._rule(conn, asked, argument)
            if rule is None:
                return None
            state, by = _state_of(rule), Decider.RULE
        await permissions.decide_request(conn, asked.id, state, by=by, rule_id=rule.id if rule else None)
        return await permissions.get_request(conn, asked.id)

    def _refusal(self, decided: StoredRequest) -> str:
        """What the agent is told."""
        match decided.decided_by:
            case Decider.RULE:
                return "A rule of the person refuses this; do not try it in another way."
            case Decider.TIMEOUT:
                return f"Nobody answered within {self._settings.timeout_s:.0f} s, so this is refused."
            case Decider.PERSON:
                return msgspec.json.decode(decided.answer, type=StoredAnswer).message if decided.answer else ""
            case _:
                return "The turn was stopped."


def _both(decided: StoredRequest, rule: PermissionRule) -> Also:
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
    """The choices as a person sees them, each with what the agent called it."""
    return {clean(choice)[:CHOICE_MAX_CHARS]: choice for choice in choices[:CHOICES_MAX]}


async def _ring(stop: StopSignal, bell: asyncio.Event) -> None:
    await stop.wait()
    bell.set()


async def _heard(bell: asyncio.Event, timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await bell.wait()
    except TimeoutError:
        pass
