"""What every backend does during an undisturbed turn."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from boocoder.events.agent_event import (
    AgentDone,
    AgentEvent,
    AgentSessionOpened,
    PermissionAnswer,
    PlanStatus,
    PromptSending,
    QuestionAnswer,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    ToolKind,
    ToolStatus,
)
from boocoder.model.agent import AgentState
from boocoder.model.turn import Completed, Failed, ResumeStep, StopSignal
from tests.contract.case import BackendCase
from tests.contract.port import RecordingPort

pytestmark = pytest.mark.asyncio(loop_scope="module")

_ORDER = {ToolStatus.PENDING: 0, ToolStatus.RUNNING: 1}


def assert_forward_only(states: list[ToolCall]) -> None:
    """A call's status never goes back, ends in a final one, and stays there."""
    ranks = [_ORDER.get(state.status, 2) for state in states]
    assert ranks == sorted(ranks)
    assert states[-1].status.final
    assert len({state.status for state in states if state.status.final}) == 1
    assert len({state.name for state in states}) == 1


class FilesAtEnd(RecordingPort):
    """Notes which files the worktree has whenever the agent says that its turn has ended."""

    def __init__(self, *, stop: StopSignal, worktree: Path) -> None:
        super().__init__(stop=stop)
        self._worktree = worktree
        self.at_end: list[set[str]] = []

    async def emit(self, event: AgentEvent) -> None:
        if isinstance(event, AgentDone):
            self.at_end.append({path.name for path in self._worktree.iterdir()})
        await super().emit(event)


async def test_probe_says_ready(case: BackendCase) -> None:
    info = await case.backend.probe()
    assert info.state is AgentState.READY, info.reason
    assert info.backend == case.backend.name
    assert info.version
    assert info.default_model is None or info.default_model in info.models


async def test_barriers_come_first_and_once(case: BackendCase) -> None:
    port, outcome = await case.run("[[think hm]][[say hello]]")
    assert outcome == Completed()
    kinds = [type(event) for event in port.events]
    assert kinds.count(AgentSessionOpened) == kinds.count(PromptSending) == 1
    sending = kinds.index(PromptSending)
    assert kinds.index(AgentSessionOpened) < sending
    assert sending < min(kinds.index(TextDelta), kinds.index(ReasoningDelta))
    assert port.opened.step is ResumeStep.FRESH
    assert port.opened.native_id and port.opened.config_hash


async def test_text_exactly_once(case: BackendCase) -> None:
    port, outcome = await case.run("[[tokens 300]]")
    assert outcome == Completed()
    assert port.text.strip() == "".join(f"w{index} " for index in range(300)).strip()
    assert all(delta.text for delta in port.of(TextDelta))


async def test_text_of_any_script(case: BackendCase) -> None:
    said = "Grüße, 世界! 👩‍👩‍👧 \u2028line two\nline three <b>&amp;</b> `code` {json: true}"
    port, _ = await case.run(f"[[say {said}]]")
    assert port.text == said


async def test_a_prompt_without_directives_is_echoed(case: BackendCase) -> None:
    port, outcome = await case.run("please do nothing at all")
    assert (port.text, outcome) == ("ok: please do nothing at all", Completed())


async def test_reasoning_is_no_text(case: BackendCase) -> None:
    port, _ = await case.run("[[think first I think]][[say then I speak]]")
    assert port.reasoning.strip() == "first I think"
    assert port.text.strip() == "then I speak"
    assert not {delta.part for delta in port.of(TextDelta)} & {delta.part for delta in port.of(ReasoningDelta)}


async def test_tools_work_in_the_worktree(case: BackendCase) -> None:
    worktree = case.worktree()
    prompt = "[[say one]][[write sub/new.txt|hello\nthere]][[bash cat sub/new.txt > copy.txt; echo said]][[say two]]"
    request = case.request(prompt, worktree=worktree)
    port = FilesAtEnd(stop=request.stop, worktree=worktree)
    outcome = await case.run_request(request, port)
    assert outcome == Completed()
    assert (worktree / "sub/new.txt").read_text().strip() == "hello\nthere"
    assert (worktree / "copy.txt").read_text().strip() == "hello\nthere"
    for states in port.tools.values():
        assert_forward_only(states)
    write, bash = port.final_tools
    assert (write.kind, write.status) == (ToolKind.EDIT, ToolStatus.COMPLETED)
    assert "new.txt" in write.title and "new.txt" in write.input
    assert (bash.kind, bash.status, bash.exit_code) == (ToolKind.EXECUTE, ToolStatus.COMPLETED, 0)
    assert "cat sub/new.txt" in bash.input and "said" in bash.output
    order = [event.part for event in port.events if isinstance(event, (TextDelta, ToolCall))]
    assert list(dict.fromkeys(order))[1:3] == [write.part, bash.part]
    assert len(set(order)) == 4, "text before and after a tool are different parts"
    # What comes of a call after the agent's end is a late report: its tools have written all files by then.
    assert port.at_end in ([], [{".git", "README.md", "copy.txt", "sub"}])


