"""Command lines, settings, sessions and journals of the one-shot backend."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from boocoder.backends.oneshot.command.command_line import command_line, config_hash, environment
from boocoder.backends.oneshot.formats import tool_view
from boocoder.backends.oneshot.formats.event_builder import EventBuilder, joined
from boocoder.backends.oneshot.session_setup import choose_session
from boocoder.backends.oneshot.session_store import KnownSession, OneShotSessionStore
from boocoder.backends.oneshot.settings import OneShotAgent
from boocoder.backends.oneshot.stdio import control
from boocoder.backends.shared.line_journal import LineJournal, journal_path, read_journal
from boocoder.backends.shared.usage_meaning import UsageMeaning
from boocoder.errors import InvalidInput
from boocoder.events.agent_event import AgentEvent, ReasoningDelta, TextDelta, ToolCall, ToolKind, ToolStatus, Usage
from boocoder.model.ids import ChatId, SessionId, TaskId, new_id
from boocoder.model.turn import AgentSessionRef, ResumeStep, TurnRequest

AGENT = OneShotAgent(
    name="some",
    argv=("some", "run"),
    model_args=("-m", "{model}"),
    mode_args=("--mode={mode}",),
    thinking_args=("--think", "{thinking}"),
    new_session_args=("--id", "{session}"),
    resume_args=("--resume", "{session}"),
    prompt_args=("--", "{prompt}"),
    env={"MODE": "{mode}", "HERE": "{worktree}"},
    safe_mode="careful",
    free_mode="wild",
)


def request(**more: Any) -> TurnRequest:
    fields = {"prompt": "do it", "worktree": Path("/some/where"), **more}
    return TurnRequest(
        task_id=TaskId(new_id()),
        epoch=1,
        session_id=SessionId(new_id()),
        chat_id=ChatId(new_id()),
        agent="some",
        **fields,
    )


def line(of: TurnRequest, *session_args: str, prompt: str = "do it") -> tuple[str, ...]:
    return command_line(AGENT, of, session_args=session_args, session="S", prompt=prompt)


def test_only_what_the_turn_names_stands_in_the_command() -> None:
    assert line(request()) == ("some", "run", "--mode=careful", "--", "do it")
    full = line(request(model="m", mode="x", thinking="high"), "--id", "{session}")
    assert full == ("some", "run", "-m", "m", "--mode=x", "--think", "high", "--id", "S", "--", "do it")


def test_yolo_is_the_free_mode() -> None:
    assert "--mode=wild" in line(request(mode="yolo"))


def test_placeholders_in_a_prompt_stay() -> None:
    assert line(request(model="m"), prompt="{model} {session} {prompt} {}")[-1] == "{model} {session} {prompt} {}"


def test_environment() -> None:
    assert environment(AGENT, request(), session="S") == {"MODE": "careful", "HERE": "/some/where"}


def test_a_toml_table_makes_an_agent() -> None:
    table = {
        "name": "x",
        "argv": ["x"],
        "prompt": "stdin",
        "usage": "cumulative",
        "terminal": "pipe",
        "format": "codex",
    }
    agent = msgspec.convert(table, OneShotAgent)
    assert (agent.argv, agent.usage) == (("x",), UsageMeaning.CUMULATIVE)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"argv": ()}, "no command"),
        ({"prompt_args": ()}, "never gets its prompt"),
        ({"terminal": "pty", "prompt": "stdin"}, "terminal"),
        ({"terminal": "pty", "kept_open": True, "format": "claude"}, "terminal"),
        ({"error_text": "("}, "regular expression"),
        ({"format": "klingon"}, "cannot read"),
        ({"kept_open": True, "format": "plain"}, "kept open"),
    ],
)
def test_settings_that_do_not_fit(more: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as raised:
        msgspec.convert({"name": "x", "argv": ["x"], **more}, OneShotAgent)
    assert raised.value.cure


def test_sessions_are_kept_and_forgotten(tmp_path: Path) -> None:
    store = OneShotSessionStore(tmp_path / "sessions")
    id = "0" * 36
    assert store.get(id) is None
    store.put(id, KnownSession("theirs", Usage(input_tokens=5)))
    assert store.get(id) == KnownSession("theirs", Usage(input_tokens=5))
    store.forget(id)
    assert store.get(id) is None
    assert store.get("../../etc/passwd") is None


def test_the_ladder(tmp_path: Path) -> None:
    store = OneShotSessionStore(tmp_path)
    id, hash = "a" * 36, config_hash(AGENT, Path("/some/where"))
    store.put(id, KnownSession("theirs"))
    good = choose_session(AGENT, request(agent_session=AgentSessionRef(id, hash)), store)
    assert (good.native_id, good.step, good.notices) == (id, ResumeStep.RESUMED, ())
    for ref in (
        AgentSessionRef(id, "another"),
        AgentSessionRef("b" * 36, hash),
        AgentSessionRef(id, hash, crashed=True),
    ):
        fresh = choose_session(AGENT, request(agent_session=ref), store)
        told = request(agent_session=ref, handover="so far")
        handed = choose_session(AGENT, told, store)
        assert (fresh.step, handed.step) == (ResumeStep.FRESH, ResumeStep.HANDED_OVER)
        assert fresh.native_id != id and fresh.notices
        assert told.prompt_text(handed.step) == "so far\n\ndo it"
    assert request(handover="so far").prompt_text(good.step) == "do it"
    ref = AgentSessionRef(id, hash, unfinished=("make",))
    assert choose_session(AGENT, request(agent_session=ref), store).step is ResumeStep.RESUMED
    careful = choose_session(replace(AGENT, fresh_after_kill=True), request(agent_session=ref), store)
    assert careful.step is ResumeStep.FRESH


def test_a_journal_reads_back(tmp_path: Path) -> None:
    path = journal_path(tmp_path, ChatId(new_id()))
    task = TaskId(new_id())
    journal = LineJournal(path=path, task_id=task, agent="some")
    journal.write(b"= a line that looks like ours")
    journal.write(b"")
    journal.ended(3)
    journal.close()
    with path.open("ab") as file:
        file.write(b">torn")
    recorded = read_journal(path, task)
    assert recorded is not None
    assert (recorded.lines, recorded.how) == ((b"= a line that looks like ours", b""), 3)
    assert read_journal(path, TaskId(new_id())) is None
    assert read_journal(tmp_path / "none", task) is None


def test_a_tool_call_never_goes_back() -> None:
    story = EventBuilder()
    story.tool("1", name="bash", given={"command": "ls"}, status=ToolStatus.RUNNING)
    assert story.tool("1", status=ToolStatus.PENDING) == []
    (ended,) = story.tool("1", status=ToolStatus.COMPLETED, output="x")
    assert isinstance(ended, ToolCall) and ended.title == "ls"
    assert story.tool("1", status=ToolStatus.FAILED, output="y") == []
    assert story.close_tools(completed=False) == []


@pytest.mark.parametrize(
    ("output", "code"),
    [
        ("Exit code 3\nno", 3),
        ("Output: x\nExit Code: 0\nSignal: none", 0),
        ("no\n\nCommand exited with code 127", 127),
        ("x\n<shellId: 0 completed with exit code 3>", 3),
        ("nothing of it", None),
    ],
)
def test_exit_codes_in_words(output: str, code: int | None) -> None:
    assert tool_view.exit_code_in(output) == code


def test_tool_views() -> None:
    given = {"file_path": "a.txt", "old_string": "x", "new_string": "y"}
    (diff,) = tool_view.diffs_of(ToolKind.EDIT, given)
    assert (diff.path, diff.old_text, diff.new_text) == ("a.txt", "x", "y")
    assert tool_view.title_of("Bash", ToolKind.EXECUTE, {"command": "one\ntwo"}) == "one"
    assert tool_view.argument_of({"cmd": ["ls", "-l"]}) == "ls -l"
    (entry,) = tool_view.plan_of("TodoWrite", {"todos": [{"content": "do", "status": "done"}, {"content": ""}, 5]})
    assert entry.text == "do"


def test_control_lines() -> None:
    asked = control.read_control(b'{"type":"control_request","request_id":"1","request":{"subtype":"can_use_tool"}}')
    assert isinstance(asked, control.ControlRequest) and asked.subtype == "can_use_tool"
    assert control.read_control(b'{"type":"control_cancel_request","request_id":"1"}') == control.RequestWithdrawn("1")
    answer = control.read_control(
        b'{"type":"control_response","response":{"subtype":"error","request_id":"2","error":"no"}}'
    )
    assert answer == control.ControlResponse("2", {}, "no")
    assert control.read_control(b'"control_request"') is None
    assert control.read_control(b"{control_") is None
    assert msgspec.json.decode(control.user_message("hi"))["message"]["content"][0]["text"] == "hi"


def test_a_tool_call_without_an_end_is_neither_done_nor_failed() -> None:
    story = EventBuilder()
    story.tool("1", name="bash", status=ToolStatus.RUNNING, output="half")
    (ended,) = story.close_tools(completed=True)
    assert isinstance(ended, ToolCall) and ended.status is ToolStatus.UNREPORTED


def test_only_neighbouring_pieces_of_one_text_are_joined() -> None:
    tool = ToolCall("t", "bash", kind=ToolKind.EXECUTE, title="ls", status=ToolStatus.RUNNING)
    said: list[AgentEvent] = [TextDelta("text-1", "a"), TextDelta("text-1", "b"), ReasoningDelta("text-1", "c"), tool]
    later: list[AgentEvent] = [TextDelta("text-1", "d"), TextDelta("text-2", "e"), TextDelta("text-2", "f")]
    assert joined([*said, *later]) == [
        TextDelta("text-1", "ab"),
        ReasoningDelta("text-1", "c"),
        tool,
        TextDelta("text-1", "d"),
        TextDelta("text-2", "ef"),
    ]
    assert joined([]) == []
