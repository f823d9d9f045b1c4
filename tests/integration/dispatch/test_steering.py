"""Messages to running turns on a real database: delivered once or queued once, whatever ends the turn meanwhile."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from boocoder.backends.scripted.backend import ScriptedBackend
from boocoder.broker.database_reader import DatabaseReader
from boocoder.db.conversation import messages
from boocoder.db.core.pool import Database
from boocoder.db.tasks import steers, tasks
from boocoder.db.tasks.attempts import take_over_attempt
from boocoder.db.tasks.claim import ClaimedTask, claim_tasks
from boocoder.dispatch.attempt_key import AttemptKey
from boocoder.dispatch.liveness import Liveness
from boocoder.dispatch.turn.drive import drive
from boocoder.dispatch.turn.finish import TurnEnding, end_attempt
from boocoder.dispatch.turn.recorder import Recorder
from boocoder.dispatch.turn.services import TurnServices
from boocoder.dispatch.turn.steering import TurnSteering
from boocoder.errors import Conflict, NotFound
from boocoder.events import frames
from boocoder.events.transcript import Transcript, TurnIds
from boocoder.failpoints import Failpoints
from boocoder.intake import steering
from boocoder.intake.steering import NewSteer, steer
from boocoder.model.agent import AgentInfo, AgentState
from boocoder.model.ids import SteerId, TaskId, new_id
from boocoder.model.steer import SteerSender, SteerState
from boocoder.model.task import PartKind, TaskState
from boocoder.model.turn import Cancelled, Completed, Outcome, StopReason, StopSignal, TurnRequest
from boocoder.wire.steers import SteerInfo
from tests.fixtures.row_builders import LEASE_S, Owner, Place, add_answer, add_host, add_place, add_task, bind
from tests.fixtures.turn_services import services_of
from tests.waiting import PATIENCE_S

RACES = int(os.environ.get("BOOCODER_TEST_STEERING_RACES", "40"))  # `make steering-races` has 1,000
WAIT_S = 0.05  # the scripted agent looks for messages between steps of this length
WAITS = f"[[say one]]{f'[[sleep {WAIT_S}]]' * 2000}"


@dataclass
class Turn:
    """One claimed task, driven without a worktree; its agent is the scripted one."""

    services: TurnServices
    backend: ScriptedBackend
    place: Place
    task: ClaimedTask
    key: AttemptKey
    ids: TurnIds
    prompt: str
    directory: Path
    stop: StopSignal = field(default_factory=StopSignal)
    recorder: Recorder = field(init=False)

    def __post_init__(self) -> None:
        self.transcript = Transcript(self.ids, agent="scripted")
        self.liveness = Liveness(silence_s=600, tool_silence_s=600, running_tools=lambda: 0)
        self.recorder = Recorder(
            self.services,
            attempt=self.key,
            ids=self.ids,
            agent="scripted",
            backend="scripted",
            transcript=self.transcript,
            liveness=self.liveness,
            stop=self.stop,
            batches=0,
        )

    async def run(self, *, settle: bool = True) -> Outcome:
        """Drive the turn with its steering, and settle it as `run_turn` does."""
        request = TurnRequest(
            task_id=self.task.id,
            epoch=self.task.epoch,
            session_id=self.task.session_id,
            chat_id=self.task.chat_id,
            agent="scripted",
            prompt=self.prompt,
            worktree=self.directory,
            stop=self.stop,
        )
        async with self.recorder:
            turn_steering = TurnSteering(
                self.services,
                backend=self.backend,
                request=request,
                recorder=self.recorder,
                attempt=self.key,
                message_id=self.ids.message_id,
            )
            async with turn_steering.running():
                outcome = await drive(self.backend, request, self.recorder, self.liveness)
            await self.recorder.flush()
        if settle:
            await self.settle(outcome)
        return outcome

    async def settle(self, outcome: Outcome, *, requeue: bool = False) -> None:
        ending = TurnEnding(outcome, "scripted", "", None, None, None, requeue=requeue)
        await end_attempt(ending, key=self.key, ids=self.ids, outbox=self.services.outbox, failpoints=Failpoints())

    async def send(self, prompt: str, **more: object) -> SteerInfo:
        new = NewSteer(self.task.session_id, prompt, **more)  # type: ignore[arg-type]
        sent = (await steer(self.services.outbox, new)).steer
        self.services.approval_waiters.wake()
        return sent

    async def reaches(self, sent: SteerInfo, *states: SteerState) -> SteerInfo:
        """The message once it is in one of these states."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                async with self.services.database.connection() as conn:
                    found = await steers.get_steer(conn, sent.id)
                if found.state in states:
                    return found
                await asyncio.sleep(0.01)

    async def frames(self) -> list[frames.Frame]:
        reader = DatabaseReader(database=self.services.database)
        return list(await reader.read_events(self.task.session_id, 0, 10_000))

    async def pending(self) -> list[tasks.Task]:
        """The tasks that wait, in the order in which they will run."""
        async with self.services.database.connection() as conn:
            found = await tasks.list_tasks(conn, states=[TaskState.PENDING], session_id=self.task.session_id)
        return sorted(found, key=lambda task: task.place)


