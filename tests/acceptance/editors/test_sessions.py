"""Sessions of an editor: opened, prompted, loaded, listed, configured; the same ones as on the page."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from uuid import UUID

import pytest
from acp import RequestError, image_block, resource_link_block, text_block
from acp.schema import EmbeddedResourceContentBlock, TextResourceContents

from boocoder.wire.permissions import PermissionInfo
from boocoder.wire.sessions import Session
from boocoder.wire.tasks import EnqueuedTask, TaskInfo
from tests.acceptance.editors.editor import WAIT_S, Editor, open_editor
from tests.fixtures.repository import Repository
from tests.fixtures.service import Installation

pytestmark = pytest.mark.asyncio(loop_scope="session")

WORK = "[[think hm]] [[say hello there]] [[plan a; b]] [[write src/new.py|x = 1\n]] [[edit README.md|some|many]]"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


async def newest_task(service: Installation, session_id: str) -> TaskInfo:
    """The session's newest task, whole."""
    async with service.client() as client:
        (task, *_) = await client.items("/api/tasks", TaskInfo, session_id=session_id)
        return await client.get(f"/api/tasks/{task.id}", TaskInfo)


def options_of(answer: object) -> dict[str, tuple[str, list[str]]]:
    """Config options: the current value and all values, by id."""
    options = getattr(answer, "config_options", None) or []
    return {one.id: (one.current_value, [value.value for value in one.options]) for one in options}


async def test_a_prompt_streams_everything_and_ends_with_the_change(editor: Editor, project: Repository) -> None:
    view = await editor.new(project.path)
    await view.until(lambda: bool(view.of_kind("available_commands_update")))
    assert (await view.prompt(WORK)).stop_reason == "end_turn"
    assert view.text() == "hello there" and view.text("agent_thought_chunk") == "hm"
    assert not view.of_kind("user_message_chunk"), "the editor shows its own prompt itself"
    assert view.of_kind("session_info_update")[0]["title"].startswith("[[think hm]]")
    assert [one["content"] for one in view.of_kind("plan")[-1]["entries"]] == ["a", "b"]
    write = view.tool("src/new.py")
    worktree = Path(write["locations"][0]["path"]).parents[1]
    assert worktree.is_absolute() and worktree != project.path and (worktree / "src/new.py").is_file()
    assert (write["kind"], write["status"]) == ("edit", "completed")
    assert write["content"][0] == {"type": "diff", "path": str(worktree / "src/new.py"), "newText": "x = 1\n"}
    change = view.tool("Change to review: 2 files")
    diffs = {one["path"]: one for one in change["content"] if one["type"] == "diff"}
    assert set(diffs) == {str(worktree / "README.md"), str(worktree / "src/new.py")}
    readme = diffs[str(worktree / "README.md")]
    assert "some files" in readme["oldText"] and "many files" in readme["newText"]
    assert "oldText" not in diffs[str(worktree / "src/new.py")]
    pointer = change["content"][-1]["content"]["text"]
    assert f"/sessions/{view.id}" in pointer and "boocoder apply" in pointer
    assert not (project.path / "src/new.py").exists(), "nothing is applied unasked"


async def test_what_the_agent_says_it_can_do(editor: Editor) -> None:
    said = editor.capabilities
    assert said is not None and said.protocol_version == 1 and said.auth_methods == []
    assert said.agent_info is not None and said.agent_info.name == "boocoder"
    can = said.agent_capabilities
    assert can is not None and can.load_session
    assert can.prompt_capabilities is not None and can.prompt_capabilities.image
    assert can.session_capabilities is not None and can.session_capabilities.list is not None
    with pytest.raises(RequestError) as refused:
        await editor.request("session/fork", sessionId="x", cwd="/")
    assert refused.value.code == -32601
    await editor.request("authenticate", methodId="none")


async def test_load_replays_what_happened_before_it_answers(
    editor: Editor, editor_service: Installation, project: Repository
) -> None:
    view = await editor.new(project.path)
    await view.prompt(WORK)
    await view.prompt("[[say again]]")
    async with open_editor(editor_service) as other:
        loaded = await other.load(project.path, view.id)
        kinds = [one["sessionUpdate"] for one in loaded.updates]
        assert loaded.text() == view.text() and kinds.count("user_message_chunk") == 2
        assert loaded.tool("src/new.py")["status"] == loaded.tool("Change to review")["status"] == "completed"
        answered = next(at for at, line in enumerate(other.lines) if "configOptions" in line.get("result", {}))
        later = [line["params"]["update"]["sessionUpdate"] for line in other.lines[answered + 1 :]]
        assert set(later) <= {"available_commands_update"}, "history comes before the answer"
        await loaded.prompt("[[recall]]")
        assert "users=3" in loaded.text(), "the agent remembers"
        await view.until(lambda: "users=3" in view.text())


