"""Turns of the real opencode that go well, and what goes wrong around its model."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from boocoder.events.agent_event import (
    Notice,
    PermissionAnswer,
    PromptSending,
    QuestionAnswer,
    TextDelta,
    ToolKind,
    ToolStatus,
)
from boocoder.model.agent import AgentState
from boocoder.model.turn import AgentSessionRef, Completed, Failed, ResumeStep
from tests.contract.port import RecordingPort
from tests.fixtures.opencode import OpenCodeDesk

pytestmark = [pytest.mark.opencode, pytest.mark.asyncio(loop_scope="module")]

QUESTION = (
    '[[tool question|{"questions": [{"question": "Which one?", "header": "Pick", "options": '
    '[{"label": "A", "description": "first"}, {"label": "B", "description": "second"}]}]}]]'
)
# The inner directives are escaped, so that they become directives only inside the sub-agent's own prompt.
SUBAGENT = (
    '[[tool task|{"description": "sub job", "subagent_type": "general", '
    '"prompt": "\\u005b\\u005bbash echo inner\\u005d\\u005d \\u005b\\u005bsay sub done\\u005d\\u005d"}]] [[say end]]'
)


async def test_probe_tells_version_models_and_modes(opencode: OpenCodeDesk) -> None:
    info = await opencode.backend.probe()
    assert info.state is AgentState.READY
    assert info.version == "1.18.33"
    assert info.models == ("llama-swap/scripted-small", "llama-swap/scripted-large")
    assert info.modes == ("build", "plan")
    assert info.default_model == "llama-swap/scripted-small"


async def test_two_turns_of_a_chat_share_session_and_server(opencode: OpenCodeDesk) -> None:
    worktree = opencode.shared
    script = "[[think hm]] [[say hello]] [[write a.txt|one]] [[bash echo hi; exit 3]] [[plan first; then]] [[say bye]]"
    port, outcome = await opencode.run(script, worktree)
    first_server, starts = opencode.backend.server.process, opencode.backend.server.starts
    assert outcome == Completed()
    assert port.opened.step is ResumeStep.FRESH
    assert (port.reasoning, port.text) == ("hm", "hellobye")
    assert (worktree / "a.txt").read_text() == "one"
    write, bash, _ = port.final_tools
    assert (write.kind, write.status, write.diffs[0].new_text) == (ToolKind.EDIT, ToolStatus.COMPLETED, "one")
    assert (bash.kind, bash.exit_code, bash.output) == (ToolKind.EXECUTE, 3, "hi\n")
    assert [entry.text for entry in port.plan.entries] == ["first", "then"]
    assert (port.usage.input_tokens, port.usage.context_tokens) == (400, 101)

    again, outcome = await opencode.run("[[recall]]", worktree, agent_session=port.agent_session)
    assert outcome == Completed()
    assert again.opened.step is ResumeStep.WARM
    assert again.opened.native_id == port.opened.native_id
    assert again.text.startswith("users=2:")
    assert opencode.backend.server.process is first_server
    assert opencode.backend.server.starts == starts


async def test_a_project_without_rules_adds_nothing(opencode: OpenCodeDesk) -> None:
    _, outcome = await opencode.run("[[say hello]] no-rules", opencode.shared)
    assert outcome == Completed()
    assert b"Instructions from:" not in (await opencode.model.wait_request("no-rules")).body


async def test_text_streams_while_the_model_speaks(opencode: OpenCodeDesk) -> None:
    port, outcome = await opencode.run("[[tokens 300]]", opencode.shared)
    assert outcome == Completed()
    assert len(port.of(TextDelta)) > 100
    assert port.text == "".join(f"w{n} " for n in range(300))


async def test_another_model_and_mode_per_prompt(opencode: OpenCodeDesk) -> None:
    worktree = opencode.shared
    port, outcome = await opencode.run("[[say large]] chosen-model", worktree, model="scripted-large", mode="plan")
    assert outcome == Completed()
    request = await opencode.model.wait_request("chosen-model")
    assert b"scripted-large" in request.body
    again, outcome = await opencode.run(
        "[[say small]]", worktree, model="llama-swap/scripted-small", agent_session=port.agent_session
    )
    assert (outcome, again.text) == (Completed(), "small")


async def test_a_permission_is_asked_and_its_answer_obeyed(opencode: OpenCodeDesk) -> None:
    worktree = opencode.shared
    request = opencode.request("[[read /etc/hostname]] [[say went on]]", worktree)
    port = RecordingPort(stop=request.stop, permission=PermissionAnswer(allowed=False, message="use another file"))
    assert await opencode.backend.run_turn(request, port) == Completed()
    (asked,) = port.permission_requests
    assert asked.tool == "external_directory"
    assert "/etc" in asked.argument
    assert asked.part == port.final_tools[0].part
    assert port.final_tools[0].status is ToolStatus.FAILED
    assert "use another file" in port.final_tools[0].output
    assert port.text == "went on"

    allowed, outcome = await opencode.run("[[read /etc/hostname]] [[say fine]]", worktree)
    assert outcome == Completed()
    assert len(allowed.permission_requests) == 1, "an answer holds for one call only"
    assert allowed.final_tools[0].status is ToolStatus.COMPLETED


async def test_a_question_is_asked_and_answered(opencode: OpenCodeDesk) -> None:
    request = opencode.request(f"{QUESTION} [[say thanks]]", opencode.shared)
    port = RecordingPort(stop=request.stop, question=QuestionAnswer((("B",),)))
    assert await opencode.backend.run_turn(request, port) == Completed()
    (asked,) = port.question_requests
    assert asked.questions[0].text == "Which one?"
    assert asked.questions[0].choices == ("A", "B")
    assert '"Which one?"="B"' in port.final_tools[0].output
    assert port.text == "thanks"


async def test_a_dismissed_question_ends_the_turn(opencode: OpenCodeDesk) -> None:
    request = opencode.request(f"{QUESTION} [[say never said]]", opencode.shared)
    port = RecordingPort(stop=request.stop, question=QuestionAnswer(None))
    assert await opencode.backend.run_turn(request, port) == Completed()
    assert port.final_tools[0].status is ToolStatus.FAILED
    assert port.text == ""


async def test_a_sub_agents_tools_show_under_its_call(opencode: OpenCodeDesk) -> None:
    port, outcome = await opencode.run(SUBAGENT, opencode.shared)
    assert outcome == Completed()
    assert port.text == "end", "a sub-agent's words are its call's output, not the answer"
    call, inner = port.final_tools
    assert (call.kind, call.status, call.parent) == (ToolKind.AGENT, ToolStatus.COMPLETED, "")
    assert "sub done" in call.output
    assert (inner.name, inner.output, inner.parent) == ("bash", "inner\n", call.part)
    assert port.usage.input_tokens == 400
    assert port.usage.context_tokens == 101


async def test_model_errors_are_named_and_the_next_prompt_is_answered(opencode: OpenCodeDesk) -> None:
    worktree = opencode.shared
    port, _ = await opencode.run("[[say begin]]", worktree)
    wrong: list[tuple[str, dict[str, Any], str]] = [
        ("[[fail 400]]", {}, "model_failed"),
        ("[[fail 401]]", {}, "model_failed"),
        ("[[bash echo one]] [[fail 400]]", {}, "model_failed"),
        ("[[say x]]", {"model": "nope"}, "model_unknown"),
        ("[[say x]]", {"mode": "nope"}, "agent_mode_unknown"),
        ("[[say words]] [[cut]]", {}, "model_loop"),
        ("[[fail 500]]", {}, "model_unreachable"),
        (" [[cut]]", {}, "model_loop"),
    ]
    for number, (prompt, more, code) in enumerate(wrong):
        _, outcome = await opencode.run(prompt, worktree, agent_session=port.agent_session, **more)
        assert isinstance(outcome, Failed), prompt
        assert (outcome.error.code, bool(outcome.error.text and outcome.error.cure)) == (code, True), prompt
        after, outcome = await opencode.run(f"[[say answer {number}]]", worktree, agent_session=port.agent_session)
        assert (outcome, after.text) == (Completed(), f"answer {number}"), f"lost after {prompt}"
        assert after.opened.native_id == port.opened.native_id


async def test_retries_are_shown_and_a_recovered_model_goes_on(opencode: OpenCodeDesk) -> None:
    port, outcome = await opencode.run("[[flaky 1 500]] [[say back again]]", opencode.shared)
    assert (outcome, port.text) == (Completed(), "back again")
    assert [notice.code for notice in port.of(Notice)] == ["model_retry"]


async def test_an_unreachable_model_is_given_up_after_the_limit(opencode: OpenCodeDesk) -> None:
    worktree = opencode.shared
    await opencode.backend.warm(worktree)
    began = time.monotonic()
    port, outcome = await opencode.run("[[fail 503]]", worktree)
    assert isinstance(outcome, Failed)
    assert outcome.error.code == "model_unreachable"
    assert [notice.code for notice in port.of(Notice)][:1] == ["model_retry"]
    assert 3.5 < time.monotonic() - began < 60, "opencode itself gives up after 65 s at the earliest"


async def test_a_session_that_is_gone_or_of_another_place_is_made_anew(opencode: OpenCodeDesk) -> None:
    port, _ = await opencode.run("[[say begin]]", opencode.shared)
    elsewhere = opencode.worktree()
    moved, outcome = await opencode.run(
        "[[recall]]", elsewhere, agent_session=port.agent_session, handover="Earlier the person said hello."
    )
    assert outcome == Completed()
    assert moved.opened.step is ResumeStep.HANDED_OVER
    assert moved.opened.native_id != port.opened.native_id
    assert "Earlier the person said hello." in moved.text
    gone = AgentSessionRef("ses_0000000000ffeAAAAAAAAAAAAAA", moved.opened.config_hash)
    fresh, outcome = await opencode.run("[[recall]]", elsewhere, agent_session=gone)
    assert outcome == Completed()
    assert fresh.opened.step is ResumeStep.FRESH
    assert fresh.of(Notice)[0].code == "session_not_resumed"


async def test_barriers_come_first_and_in_order(opencode: OpenCodeDesk) -> None:
    port, _ = await opencode.run("[[say x]]", opencode.shared)
    assert port.events[0] == port.opened
    assert port.events[1] == PromptSending()


@pytest.mark.slow
async def test_sixteen_sessions_at_once_do_not_mix(opencode: OpenCodeDesk) -> None:
    """Four in each of four worktrees: those of one worktree have the more in common."""
    worktrees = [opencode.worktree(f"side by side {number}") for number in range(4)]

    async def one(number: int) -> tuple[RecordingPort, object]:
        script = (
            f"[[say mine-{number} ]] [[write out-{number}.txt|file-{number}]] [[delay 0.01]] [[tokens 40]]"
            f" [[say -{number}]]"
        )
        return await opencode.run(script, worktrees[number % 4], timeout_s=280)

    results = await asyncio.gather(*(one(number) for number in range(16)))
    for number, (port, outcome) in enumerate(results):
        assert outcome == Completed()
        expected = f"mine-{number} " + "".join(f"w{n} " for n in range(40)) + f"-{number}"
        assert port.text == expected
        assert (worktrees[number % 4] / f"out-{number}.txt").read_text() == f"file-{number}"
        assert [call.name for call in port.final_tools] == ["write"]
    assert [sorted(path.name for path in one.glob("out-*")) for one in worktrees] == [
        sorted(f"out-{number}.txt" for number in range(first, 16, 4)) for first in range(4)
    ]
    assert len({port.opened.native_id for port, _ in results}) == 16
    for worktree in worktrees:
        await opencode.backend.forget(worktree)