class Stage:
    """A host with the scripted agent."""

    def __init__(self, database: Database, owner: Owner, directory: Path) -> None:
        self._claiming = asyncio.Lock()
        self.database = database
        self.directory = directory
        self.services = services_of(database, directory, owner)
        backend = self.services.agents.backend("scripted")
        assert isinstance(backend, ScriptedBackend)
        self.backend = backend

    async def turn(self, prompt: str) -> Turn:
        """A claimed task in a session of its own, by a host of its own, which claims nothing else."""
        async with self._claiming, self.database.connection() as conn:
            owner = await add_host(conn)
            place = await add_place(conn)
            await add_task(conn, place, prompt=prompt)
            await bind(conn, owner, place)
            (task,) = await claim_tasks(conn, owner.host_id, owner.instance_id, 100, LEASE_S)
            ids = TurnIds(task.session_id, task.chat_id, task.id, await add_answer(conn, task))
        key = AttemptKey(task.id, task.epoch, owner.host_id, owner.instance_id)
        return Turn(self.services, self.backend, place, task, key, ids, prompt, self.directory)


@pytest.fixture
async def stage(database: Database, tmp_path: Path) -> AsyncIterator[Stage]:
    async with database.connection() as conn:
        owner = await add_host(conn)
    made = Stage(database, owner, tmp_path)
    yield made
    await made.backend.stop()
    await made.services.broker.stop()


@asynccontextmanager
async def running(turn: Turn) -> AsyncIterator[asyncio.Task[Outcome]]:
    """The turn in the background, ended by the test or cancelled at the end."""
    work = asyncio.create_task(turn.run())
    try:
        async with asyncio.timeout(PATIENCE_S):
            await turn.recorder.prompt_recorded.wait()
            yield work
            turn.stop.set(StopReason.CANCELLED)
            await work
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


async def test_a_message_is_delivered_confirmed_and_shown_at_its_place(stage: Stage) -> None:
    turn = await stage.turn(WAITS)
    async with running(turn):
        sent = await turn.send("[[say steered]]", sent_by=SteerSender.PAGE)
        assert sent.state is SteerState.RESERVED
        confirmed = await turn.reaches(sent, SteerState.CONFIRMED)
        assert (confirmed.message_id, confirmed.queued_task_id) == (turn.ids.message_id, None)
    assert await turn.pending() == []
    shown = [frame for frame in await turn.frames() if isinstance(frame, frames.SteerFrame)]
    assert [frame.state for frame in shown] == ["reserved", "delivered", "confirmed"]
    assert [frame.part for frame in shown] == [None, confirmed.part, confirmed.part]
    assert {(frame.text, frame.sent_by) for frame in shown} == {("[[say steered]]", "page")}
    async with stage.database.connection() as conn:
        parts = {part.part: part for part in await messages.get_parts(conn, turn.ids.message_id)}
    assert confirmed.part is not None
    assert parts[confirmed.part].kind is PartKind.STEER
    texts = [number for number, part in parts.items() if part.kind is PartKind.TEXT]
    assert len([number for number in texts if number < confirmed.part]) == 1, "what was said before is above it"
    assert len([number for number in texts if number > confirmed.part]) == 1, "the answer to it is below it"


async def test_several_messages_keep_their_order(stage: Stage) -> None:
    turn = await stage.turn(WAITS)
    async with running(turn):
        sent = [await turn.send(f"[[say {word}]]") for word in ("first", "second", "third")]
        places = [(await turn.reaches(one, SteerState.CONFIRMED)).part for one in sent]
    assert places == sorted(places, key=lambda part: part or 0)