async def test_a_session_is_resumed_without_its_history(editor: Editor, project: Repository) -> None:
    resumed = (await editor.new(project.path)).id
    await editor.connection.close_session(session_id=resumed)
    await editor.connection.resume_session(cwd=str(project.path), session_id=resumed, mcp_servers=[])
    await editor.view(resumed).prompt("[[say before]]")
    assert editor.view(resumed).text() == "before", "one without a history"
    await editor.connection.close_session(session_id=resumed)
    seen = len(editor.view(resumed).updates)
    with pytest.raises(RequestError, match="not open here"):
        await editor.view(resumed).prompt("[[say no]]")
    await editor.connection.resume_session(cwd=str(project.path), session_id=resumed, mcp_servers=[])
    assert (await editor.view(resumed).prompt("[[say fresh]]")).stop_reason == "end_turn"
    fresh = editor.view(resumed).updates[seen:]
    assert [one["content"]["text"] for one in fresh if "content" in one] == ["fresh"]


async def test_sessions_are_listed_by_folder(editor: Editor, editor_service: Installation, project: Repository) -> None:
    view = await editor.new(project.path)
    await view.prompt("[[say hello]]")
    listed = await editor.connection.list_sessions(cwd=str(project.path / "src"))
    found = [(one.session_id, one.cwd, one.title) for one in listed.sessions]
    assert found == [(view.id, str(project.path), "[[say hello]]")]
    assert view.id in [one.session_id for one in (await editor.connection.list_sessions()).sessions]
    assert (await editor.connection.list_sessions(cwd="/")).sessions == []


async def test_a_session_without_a_task_is_archived_when_the_editor_leaves(
    editor: Editor, editor_service: Installation, project: Repository
) -> None:
    async with open_editor(editor_service) as other:
        unused, used = await other.new(project.path), await other.new(project.path)
        await used.prompt("[[say hello]]")
    async with editor_service.client() as client:
        assert (await client.get(f"/api/sessions/{unused.id}", Session)).state == "archived"
        assert (await client.get(f"/api/sessions/{used.id}", Session)).state == "open"
    view = await editor.load(project.path, unused.id)
    assert (await view.prompt("[[say used]]")).stop_reason == "end_turn"


async def test_a_turn_of_the_page_is_live_in_the_editor(
    editor: Editor, editor_service: Installation, project: Repository
) -> None:
    view = await editor.new(project.path)
    async with editor_service.client() as client:
        body = {
            "session_id": view.id,
            "agent": "scripted",
            "model": "scripted-large",
            "prompt": "[[say from the page]]",
        }
        await client.post("/api/tasks", EnqueuedTask, body)
        await view.until(lambda: view.text() == "from the page")
        assert view.text("user_message_chunk") == "[[say from the page]]"
        options = view.of_kind("config_option_update")[-1]["configOptions"]
        assert "scripted-large" in [one["currentValue"] for one in options]
        await client.post("/api/tasks", EnqueuedTask, {"session_id": view.id, "prompt": "[[fail auth]]"})
        await view.until(lambda: "The script failed" in view.text())


async def test_models_modes_and_agents_are_chosen_in_the_editor(
    editor: Editor, editor_service: Installation, project: Repository
) -> None:
    view = await editor.new(project.path)
    assert options_of(view.opened)["agent"][0] == "scripted"
    assert options_of(view.opened)["model"] == ("scripted-small", ["scripted-small", "scripted-large"])
    changed = await editor.connection.set_config_option("model", view.id, "scripted-large")
    assert options_of(changed)["model"][0] == "scripted-large"
    await view.prompt("[[say large]]")
    assert (await newest_task(editor_service, view.id)).model == "scripted-large"
    changed = await editor.connection.set_config_option("agent", view.id, "fake")
    mode, modes = options_of(changed)["mode"]
    other = next(one for one in modes if one != mode)
    await editor.connection.set_session_mode(session_id=view.id, mode_id=other)
    assert view.of_kind("current_mode_update")[-1]["currentModeId"] == other
    model = options_of(changed)["model"][1][-1]
    await editor.request("session/set_model", sessionId=view.id, modelId=model)
    await view.prompt("[[say with the other agent]]")
    task = await newest_task(editor_service, view.id)
    assert (task.agent, task.mode, task.model) == ("fake", other, model)
    for option, value, words in (("model", "gpt-0", "is not a value"), ("colour", "red", "has no option")):
        with pytest.raises(RequestError, match=words):
            await editor.connection.set_config_option(option, view.id, value)


async def test_the_agent_of_the_command_line_works_behind(editor_service: Installation, project: Repository) -> None:
    async with open_editor(editor_service, "--agent", "fake", "--dirty") as editor:
        (project.path / "README.md").write_text("# Edited, not committed\n")
        view = await editor.new(project.path)
        await view.until(lambda: bool(view.of_kind("available_commands_update")))
        await view.prompt("[[read README.md]]")
        assert (await newest_task(editor_service, view.id)).agent == "fake"
        assert "Edited, not committed" in json.dumps(view.updates)


