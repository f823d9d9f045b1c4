"""Asking on a real database: one request a key, races that one side wins, and waits that always end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from boocoder.broker.broker import Broker
from boocoder.broker.outbox import Outbox
from boocoder.db.core.pool import Database
from boocoder.db.tasks import attempts, permissions
from boocoder.db.tasks.permissions import StoredRequest
from boocoder.dispatch.approvals import CHOICE_MAX_CHARS, ApprovalWaiters, AskSettings
from boocoder.dispatch.attempt_key import AttemptKey
from boocoder.dispatch.liveness import Liveness, LivenessState
from boocoder.dispatch.turn.finish import TurnEnding, end_attempt
from boocoder.dispatch.turn.recorder import Recorder
from boocoder.errors import Conflict, LeaseLost
from boocoder.events import agent_event
from boocoder.events.transcript import Transcript, TurnIds
from boocoder.failpoints import Failpoints
from boocoder.intake.answers import PersonAnswer, answer_request
from boocoder.model.ids import HostId, InstanceId, new_id
from boocoder.model.limits import INLINE_TEXT_MAX_CHARS
from boocoder.model.permission import Decider, Decision, PermissionState, RuleAction
from boocoder.model.turn import Completed, StopReason, StopSignal
from tests.fixtures.row_builders import add_answer, add_host, add_place, add_running
from tests.fixtures.turn_services import services_of

NEVER_POLL_S = 3_600.0
WAIT_S = 60.0
ALLOW = PersonAnswer(Decision.ALLOW)


@dataclass
class Turn:
    """One running attempt whose agent the test plays."""

    database: Database
    owner: AttemptKey
    ids: TurnIds
    recorder: Recorder
    approval_waiters: ApprovalWaiters
    liveness: Liveness
    stop: StopSignal
    broker: Broker

    async def open(self, count: int = 1) -> list[StoredRequest]:
        """The requests that are open, once there are `count`."""
        async with asyncio.timeout(WAIT_S):
            while True:
                async with self.database.connection() as conn:
                    rows = await permissions.list_requests(conn, state=PermissionState.ASKED)
                if len(rows) == count:
                    return rows
                await asyncio.sleep(0.005)

    async def all(self) -> list[StoredRequest]:
        async with self.database.connection() as conn:
            return await permissions.list_requests(conn)

    async def settle(self) -> None:
        """End the attempt as a completed turn does."""
        await self.recorder.flush()
        ending = TurnEnding(Completed(), "scripted", "", None, None, None)
        await end_attempt(
            ending,
            key=self.owner,
            ids=self.ids,
            outbox=Outbox(database=self.database, publisher=self.broker),
            failpoints=Failpoints(),
        )


@asynccontextmanager
async def running_turn(database: Database, settings: AskSettings) -> AsyncIterator[Turn]:
    async with database.connection() as conn:
        host = await add_host(conn)
        task = await add_running(conn, host, await add_place(conn))
        ids = TurnIds(task.session_id, task.chat_id, task.id, await add_answer(conn, task))
    owner = AttemptKey(task.id, task.epoch, host.host_id, host.instance_id)
    services, stop = services_of(database, Path("/nonexistent"), host, ask=settings), StopSignal()
    approval_waiters, broker = services.approval_waiters, services.broker
    transcript = Transcript(ids, agent="scripted")
    liveness = Liveness(silence_s=60, tool_silence_s=60, running_tools=lambda: transcript.running_tools)
    recorder = Recorder(
        services,
        attempt=owner,
        ids=ids,
        agent="scripted",
        backend="scripted",
        transcript=transcript,
        liveness=liveness,
        stop=stop,
        batches=0,
    )
    async with asyncio.timeout(60), recorder:
        yield Turn(database, owner, ids, recorder, approval_waiters, liveness, stop, broker)
    assert len(approval_waiters) == 0, "a wait was left behind"
    await broker.stop()


@pytest.fixture
async def turn(database: Database) -> AsyncIterator[Turn]:
    """A turn that learns of a decision by `Decisions.wake` only."""
    async with running_turn(database, AskSettings(poll_s=NEVER_POLL_S)) as made:
        yield made


def wants(key: str = "k", argument: str = "ls", **more: object) -> agent_event.PermissionRequest:
    return agent_event.PermissionRequest(key=key, tool="bash", title=argument, argument=argument, **more)  # type: ignore[arg-type]


async def test_the_turn_waits_for_a_person_and_a_wake_is_enough(turn: Turn) -> None:
    asking = asyncio.create_task(turn.recorder.ask_permission(wants()))
    (request,) = await turn.open()
    assert turn.liveness.state is LivenessState.WAITING
    await answer_request(turn.database, request.id, ALLOW)
    turn.approval_waiters.wake()
    async with asyncio.timeout(WAIT_S):
        assert await asking == agent_event.PermissionAnswer(allowed=True)
    assert turn.liveness.state is LivenessState.PROGRESSING
    await turn.settle()


async def test_writing_own_files_is_free_unless_a_rule_says_so(turn: Turn) -> None:
    request = agent_event.PermissionRequest("k", "Write", "Write a.py", "/w/a.py", own_files=True)
    assert await turn.recorder.ask_permission(request) == agent_event.PermissionAnswer(True)
    assert await turn.all() == []
    async with turn.database.connection() as conn:
        await permissions.insert_rule(conn, tool="Write", argument="*.py", action=RuleAction.DENY, exact=False)
    assert not (await turn.recorder.ask_permission(request)).allowed


async def test_the_same_key_while_open_is_the_same_request(turn: Turn) -> None:
    asking = [asyncio.create_task(turn.recorder.ask_permission(wants())) for _ in range(5)]
    (request,) = await turn.open()
    await answer_request(turn.database, request.id, PersonAnswer(Decision.REFUSE, message="No."))
    turn.approval_waiters.wake()
    answers = await asyncio.gather(*asking)
    assert answers == [agent_event.PermissionAnswer(allowed=False, message="No.")] * 5
    assert len(await turn.all()) == 1
    later = asyncio.create_task(turn.recorder.ask_permission(wants()))
    (fresh,) = await turn.open()
    assert fresh.id != request.id, "a key that was answered asks anew"
    turn.stop.set(StopReason.CANCELLED)
    assert not (await later).allowed
    await turn.settle()


async def test_many_at_once_each_get_their_own_answer(turn: Turn) -> None:
    asking = [asyncio.create_task(turn.recorder.ask_permission(wants(f"k{n}", f"echo {n}"))) for n in range(30)]
    for request in await turn.open(30):
        even = int(request.argument.split()[1]) % 2 == 0
        await answer_request(turn.database, request.id, ALLOW if even else PersonAnswer(Decision.REFUSE))
    turn.approval_waiters.wake()
    assert [answer.allowed for answer in await asyncio.gather(*asking)] == [n % 2 == 0 for n in range(30)]
    assert len({request.part for request in await turn.all()}) == 30
    await turn.settle()


async def test_allow_for_the_session_settles_what_is_open_and_equal(turn: Turn) -> None:
    asking = [asyncio.create_task(turn.recorder.ask_permission(wants(f"k{n}", "make"))) for n in range(3)]
    requests = await turn.open(3)
    await answer_request(turn.database, requests[0].id, PersonAnswer(Decision.ALLOW_SESSION))
    turn.approval_waiters.wake()
    assert all(answer.allowed for answer in await asyncio.gather(*asking))
    assert sorted(str(row.decided_by) for row in await turn.all()) == ["person", "rule", "rule"]
    async with turn.database.connection() as conn:
        (rule,) = await permissions.rules_of_session(conn, turn.ids.session_id)
    assert (rule.uses, rule.exact, rule.action) == (2, True, RuleAction.ALLOW)
    await turn.settle()


@pytest.mark.parametrize("seed", range(20))
async def test_cancel_against_answer_has_one_winner(database: Database, seed: int) -> None:
    chance = random.Random(seed)
    async with running_turn(database, AskSettings(poll_s=NEVER_POLL_S)) as turn:
        asking = asyncio.create_task(turn.recorder.ask_permission(wants()))
        (request,) = await turn.open()

        async def cancel() -> None:
            await asyncio.sleep(chance.uniform(0, 0.004))
            turn.stop.set(StopReason.CANCELLED)

        async def answer() -> bool:
            await asyncio.sleep(chance.uniform(0, 0.004))
            try:
                await answer_request(database, request.id, ALLOW)
            except Conflict:
                return False
            turn.approval_waiters.wake()
            return True

        _, answered = await asyncio.gather(cancel(), answer())
        given = await asking
        await turn.settle()
        (row,) = await turn.all()
    assert given.allowed is answered
    assert (row.state, row.decided_by) == (
        (PermissionState.ALLOWED, Decider.PERSON) if answered else (PermissionState.CANCELLED, Decider.TURN)
    )


async def test_an_agent_that_drops_its_request_loses_nothing_that_was_said(turn: Turn) -> None:
    for n in range(20):
        await turn.recorder.emit(agent_event.TextDelta("t", f"{n} "))
        asking = asyncio.create_task(turn.recorder.ask_permission(wants(f"k{n}")))
        for _ in range(n):
            await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    await turn.recorder.emit(agent_event.TextDelta("t", "end"))
    assert turn.liveness.state is LivenessState.PROGRESSING
    await turn.settle()
    assert {row.state for row in await turn.all()} <= {PermissionState.CANCELLED}
    async with turn.database.connection() as conn:
        rows = await conn.fetch("SELECT text FROM part_chunks WHERE field = 'text' ORDER BY part, \"offset\"")
        numbers = await conn.fetch(
            "SELECT seq FROM events UNION ALL SELECT seq FROM part_chunks WHERE seq IS NOT NULL ORDER BY seq"
        )
    assert "".join(row["text"] for row in rows) == " ".join(map(str, range(20))) + " end"
    assert [row["seq"] for row in numbers] == list(range(1, len(numbers) + 1))


async def test_after_a_stop_nothing_is_asked_any_more(turn: Turn) -> None:
    turn.stop.set(StopReason.CANCELLED)
    assert not (await turn.recorder.ask_permission(wants())).allowed
    assert (
        await turn.recorder.ask_question(agent_event.QuestionRequest("q", (agent_event.Question("Well?"),)))
    ).answers is None
    assert await turn.all() == []
    await turn.settle()


async def test_a_lost_lease_ends_the_wait_and_writes_nothing(database: Database) -> None:
    with pytest.raises(LeaseLost):
        async with running_turn(database, AskSettings(poll_s=NEVER_POLL_S)) as turn:
            asking = asyncio.create_task(turn.recorder.ask_permission(wants()))
            (request,) = await turn.open()
            async with database.connection() as conn:
                thief = InstanceId(new_id())
                host = HostId(turn.owner.host_id)
                assert await attempts.take_over_attempt(conn, turn.ids.task_id, turn.owner.epoch, host, thief, 60)
            turn.stop.set(StopReason.LEASE_LOST)
            assert not (await asking).allowed
            assert (await turn.all())[0] == request
            await turn.recorder.ask_permission(wants("other"))  # refused at once
            await turn.settle()


async def test_what_an_agent_sends_is_made_to_fit(turn: Turn) -> None:
    options = tuple(agent_event.PermissionOption(f"{n}\x00", "\ud83d" * 5_000, "allow_once") for n in range(1_000))
    strange = wants("k\x00", "x\x00" * INLINE_TEXT_MAX_CHARS, options=options)
    asking = asyncio.create_task(turn.recorder.ask_permission(strange))
    (request,) = await turn.open()
    assert (
        len(request.argument) <= INLINE_TEXT_MAX_CHARS and len(request.title) <= 200 and len(request.options) < 99_999
    )
    await answer_request(turn.database, request.id, ALLOW)
    turn.approval_waiters.wake()
    assert (await asking).allowed
    await turn.settle()


async def test_an_agent_gets_the_choices_in_its_own_words(turn: Turn) -> None:
    long, odd = "a" * (CHOICE_MAX_CHARS + 5), "b\x00"
    questions = (agent_event.Question("Which?", choices=(long, odd, "c"), multiple=True), agent_event.Question("Why?"))
    asking = asyncio.create_task(turn.recorder.ask_question(agent_event.QuestionRequest("q", questions)))
    (request,) = await turn.open()
    answers = ((long[:CHOICE_MAX_CHARS], "b\N{REPLACEMENT CHARACTER}"), ("because",))
    await answer_request(turn.database, request.id, PersonAnswer(Decision.ANSWER, answers=answers))
    turn.approval_waiters.wake()
    assert (await asking).answers == ((long, odd), ("because",))
    too_many = agent_event.QuestionRequest("r", (agent_event.Question("?"),) * 100)
    assert (await turn.recorder.ask_question(too_many)).answers is None
    assert (await turn.recorder.ask_question(agent_event.QuestionRequest("s", ()))).answers is None
    await turn.settle()


async def test_the_poll_alone_is_enough(database: Database) -> None:
    async with running_turn(database, AskSettings(poll_s=0.05)) as turn:
        asking = asyncio.create_task(turn.recorder.ask_permission(wants()))
        (request,) = await turn.open()
        await answer_request(database, request.id, ALLOW)
        async with asyncio.timeout(WAIT_S):
            assert (await asking).allowed
        await turn.settle()
