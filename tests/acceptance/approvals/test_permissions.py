"""Permissions through the whole program: asked, answered, ruled, and cut short in every way."""

from __future__ import annotations

import asyncio
import time

import asyncpg
import pytest

from boocoder.errors import BoocoderError, Conflict
from boocoder.events import frames
from tests.acceptance.approvals.asking import (
    RUN,
    Asked,
    allow_in_database,
    answer,
    asked,
    ended,
    new_open,
    rule,
    shown,
)
from tests.acceptance.harness import ServiceHarness
from tests.fixtures.repository import Repository
from tests.fixtures.service import Installation


@pytest.fixture
def home_settings(home_settings: dict[str, str]) -> dict[str, str]:
    return {**home_settings, "BOOCODER_POLL_INTERVAL_S": "0.5"}


async def test_allowed_once_goes_on_and_says_so(desk: ServiceHarness, home: Installation) -> None:
    created = await desk.queue(RUN)
    request = await asked(desk, created)
    assert isinstance(request, frames.PermissionFrame)
    assert (request.tool, request.argument) == ("bash", "echo ran > ran.txt")
    assert request.tool_part is not None and request.part != request.tool_part
    assert (await desk.task(created)).state == "running"
    decided = await answer(desk.client, request, "allow")
    assert (decided.state, decided.decided_by) == ("allowed", "person")
    end, requests = await ended(desk, created)
    assert end.outcome == "completed"
    assert [(one.state, one.decided_by) for one in requests] == [("asked", ""), ("allowed", "person")]
    assert (home.data_dir / "worktrees" / created.session_id / "ran.txt").read_text() == "ran\n"
    assert [part["state"] for part in await shown(desk, created)] == ["allowed"]
    again = await desk.queue(RUN, session=created.session_id)
    assert await new_open(desk.client, again) != str(request.request_id), "once is once"
    await desk.cancel(again)


async def test_refused_with_a_message_goes_on_without(desk: ServiceHarness, home: Installation) -> None:
    created = await desk.queue(RUN)
    request = await asked(desk, created)
    await answer(desk.client, request, "refuse", message="Use the Makefile.")
    end, requests = await ended(desk, created)
    assert end.outcome == "completed" and requests[-1].state == "refused"
    assert isinstance(requests[-1], frames.PermissionFrame) and requests[-1].message == "Use the Makefile."
    tool = next(part for part in (await desk.messages(created))[-1].parts if part.kind == "tool_call")
    assert tool.data is not None and (tool.data["status"], tool.data["output"]) == ("failed", "Use the Makefile.")
    assert not (home.data_dir / "worktrees" / created.session_id / "ran.txt").exists()
    assert "after" in await desk.answer(created)


async def test_the_watchdog_waits_while_a_person_does_not_answer(desk: ServiceHarness) -> None:
    created = await desk.queue(RUN)
    request = await asked(desk, created)
    seen_at = time.monotonic()
    while time.monotonic() < seen_at + 3:  # three times the silence after which a turn is ended
        row = (await desk.client.items("/api/tasks", dict[str, object], session_id=created.session_id))[0]
        assert (row["state"], row["open_requests"]) == ("running", 1)
        await asyncio.sleep(0.1)
    session = await desk.client.get(f"/api/sessions/{created.session_id}", dict[str, object])
    assert session["open_requests"] == 1
    await answer(desk.client, request, "allow")
    assert (await ended(desk, created))[0].outcome == "completed"


async def test_allowed_for_the_session_asks_no_more_for_exactly_that(desk: ServiceHarness) -> None:
    twice = "[[permission bash|echo *]] [[permission bash|echo *]] [[permission bash|echo other]]"
    created = await desk.queue(twice)
    request = await asked(desk, created)
    await answer(desk.client, request, "allow_session")
    waiting = await new_open(desk.client, created, request.request_id)
    everything = await desk.client.items("/api/permissions", Asked, session_id=created.session_id)
    assert [(one.argument, one.state, one.decided_by) for one in everything] == [
        ("echo other", "asked", None),
        ("echo *", "allowed", "rule"),
        ("echo *", "allowed", "person"),
    ]
    rules = await desk.client.items("/api/permission-rules", dict[str, object], session_id=created.session_id)
    assert [(one["argument"], one["exact"], one["uses"]) for one in rules] == [("echo *", True, 1)]
    assert everything[1].rule_id == rules[0]["id"]
    await desk.client.post(f"/api/permissions/{waiting}/answer", Asked, {"decision": "refuse"})
    _, requests = await ended(desk, created)
    ruled = [one for one in requests if one.decided_by == "rule"]
    assert len(ruled) == 1 and str(getattr(ruled[0], "rule_id", "")) == rules[0]["id"]
    other, _ = await desk.run("[[say elsewhere]]")
    later = await desk.queue("[[permission bash|echo *]]", session=other.session_id)
    await new_open(desk.client, later)
    await desk.cancel(later)