async def test_reading_a_file(case: BackendCase) -> None:
    port, outcome = await case.run("[[read README.md]]")
    (read,) = port.final_tools
    assert outcome == Completed()
    assert (read.kind, read.status) == (ToolKind.READ, ToolStatus.COMPLETED)
    assert "A project." in read.output


async def test_a_failing_command_does_not_fail_the_turn(case: BackendCase) -> None:
    port, outcome = await case.run("[[bash echo oops >&2; exit 3]][[say went on]]")
    (bash,) = port.final_tools
    assert outcome == Completed()
    assert (bash.exit_code, bash.status) == (3, ToolStatus.COMPLETED)
    assert "oops" in bash.output
    assert port.text.strip() == "went on"


async def test_plan(case: BackendCase) -> None:
    port, outcome = await case.run("[[plan read; write; test]]")
    assert outcome == Completed()
    assert [entry.text for entry in port.plan.entries] == ["read", "write", "test"]
    assert [entry.status for entry in port.plan.entries] == [
        PlanStatus.IN_PROGRESS,
        PlanStatus.PENDING,
        PlanStatus.PENDING,
    ]


async def test_usage(case: BackendCase) -> None:
    port, _ = await case.run("[[usage 1234]][[say some words here]]")
    assert port.usage.input_tokens == 1234
    assert port.usage.output_tokens > 0
    assert port.usage.context_tokens >= 1234


@pytest.mark.asks_a_person
async def test_permission_allowed(case: BackendCase) -> None:
    worktree = case.worktree()
    port, outcome = await case.run(case.permission_prompt, worktree=worktree)
    (asked,) = port.permission_requests
    (tool,) = port.final_tools
    assert outcome == Completed()
    assert asked.key and asked.tool and asked.title and asked.argument
    assert asked.part in ("", tool.part)
    assert tool.status is ToolStatus.COMPLETED


@pytest.mark.asks_a_person
async def test_permission_refused(case: BackendCase) -> None:
    request = case.request(case.permission_prompt + "[[say went on]]")
    port = RecordingPort(stop=request.stop, permission=PermissionAnswer(allowed=False, message="Not on my machine."))
    outcome = await case.run_request(request, port)
    (tool,) = port.final_tools
    assert outcome == Completed()
    assert tool.status is ToolStatus.FAILED
    assert "Not on my machine." in tool.output
    assert port.text.strip() == "went on"
    assert not (request.worktree / "asked.txt").exists()


@pytest.mark.asks_a_person
async def test_question_answered(case: BackendCase) -> None:
    request = case.request(case.question_prompt + "[[say went on]]")
    port = RecordingPort(stop=request.stop, question=QuestionAnswer((("B",),)))
    outcome = await case.run_request(request, port)
    (asked,) = port.question_requests
    assert outcome == Completed()
    assert (asked.questions[0].text, asked.questions[0].choices) == ("Which one?", ("A", "B"))
    assert "went on" in port.text


async def test_a_failure_is_named_and_the_next_turn_works(case: BackendCase) -> None:
    port, outcome = await case.run("[[fail 400]]")
    assert isinstance(outcome, Failed)
    assert outcome.error.code == "model_failed"
    assert "400" in outcome.error.text
    assert outcome.error.cure
    after, outcome = await case.run("[[say fine again]]", agent_session=port.agent_session)
    assert (after.text, outcome) == ("fine again", Completed())


async def test_sessions_side_by_side_do_not_mix(case: BackendCase) -> None:
    requests = [
        case.request(
            f"[[delay 0.01]][[say from {n}]][[write me.txt|file {n}]][[tokens 40]][[say last {n}]]",
            worktree=case.worktree(),
        )
        for n in range(4)
    ]
    ports = [RecordingPort(stop=request.stop) for request in requests]
    outcomes = await asyncio.gather(
        *(case.run_request(request, port) for request, port in zip(requests, ports, strict=True))
    )
    assert outcomes == [Completed()] * 4
    counted = "".join(f"w{index} " for index in range(40))
    for number, (request, port) in enumerate(zip(requests, ports, strict=True)):
        assert port.text == f"from {number}{counted}last {number}"
        assert (request.worktree / "me.txt").read_text().strip() == f"file {number}"
    assert len({port.opened.native_id for port in ports}) == 4
