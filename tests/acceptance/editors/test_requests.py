"""Permissions and questions in an editor: answered once by whoever is first; applying after a confirmation."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from boocoder.client.http_client import Client, Json
from boocoder.wire.permissions import PermissionInfo
from tests.acceptance.editors.editor import Editor, SessionView, open_editor
from tests.fixtures.repository import Repository
from tests.fixtures.service import Installation

pytestmark = pytest.mark.asyncio(loop_scope="session")

ASK = "[[permission bash|echo ran > ran.txt]] [[say after]]"


async def asked(client: Client, view: SessionView) -> list[PermissionInfo]:
    """The session's requests, newest first."""
    return await client.items("/api/permissions", PermissionInfo, session_id=view.id)


async def answered_on_the_page(view: SessionView, prompt: str, answer: dict[str, Json], client: Client) -> None:
    """Run a prompt that asks in the editor, answer it on the page, and wait for its end."""
    already = len(view.asked)
    running = asyncio.create_task(view.prompt(prompt))
    await view.until(lambda: len(view.asked) > already)
    (request, *_) = await asked(client, view)
    await client.post(f"/api/permissions/{request.id}/answer", msgspec.Raw, answer)
    assert (await running).stop_reason == "end_turn"


async def test_a_permission_is_answered_in_the_editor(
    editor: Editor, editor_service: Installation, project: Repository
) -> None:
    view = await editor.new(project.path)
    view.answers = ["allow"]
    await view.prompt(ASK)
    assert view.tool("echo ran > ran.txt")["status"] == "completed"
    view.answers = ["refuse", "allow_session"]
    await view.prompt(ASK * 3)
    async with editor_service.client() as client:
        states = [one.state for one in await asked(client, view)]
    assert states == ["allowed", "allowed", "refused", "allowed"]
    assert len(view.asked) == 3, "allowed for the session: not asked again"
    call, options = view.asked[0]
    assert call.title == "echo ran > ran.txt"
    assert [one.kind for one in options] == ["allow_once", "allow_always", "reject_once"]
    assert view.withdrawn() == []


async def test_an_answer_on_the_page_withdraws_it_in_the_editor(
    editor: Editor, editor_service: Installation, project: Repository
) -> None:
    view = await editor.new(project.path)
    async with editor_service.client() as client:
        await answered_on_the_page(view, ASK, {"decision": "allow"}, client)
        assert len(view.withdrawn()) == 1 and "after" in view.text()
        (request,) = await asked(client, view)
    assert (request.state, request.decided_by) == ("allowed", "person")
    assert view.tool("echo ran > ran.txt")["status"] == "completed"


async def test_an_open_request_is_asked_again_after_a_load(
    editor: Editor, editor_service: Installation, project: Repository
) -> None:
    first = await editor.new(project.path)
    running = asyncio.create_task(first.prompt(ASK))
    await first.until(lambda: bool(first.asked))
    async with open_editor(editor_service) as other:
        second = other.view(first.id)
        second.answers = ["allow"]
        await other.load(project.path, first.id)
        assert (await running).stop_reason == "end_turn"
        assert len(second.asked) == 1 and len(first.withdrawn()) == 1
        await second.until(lambda: "after" in second.text())


async def test_questions_with_choices_are_asked_as_choices(
    editor: Editor, editor_service: Installation, project: Repository
) -> None:
    view = await editor.new(project.path)
    view.answers = ["choice-1", "dismiss"]
    await view.prompt("[[question Which colour?|red; green]] [[question More?|y; n]]")
    assert "answer: green" in view.text() and "answer: dismissed" in view.text()
    call, options = view.asked[0]
    assert call.title == "Which colour?" and [one.name for one in options][:2] == ["red", "green"]
    async with editor_service.client() as client:
        answer: dict[str, Json] = {"decision": "answer", "answers": [["red"]]}
        await answered_on_the_page(view, "[[question Which colour?|red; green]]", answer, client)
    assert "answer: red" in view.text() and len(view.withdrawn()) == 1


async def test_a_free_question_is_a_form_where_the_editor_has_forms(
    editor_service: Installation, project: Repository
) -> None:
    async with open_editor(editor_service, "--agent", "scripted", forms=True) as editor:
        view = await editor.new(project.path)
        editor.form = {"answer_1": "Blue Note"}
        await view.prompt("[[question What name?]]")
        assert "answer: Blue Note" in view.text() and editor.forms == ["What name?"]


async def test_a_free_question_says_where_to_answer(
    editor: Editor, editor_service: Installation, project: Repository
) -> None:
    view = await editor.new(project.path)
    async with editor_service.client() as client:
        running = asyncio.create_task(view.prompt("[[question What name?]]"))
        await view.until(lambda: "What name?" in view.text())
        (request,) = await asked(client, view)
        assert f"boocoder permissions answer {str(request.id)[:8]}" in view.text()
        body: dict[str, Json] = {"decision": "answer", "answers": [["Blue"]]}
        await client.post(f"/api/permissions/{request.id}/answer", msgspec.Raw, body)
        assert (await running).stop_reason == "end_turn" and "answer: Blue" in view.text()


async def test_a_change_is_applied_after_a_confirmation_only(editor: Editor, project: Repository) -> None:
    view = await editor.new(project.path)
    await view.prompt("/boocoder-apply")
    assert "No change of this session waits" in view.text()
    await view.prompt("[[write new.txt|new\n]]")
    view.answers = ["leave"]
    await view.prompt("/boocoder-apply")
    assert "was not applied" in view.text() and not (project.path / "new.txt").exists()
    await view.prompt("/boocoder-diff")
    assert len([one for one in view.of_kind("tool_call") if one["title"].startswith("Change to review")]) == 2
    view.answers = ["apply"]
    await view.prompt("/boocoder-apply")
    assert (project.path / "new.txt").read_text() == "new\n" and "nothing is committed" in view.text()
    await view.until(lambda: view.tool("Change")["title"] == "Change applied")


async def test_conflicts_are_listed_and_nothing_is_written(editor: Editor, project: Repository) -> None:
    view = await editor.new(project.path)
    await view.prompt("[[edit README.md|some|many]]")
    mine = "# A project\n\nIt has my files.\n"
    (project.path / "README.md").write_text(mine)
    view.answers = ["apply"]
    await view.prompt("/boocoder-apply")
    assert "- README.md" in view.text() and (project.path / "README.md").read_text() == mine
