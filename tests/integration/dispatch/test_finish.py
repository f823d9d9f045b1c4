"""A turn always ends: what the database refuses is left out, and what the agent never had goes back to the queue."""

from __future__ import annotations

from pathlib import Path

import pytest

from boocoder.backends.base import TurnPort
from boocoder.backends.scripted.backend import ScriptedBackend
from boocoder.db.conversation import events, messages
from boocoder.db.core.pool import Database
from boocoder.db.registry import projects
from boocoder.db.tasks import tasks
from boocoder.db.tasks.claim import ClaimedTask, claim_tasks
from boocoder.dispatch.attempt_key import AttemptKey
from boocoder.dispatch.turn.finish import KEPT_OF_REFUSED_CHARS, TurnEnding, finish_turn
from boocoder.dispatch.turn.run import run_turn
from boocoder.errors import Unavailable
from boocoder.events import agent_event
from boocoder.events.batch import PartItem, TextItem
from boocoder.events.transcript import TurnIds
from boocoder.model.ids import ProjectId, new_id
from boocoder.model.task import MessageStatus, PartKind, TaskState
from boocoder.model.turn import Completed, Outcome, StopSignal, TurnRequest
from tests.fixtures.repository import MakeRepository
from tests.fixtures.row_builders import LEASE_S, Owner, add_answer, add_host, add_place, add_running, add_task
from tests.fixtures.turn_services import services_of

REFUSES_LONG_TEXTS = """
CREATE FUNCTION refuse_long() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT sum(char_length(text)) FROM part_chunks WHERE message_id = NEW.id) > 1100000 THEN
        RAISE EXCEPTION 'string buffer exceeds its maximum' USING ERRCODE = 'program_limit_exceeded';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refuse_long BEFORE UPDATE ON messages FOR EACH ROW EXECUTE FUNCTION refuse_long();
"""


class _DatabaseGone(ScriptedBackend):
    """A backend whose first write meets a database that is away."""

    async def run_turn(self, request: TurnRequest, port: TurnPort) -> Outcome:
        raise Unavailable("database_unavailable", "The database is not reachable.")


class _DatabaseGoneLater(ScriptedBackend):
    """A backend that meets it when the agent may have the prompt."""

    async def run_turn(self, request: TurnRequest, port: TurnPort) -> Outcome:
        await port.emit(agent_event.PromptSending())
        raise Unavailable("database_unavailable", "The database is not reachable.")


def key_of(task: ClaimedTask, owner: Owner) -> AttemptKey:
    return AttemptKey(task.id, task.epoch, owner.host_id, owner.instance_id)


async def test_a_text_that_the_database_refuses_is_cut_and_the_turn_ends(database: Database, tmp_path: Path) -> None:
    async with database.connection() as conn:
        await conn.execute(REFUSES_LONG_TEXTS)
        owner = await add_host(conn)
        task = await add_running(conn, owner, await add_place(conn))
        message = await add_answer(conn, task)
        items = [TextItem(message, 0, n * 100_000, "x" * 100_000) for n in range(30)]
        part = PartItem(message, 0, PartKind.TEXT, "a")
        await events.record_batch(conn, key_of(task, owner).guard, task.session_id, [part, *items])
    ids = TurnIds(task.session_id, task.chat_id, task.id, message)
    services = services_of(database, tmp_path, owner)
    ending = TurnEnding(Completed(), "scripted", "x" * 100, None, None, 1)
    await finish_turn(ending, key=key_of(task, owner), ids=ids, services=services)
    async with database.connection() as conn:
        assert (await tasks.get_task(conn, task.id)).state is TaskState.COMPLETED
        page = await messages.read_part_text(conn, message, 0, messages.TextField.TEXT, 0, 10)
        [row] = await messages.list_messages(conn, task.chat_id, after_ord=0, limit=10)
        frames = [row.frame for row in await events.read_events(conn, task.session_id, 0, 100) if row.frame]
    assert page.total_chars == KEPT_OF_REFUSED_CHARS
    assert row.row.status is MessageStatus.COMPLETE
    assert any(b'"turn_cut"' in bytes(frame) for frame in frames)


@pytest.mark.parametrize(
    ("backend", "state"), [(_DatabaseGone, TaskState.PENDING), (_DatabaseGoneLater, TaskState.FAILED)]
)
async def test_a_turn_that_lost_the_database_before_its_prompt_goes_back_to_the_queue(
    backend: type[ScriptedBackend], state: TaskState, database: Database, repository: MakeRepository, tmp_path: Path
) -> None:
    async with database.connection() as conn:
        owner = await add_host(conn)
        project = await projects.insert_project(conn, ProjectId(new_id()), "project", repository().path)
        place = await add_place(conn, project.id)
        task_id = await add_task(conn, place)
        [task] = await claim_tasks(conn, owner.host_id, owner.instance_id, 1, LEASE_S)
    services = services_of(database, tmp_path, owner, backend)
    await run_turn(task, key_of(task, owner), StopSignal(), services)
    async with database.connection() as conn:
        after = await tasks.get_task(conn, task_id)
    assert after.state is state
    assert (after.error_code or None) == (None if state is TaskState.PENDING else "database_unavailable")