async def test_links_resources_and_images_reach_the_agent(
    editor: Editor, editor_service: Installation, project: Repository
) -> None:
    view = await editor.new(project.path)
    selected = TextResourceContents(uri=f"file://{project.path}/src/main.py", text="def main(): ...\n")
    await view.send(
        [
            text_block("[[say seen]] Look at "),
            resource_link_block("lines.txt", f"file://{project.path}/src/lines.txt"),
            EmbeddedResourceContentBlock(type="resource", resource=selected),
            image_block(PIXEL, "image/png"),
        ]
    )
    task = await newest_task(editor_service, view.id)
    assert "Look at `src/lines.txt`" in task.prompt
    assert "Content of `src/main.py`:\n```\ndef main(): ...\n```" in task.prompt
    (image,) = task.attachments
    assert (image.name, image.size_bytes) == ("image-1.png", len(base64.b64decode(PIXEL)))
    with pytest.raises(RequestError, match="The prompt is empty"):
        await view.prompt(" ")


async def test_errors_name_their_cure(editor: Editor, project: Repository, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    with pytest.raises(RequestError, match=r"is not in a git repository\. Make it one: git init"):
        await editor.new(tmp_path / "plain")
    for unknown in ("nonsense", str(UUID(int=1))):
        with pytest.raises(RequestError) as refused:
            await editor.load(project.path, unknown)
        assert refused.value.code == -32002
    with pytest.raises(RequestError, match="Invalid params: sessionId"):
        await editor.request("session/prompt", prompt=[])
    view = await editor.new(project.path)
    with pytest.raises(RequestError, match=r"The script failed with auth\. Take the fail directive out"):
        await view.prompt("[[fail auth]]")
    assert (await view.prompt("[[say still here]]")).stop_reason == "end_turn"


async def test_without_a_service_every_request_says_how_to_start_one(
    editor_service: Installation, project: Repository, tmp_path: Path
) -> None:
    async with open_editor(editor_service, environment={"BOOCODER_DATA_DIR": str(tmp_path / "empty")}) as alone:
        for _ in range(2):
            with pytest.raises(RequestError, match=r"No boocoder service runs for .*\. Start one with: boocoder serve"):
                await alone.new(project.path)
    assert "Start one with: boocoder serve" in (editor_service.home / "acp.log").read_text()


async def test_a_session_goes_on_after_a_restart_of_the_service(
    editor: Editor, editor_service: Installation, project: Repository
) -> None:
    view = await editor.new(project.path)
    await view.prompt("[[say before]]")
    address = editor_service.url
    assert await asyncio.to_thread(editor_service.stop) == 0
    try:
        with pytest.raises(RequestError, match="Start one with: boocoder serve"):
            await view.prompt("[[say nobody hears it]]")
    finally:
        await asyncio.to_thread(editor_service.start)
    assert editor_service.url != address, "the port is free to change"
    assert (await view.prompt("[[say after]] [[recall]]")).stop_reason == "end_turn"
    assert view.text().startswith("beforeafter") and "users=2" in view.text()


async def test_lines_that_are_no_messages_are_skipped(editor: Editor) -> None:
    writer = editor.connection._conn._transport._sender._writer  # type: ignore[attr-defined]
    writer.write(b'42\nnull\n[1]\n"x"\n{broken\n{"jsonrpc":"2.0","id":[1],"result":{}}\n\n')
    writer.write(json.dumps({"jsonrpc": "2.0", "method": "$/unknown"}).encode() + b"\n")
    assert await editor.connection.list_sessions() is not None


async def test_cancel_ends_the_turn_and_what_it_asks(
    editor: Editor, editor_service: Installation, project: Repository
) -> None:
    for script in ("[[say begun]] [[hang]]", "[[say begun]] [[permission bash|echo no > no.txt]]"):
        view = await editor.new(project.path)
        running = asyncio.create_task(view.prompt(script))
        await view.until(lambda view=view: "begun" in view.text())  # type: ignore[misc]
        if "permission" in script:
            await view.until(lambda view=view: bool(view.asked))  # type: ignore[misc]
        await editor.connection.cancel(session_id=view.id)
        editor.leave_requests(view)
        assert (await running).stop_reason == "cancelled"
        async with editor_service.client() as client:
            query = {"session_id": view.id, "state": "asked"}
            assert await client.items("/api/permissions", PermissionInfo, **query) == []
        assert (await view.prompt("[[say next]]")).stop_reason == "end_turn"


async def test_a_task_cancelled_on_the_page_ends_the_prompt(
    editor: Editor, editor_service: Installation, project: Repository
) -> None:
    view = await editor.new(project.path)
    async with editor_service.client() as client:
        running = asyncio.create_task(view.prompt("[[say begun]] [[hang]]"))
        await view.until(lambda: "begun" in view.text())
        queued = asyncio.create_task(view.prompt("[[say never]]"))
        async with asyncio.timeout(WAIT_S):
            while len(tasks := await client.items("/api/tasks", TaskInfo, session_id=view.id)) < 2:
                await asyncio.sleep(0.02)
        for task in tasks:
            await client.request("POST", f"/api/tasks/{task.id}/cancel", body={})
        assert {(await running).stop_reason, (await queued).stop_reason} == {"cancelled"}
    assert "never" not in view.text()
