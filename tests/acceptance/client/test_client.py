"""`boocoder.client` against the program with its scripted agent: blocking and asyncio, from start to applied change."""

from __future__ import annotations

import inspect
import threading

import pytest

import boocoder.client
from boocoder.client import AsyncBoocoder, BlockingReview, Boocoder, ReviewClient, frames
from boocoder.model.task import ChangeState, TaskState
from tests.fixtures.repository import Repository
from tests.fixtures.service import Installation

ASKS = "[[permission bash|echo ran > ran.txt]] [[say done]]"
TWO_FILES = "[[write wanted.txt|one]] [[write unwanted.txt|two]] [[say done]]"


def text_of(received: list[frames.Frame]) -> str:
    answer = boocoder.client.AnswerText()
    for frame in received:
        answer.add(frame)
    return answer.text


def test_a_blocking_program_runs_answers_reviews_and_applies(shared_service: Installation, project: Repository) -> None:
    with boocoder.client.connect(data_dir=shared_service.data_dir) as b:
        seen = []
        for frame in b.run(ASKS, project=project.path):
            seen.append(frame)
            if isinstance(frame, frames.PermissionFrame) and frame.state == "asked":
                assert [one.id for one in b.requests(session=frame.session_id)] == [frame.request_id]
                assert b.answer(frame, "allow").state == "allowed"
                with pytest.raises(boocoder.client.Conflict):
                    b.answer(frame.request_id, "refuse")
        assert isinstance(seen[-1], frames.TurnEndedFrame) and seen[-1].outcome == "completed"
        assert "done" in text_of(seen)

        task = b.start(TWO_FILES, project=project.path)
        assert b.wait(task).state is TaskState.COMPLETED
        change = b.pending_change(task.session_id)
        assert change is not None and b.diff(change.id).startswith(b"diff --git")
        b.review(change.id).accept("wanted.txt")
        assert b.review(change.id).review().accepted == 1
        assert b.apply(change.id, select="accepted", dry_run=True).dry_run
        assert b.apply(change.id, select="accepted").files_written == 1
        assert (project.path / "wanted.txt").is_file() and not (project.path / "unwanted.txt").exists()
        assert b.change(change.id).state is ChangeState.APPLIED

        (added,) = [one for one in b.projects() if one.path == str(project.path)]
        assert {one.id for one in b.sessions(project=added.id)} == {seen[0].session_id, task.session_id}
        assert [one.id for one in b.tasks(session=task.session_id)] == [task.task_id]
        assert change.id in {one.id for one in b.changes(project=added.id)}


async def test_an_asyncio_program_steers_and_cancels(shared_service: Installation, project: Repository) -> None:
    async with boocoder.client.connect_async(url=shared_service.url, token=shared_service.token) as b:
        task = await b.start("[[permission bash|sleep 1]] [[say late]]", project=project.path)
        async for frame in b.follow(task):
            if isinstance(frame, frames.PermissionFrame) and frame.state == "asked":
                assert (await b.steer(task.session_id, "also this")).session_id == task.session_id
                assert (await b.cancel(task.task_id)).cancel_requested_at is not None
        assert isinstance(frame, frames.TurnEndedFrame) and frame.outcome == "cancelled"
        assert (await b.session(task.session_id)).id == task.session_id


def test_leaving_a_loop_early_keeps_the_client_usable_by_any_thread(
    shared_service: Installation, project: Repository
) -> None:
    with boocoder.client.connect(data_dir=shared_service.data_dir) as b:
        task = b.start("[[say one]] [[say two]]", project=project.path)
        received = b.follow(task)
        assert next(received).session_id == task.session_id
        del received
        ended: list[str] = []
        threads = [threading.Thread(target=lambda: ended.append(b.wait(task).state)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert ended == ["completed"] * 3


def test_the_environment_names_a_service(shared_service: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOCODER_URL", shared_service.url + "/")
    with pytest.raises(boocoder.client.InvalidInput, match="no token"), boocoder.client.connect():
        pass
    monkeypatch.setenv("BOOCODER_TOKEN", shared_service.token)
    with boocoder.client.connect() as b:
        assert b.health().status == "ok"
    monkeypatch.setenv("BOOCODER_TOKEN", "wrong")
    with pytest.raises(boocoder.client.BoocoderError) as caught, boocoder.client.connect():
        pass
    assert caught.value.code == "unauthorized"


def test_no_service_is_said_so(tmp_path: object) -> None:
    with (
        pytest.raises(boocoder.client.Unavailable, match="No boocoder service runs"),
        boocoder.client.connect(data_dir=str(tmp_path)),
    ):
        pass


@pytest.mark.parametrize(("blocking", "twin"), [(Boocoder, AsyncBoocoder), (BlockingReview, ReviewClient)])
def test_a_blocking_client_has_every_method_of_its_twin(blocking: type, twin: type) -> None:
    def methods(kind: type) -> set[str]:
        return {name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")}

    assert methods(twin) - methods(blocking) <= {"decide", "choose"}  # take and give what only a walk through it needs
    assert methods(blocking) <= methods(twin)