async def test_what_the_turn_does_not_take_runs_next_in_its_order(stage: Stage) -> None:
    turn = await stage.turn("[[say one]]")
    async with stage.database.connection() as conn:
        waiting = await add_task(conn, turn.place, prompt="was there before")
    sent = [await turn.send(f"[[say {word}]]") for word in ("first", "second", "third")]
    assert {one.state for one in sent} == {SteerState.RESERVED}
    await turn.settle(Completed())  # as a turn that ended before it looked
    queued = await turn.pending()
    assert [task.prompt for task in queued] == ["[[say first]]", "[[say second]]", "[[say third]]", "was there before"]
    assert queued[-1].id == waiting
    ended = [await turn.reaches(one, SteerState.RETURNED) for one in sent]
    assert [one.queued_task_id for one in ended] == [task.id for task in queued[:3]]
    assert {(task.agent, task.chat_id) for task in queued} == {("scripted", turn.task.chat_id)}
    later = [frame for frame in await turn.frames() if isinstance(frame, frames.SteerFrame)][3:]
    assert [(frame.state, frame.queued_task_id) for frame in later] == [
        ("returned", one.queued_task_id) for one in ended
    ]


async def test_a_turn_that_goes_back_into_the_queue_runs_before_its_messages(stage: Stage) -> None:
    turn = await stage.turn("[[say one]]")
    await turn.send("[[say later]]")
    await turn.settle(Cancelled(), requeue=True)
    assert [task.id == turn.task.id for task in await turn.pending()] == [True, False]


async def test_an_agent_that_takes_none_gets_it_as_the_next_turn_at_once(stage: Stage) -> None:
    turn = await stage.turn("[[say one]]")

    class Directory:
        def known(self) -> tuple[AgentInfo, ...]:
            return (AgentInfo("scripted", "oneshot", AgentState.READY, tried=True, steering=False),)

    new = NewSteer(turn.task.session_id, "[[say later]]")
    sent = (await steer(stage.services.outbox, new, agents=Directory())).steer  # type: ignore[arg-type]
    assert sent.state is SteerState.RETURNED
    assert [task.id for task in await turn.pending()] == [sent.queued_task_id]
    await turn.settle(Completed())
    assert len(await turn.pending()) == 1


async def test_after_the_turn_a_message_is_queued_with_its_agent_and_options(stage: Stage) -> None:
    turn = await stage.turn("[[say one]]")
    await turn.run()
    sent = await turn.send("[[say later]]")
    assert sent.state is SteerState.RETURNED
    (queued,) = await turn.pending()
    assert (queued.id, queued.agent, queued.chat_id) == (sent.queued_task_id, "scripted", turn.task.chat_id)


async def test_only_a_reserved_message_can_be_withdrawn(stage: Stage) -> None:
    turn = await stage.turn(WAITS)
    early = await turn.send("[[say never]]")
    taken = await steering.withdraw(stage.services.outbox, early.id)
    assert taken.state is SteerState.WITHDRAWN
    with pytest.raises(Conflict) as twice:
        await steering.withdraw(stage.services.outbox, early.id)
    assert twice.value.code == "steer_not_reserved"
    async with running(turn):
        late = await turn.send("[[say steered]]")
        await turn.reaches(late, SteerState.CONFIRMED)
        with pytest.raises(Conflict):
            await steering.withdraw(stage.services.outbox, late.id)
    assert await turn.pending() == []
    assert "never" not in turn.transcript.beginning
    with pytest.raises(NotFound):
        await steering.withdraw(stage.services.outbox, SteerId(new_id()))


async def test_the_same_key_sends_one_message(stage: Stage) -> None:
    turn = await stage.turn(WAITS)
    new = NewSteer(turn.task.session_id, "[[say steered]]", idempotency_key="k")
    sent = await asyncio.gather(*(steer(stage.services.outbox, new) for _ in range(5)))
    assert len({one.steer.id for one in sent}) == 1
    assert Counter(one.created for one in sent) == {True: 1, False: 4}
    with pytest.raises(Conflict) as other:
        await steer(stage.services.outbox, NewSteer(turn.task.session_id, "other words", idempotency_key="k"))
    assert other.value.code == "idempotency_key_reused"