async def test_deny_wins_on_its_level_and_a_nearer_level_wins(desk: ServiceHarness) -> None:
    first, _ = await desk.run("[[say hello]]")
    session = await desk.client.get(f"/api/sessions/{first.session_id}", dict[str, object])
    project_id = str(session["project_id"])
    await rule(desk.client, "allow", "bash", "echo *")
    denied = await rule(desk.client, "deny", "bash", "*two*")
    await rule(desk.client, "ask", "bash", "*three*", session_id=first.session_id)
    await rule(desk.client, "allow", "bash", "*four two*", project_id=project_id)
    scripts = ["echo one", "echo two", "echo four two"]
    created = await desk.queue(
        " ".join(f"[[permission bash|{script}]]" for script in scripts), session=first.session_id
    )
    end, requests = await ended(desk, created)
    assert end.outcome == "completed"
    assert [(one.state, one.decided_by) for one in requests] == [
        ("allowed", "rule"),
        ("refused", "rule"),
        ("allowed", "rule"),
    ]
    assert str(getattr(requests[1], "rule_id", "")) == denied
    tools = [part.data or {} for part in (await desk.messages(created))[-1].parts if part.kind == "tool_call"]
    assert [tool["status"] for tool in tools] == ["completed", "failed", "completed"]
    assert "rule" in str(tools[1]["output"])
    careful = await desk.queue("[[permission bash|echo three]]", session=first.session_id)
    await new_open(desk.client, careful)
    await desk.cancel(careful)


async def test_a_rule_that_comes_later_decides_what_is_open(desk: ServiceHarness) -> None:
    created = await desk.queue(RUN)
    await asked(desk, created)
    added = await rule(desk.client, "allow", "ba*", "echo *")
    end, requests = await ended(desk, created)
    assert end.outcome == "completed" and str(getattr(requests[-1], "rule_id", "")) == added
    await desk.client.request("DELETE", f"/api/permission-rules/{added}")
    with pytest.raises(BoocoderError) as caught:
        await desk.client.request("DELETE", f"/api/permission-rules/{added}")
    assert caught.value.code == "rule_not_found"
    assert (await desk.client.items("/api/permissions", Asked))[0].rule_id == added


async def test_cancel_while_asked(desk: ServiceHarness) -> None:
    created = await desk.queue(RUN)
    request = await asked(desk, created)
    await desk.cancel(created)
    end, requests = await ended(desk, created)
    assert end.outcome == "cancelled"
    assert [(one.state, one.decided_by) for one in requests] == [("asked", ""), ("cancelled", "turn")]
    with pytest.raises(Conflict) as caught:
        await answer(desk.client, request, "allow")
    assert caught.value.code == "permission_decided" and "cancelled" in caught.value.text


async def test_a_stop_of_the_service_while_asked(desk: ServiceHarness, home: Installation, project: Repository) -> None:
    created = await desk.queue(RUN)
    await asked(desk, created)
    assert await asyncio.to_thread(home.stop) == 0
    await asyncio.to_thread(home.start)
    async with home.client() as client:
        again = ServiceHarness(client, project.path)
        end, requests = await ended(again, created)
        assert (end.outcome, end.code) == ("interrupted", "host_stopped")
        assert [one.state for one in requests] == ["asked", "cancelled"]
        assert await client.items("/api/permissions", Asked, state="asked") == []
        assert [part["state"] for part in await shown(again, created)] == ["cancelled"]


@pytest.mark.parametrize("answered", [False, True], ids=["open", "answered while nobody lived"])
async def test_kill_while_asked(
    desk: ServiceHarness, home: Installation, project: Repository, dsn: str, answered: bool
) -> None:
    created = await desk.queue(RUN)
    request = await asked(desk, created)
    await asyncio.to_thread(home.kill)
    if answered:
        await allow_in_database(dsn, request)
    await asyncio.to_thread(home.start)
    async with home.client() as client:
        again = ServiceHarness(client, project.path)
        end, requests = await ended(again, created)
        assert end.outcome == "interrupted"
        assert [one.state for one in requests] == ["asked", "allowed" if answered else "cancelled"]
        assert [part["state"] for part in await shown(again, created)] == [requests[-1].state]
        assert (await again.run("[[say fine]]", session=created.session_id))[1].outcome == "completed"


async def test_an_answer_from_another_process_without_notify(desk: ServiceHarness, dsn: str) -> None:
    conn = await asyncpg.connect(dsn)
    await conn.execute("ALTER TABLE permission_requests DISABLE TRIGGER permission_requests_notify")
    await conn.close()
    created = await desk.queue(RUN)
    request = await asked(desk, created)
    await allow_in_database(dsn, request)
    end, requests = await ended(desk, created)
    assert end.outcome == "completed" and requests[-1].state == "allowed"


async def test_of_many_answers_at_once_one_wins(desk: ServiceHarness, home: Installation) -> None:
    created = await desk.queue(RUN)
    request = await asked(desk, created)
    async with home.client() as other:
        clients = [desk.client, other] * 4
        given = await asyncio.gather(
            *(answer(one, request, ("allow", "refuse")[n % 2]) for n, one in enumerate(clients)),
            return_exceptions=True,
        )
    won = [one for one in given if isinstance(one, Asked)]
    lost = [one for one in given if isinstance(one, Conflict)]
    assert len(won) == 1 and len(lost) == 7
    assert {one.code for one in lost} == {"permission_decided"} and all(won[0].state in one.text for one in lost)
    end, requests = await ended(desk, created)
    assert end.outcome == "completed" and requests[-1].state == won[0].state
