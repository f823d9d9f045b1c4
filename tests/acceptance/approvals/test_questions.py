"""Questions through the whole program, and what the API refuses: bad answers, bad rules, unknown requests."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from boocoder.errors import BoocoderError
from boocoder.events import frames
from tests.acceptance.approvals.asking import RUN, Asked, answer, asked, ended, new_open
from tests.acceptance.harness import ServiceHarness
from tests.acceptance.many_tasks import Id
from tests.fixtures.repository import Repository
from tests.fixtures.service import MakeInstallation
from tests.invariants import World, violations


@pytest.fixture
def home_settings(home_settings: dict[str, str]) -> dict[str, str]:
    return {**home_settings, "BOOCODER_POLL_INTERVAL_S": "0.5"}


async def test_a_question_is_answered_and_another_dismissed(desk: ServiceHarness) -> None:
    created = await desk.queue("[[question Which colour?|red; green]] [[question Name it]] [[question Sure?|y; n]]")
    first = await asked(desk, created, frames.QuestionFrame)
    assert isinstance(first, frames.QuestionFrame) and first.questions[0].choices == ("red", "green")
    for wrong, code in [
        ({"decision": "allow"}, "decision_unfit"),
        ({"decision": "answer"}, "answer_missing"),
        ({"decision": "answer", "answers": [["red"], ["green"]]}, "answer_missing"),
        ({"decision": "answer", "answers": [["blue"]]}, "answer_unknown_choice"),
        ({"decision": "answer", "answers": [["red", "green"]]}, "answer_not_single"),
        ({"decision": "answer", "answers": [[]]}, "answer_blank"),
        ({"decision": "answer", "answers": [["  "]]}, "answer_blank"),
        ({"decision": "answer", "answers": [["red\x00"]]}, "invalid_request"),
        ({"decision": "dismiss", "answers": [["red"]]}, "answers_unfit"),
        ({"decision": "dismiss", "message": "no"}, "message_unfit"),
        ({"decision": "yes"}, "invalid_request"),
        ({"decision": "answer", "answers": "red"}, "invalid_request"),
        ({"decision": "answer", "extra": "red"}, "invalid_request"),
        ({}, "invalid_request"),
    ]:
        with pytest.raises(BoocoderError) as caught:
            await desk.client.post(f"/api/permissions/{first.request_id}/answer", Asked, wrong)  # type: ignore[arg-type]
        assert caught.value.code == code, wrong
    done = await answer(desk.client, first, "answer", answers=[["green"]])
    assert (done.state, done.answers) == ("answered", [["green"]])
    second = await new_open(desk.client, created, first.request_id)
    words = {"decision": "answer", "answers": [["Blue Note"]]}
    await desk.client.post(f"/api/permissions/{second}/answer", Asked, words)  # type: ignore[arg-type]
    third = await new_open(desk.client, created, first.request_id, second)
    await desk.client.post(f"/api/permissions/{third}/answer", Asked, {"decision": "dismiss"})
    end, requests = await ended(desk, created)
    assert end.outcome == "completed"
    assert [one.state for one in requests] == ["asked", "answered", "asked", "answered", "asked", "refused"]
    text = await desk.answer(created)
    assert "answer: green" in text and "answer: Blue Note" in text and "answer: dismissed" in text


async def test_a_question_takes_one_own_answer_beside_its_choices(desk: ServiceHarness) -> None:
    created = await desk.queue("[[question Which colour?|red; green; ...]]")
    request = await asked(desk, created, frames.QuestionFrame)
    assert isinstance(request, frames.QuestionFrame) and request.questions[0].choices == ("red", "green")
    with pytest.raises(BoocoderError) as caught:
        await answer(desk.client, request, "answer", answers=[["teal", "plum"]])
    assert caught.value.code == "answer_not_single"
    await answer(desk.client, request, "answer", answers=[["teal"]])
    assert (await ended(desk, created))[0].outcome == "completed"
    assert "answer: teal" in await desk.answer(created)


async def test_bad_answers_and_rules_are_refused_by_name(desk: ServiceHarness) -> None:
    created = await desk.queue(RUN)
    request = await asked(desk, created)
    for wrong, code in [
        ({"decision": "dismiss"}, "decision_unfit"),
        ({"decision": "answer", "answers": [["x"]]}, "decision_unfit"),
        ({"decision": "allow", "message": "go"}, "message_unfit"),
        ({"decision": "refuse", "answers": [["x"]]}, "answers_unfit"),
        ({"decision": "refuse", "message": "x" * 16_385}, "invalid_request"),
        ({"decision": "refuse", "message": 1}, "invalid_request"),
    ]:
        with pytest.raises(BoocoderError) as caught:
            await desk.client.post(f"/api/permissions/{request.request_id}/answer", Asked, wrong)  # type: ignore[arg-type]
        assert caught.value.code == code, wrong
    with pytest.raises(BoocoderError) as caught:
        await desk.client.post(f"/api/permissions/{uuid4()}/answer", Asked, {"decision": "allow"})
    assert caught.value.code == "permission_not_found"
    good = {"action": "allow", "tool": "bash", "argument": "x"}
    for change, code in [
        ({"action": "never"}, "invalid_request"),
        ({"tool": " "}, "invalid_request"),
        ({"tool": None}, "invalid_request"),
        ({"argument": None}, "invalid_request"),
        ({"project_id": str(uuid4())}, "project_not_found"),
        ({"session_id": str(uuid4())}, "session_not_found"),
        ({"session_id": created.session_id, "project_id": str(uuid4())}, "rule_place_mismatch"),
    ]:
        with pytest.raises(BoocoderError) as caught:
            await desk.client.post("/api/permission-rules", Id, {**good, **change})
        assert caught.value.code == code, change
    assert await desk.client.items("/api/permission-rules", Id) == []
    await answer(desk.client, request, "refuse")
    assert (await ended(desk, created))[0].outcome == "completed"


@pytest.mark.parametrize("unattended", ["refuse", "allow"])
async def test_a_time_limit_answers_for_nobody(
    installation: MakeInstallation, project: Repository, dsn: str, unattended: str
) -> None:
    home = installation(
        {
            "BOOCODER_DATABASE_URL": dsn,
            "BOOCODER_PERMISSION_TIMEOUT_S": "0.3",
            "BOOCODER_PERMISSION_TIMEOUT_ANSWER": unattended,
        }
    )
    await asyncio.to_thread(home.start)
    async with home.client() as client:
        desk = ServiceHarness(client, project.path)
        created = await desk.queue(f"{RUN} [[question Sure?|y; n]]")
        end, requests = await ended(desk, created)
        assert end.outcome == "completed"
        decided = "allowed" if unattended == "allow" else "refused"
        assert [one.state for one in requests] == ["asked", decided, "asked", "refused"]
        assert {one.decided_by for one in requests} == {"", "timeout"}
        assert "answer: dismissed" in await desk.answer(created)
    assert await asyncio.to_thread(home.stop) == 0
    assert await violations(World(dsn, home.data_dir)) == []