async def test_a_session_without_a_task_has_no_turn_to_steer(stage: Stage) -> None:
    async with stage.database.connection() as conn:
        place = await add_place(conn)
    with pytest.raises(Conflict) as refused:
        await steer(stage.services.outbox, NewSteer(place.session_id, "hello"))
    assert refused.value.code == "session_has_no_task"


async def test_what_was_delivered_and_not_confirmed_is_never_sent_again(stage: Stage) -> None:
    """A host that died between the delivery and its confirmation: another one ends the turn."""
    turn = await stage.turn(WAITS)
    sent = await turn.send("[[say steered]]")
    waits = await turn.send("[[say later]]")
    async with turn.recorder:
        part = turn.recorder.new_steer_part()
        async with stage.database.connection() as conn:
            assert await steers.deliver_steer(conn, sent.id, turn.ids.message_id, part) is not None
    other = await _another_host(stage)
    async with stage.database.connection() as conn:
        await conn.execute("UPDATE attempts SET lease_until = now() - interval '1 hour'")
        assert await take_over_attempt(conn, turn.task.id, turn.task.epoch, other.host_id, other.instance_id, LEASE_S)
    turn.key = AttemptKey(turn.task.id, turn.task.epoch, other.host_id, other.instance_id)
    await turn.settle(Cancelled())
    assert (await turn.reaches(sent, SteerState.UNCONFIRMED)).part == part
    assert [task.prompt for task in await turn.pending()] == [waits.prompt]
    last = [frame for frame in await turn.frames() if isinstance(frame, frames.SteerFrame)][-2:]
    assert [(frame.state, frame.part) for frame in last] == [("unconfirmed", part), ("returned", None)]


async def _another_host(stage: Stage) -> Owner:
    async with stage.database.connection() as conn:
        return await add_host(conn)


async def test_another_agent_is_told_what_was_said_during_the_turn(stage: Stage) -> None:
    turn = await stage.turn(WAITS)
    async with running(turn):
        await turn.reaches(await turn.send("[[say steered]] please, the plum"), SteerState.CONFIRMED)
    async with stage.database.connection() as conn:
        (answer,) = await messages.messages_before(conn, turn.task.chat_id, TaskId(new_id()), 10)
    before, said, after = answer.text.partition("please, the plum")
    assert said
    assert before.startswith("one")
    assert "steered" in after


async def test_races_against_the_end_of_the_turn(stage: Stage) -> None:
    """None is lost, none is delivered twice: each message is in the agent's conversation or in the queue, once.

    Turns become longer after a message that came too late and shorter after one that did not, so that both stay close.
    """
    free = asyncio.Semaphore(4)
    length_s = 0.1

    async def race(number: int) -> SteerState:
        nonlocal length_s
        async with free:
            turn = await stage.turn("[[say one]]" + "[[sleep 0.005]]" * int(length_s / 0.005))
            work = asyncio.create_task(turn.run())
            await turn.recorder.prompt_recorded.wait()
            sent = await turn.send(f"[[say plum{number}plum]]")
            assert await work == Completed()
            ended = await _whereabouts(turn, sent, f"plum{number}plum")
            length_s = min(20.0, max(0.005, length_s * (1.3 if ended is SteerState.RETURNED else 1 / 1.3)))
            return ended

    outcomes = Counter(await asyncio.gather(*map(race, range(RACES))))
    assert sum(outcomes.values()) == RACES
    assert min(outcomes[SteerState.CONFIRMED], outcomes[SteerState.RETURNED]) > 0, "the race has one winner only"


async def _whereabouts(turn: Turn, sent: SteerInfo, word: str) -> SteerState:
    """The state of a message after its turn, which is true of the conversation and of the queue."""
    ended = await turn.reaches(sent, SteerState.CONFIRMED, SteerState.RETURNED)
    async with turn.services.database.connection() as conn:
        said = await messages.messages_before(conn, turn.task.chat_id, TaskId(new_id()), 10)
    spoken = "".join(one.text for one in said).replace(sent.prompt, "").count(word)
    queued = [task.prompt for task in await turn.pending()].count(sent.prompt)
    assert (spoken, queued) == ((1, 0) if ended.state is SteerState.CONFIRMED else (0, 1)), ended.state
    return ended.state
