"""Recorded output of real agents, read by the format of each."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from boocoder.backends.oneshot.formats.reader import OutputReader
from boocoder.backends.oneshot.formats.registry import reader_of
from boocoder.backends.oneshot.outcome import TurnFacts, classify, resume_refused
from boocoder.backends.oneshot.settings import OneShotAgent
from boocoder.backends.shared.error_messages import failed_by_words
from boocoder.events.agent_event import (
    AgentEvent,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    ToolKind,
    ToolStatus,
)
from boocoder.model.turn import Completed, Failed, Outcome
from tests.paths import GOLDEN

RECORDED = GOLDEN / "oneshot"
SCENES = sorted(path.stem for path in RECORDED.glob("*.jsonl"))
BASIC = [scene for scene in SCENES if scene.endswith("-basic")]
FAILED = [scene for scene in SCENES if scene.endswith("-fail")]
WITHOUT_THOUGHTS = {"gemini"}
GOOSE_ERROR = r"Ran into this error: (.*?)\s*Please retry if you think this is a transient or recoverable error\."


@dataclass
class Read:
    """A recording as it was read."""

    reader: OutputReader
    events: list[AgentEvent]

    def text(self, kind: type[TextDelta | ReasoningDelta]) -> str:
        return "".join(event.text for event in self.events if isinstance(event, kind))

    @property
    def tools(self) -> list[ToolCall]:
        """The newest state of each call."""
        newest = {event.part: event for event in self.events if isinstance(event, ToolCall)}
        return list(newest.values())


def read(scene: str) -> Read:
    """Read a recording to its end."""
    reader = reader_of(scene.partition("-")[0])
    lines = (RECORDED / f"{scene}.jsonl").read_bytes().split(b"\n")
    events = [event for line in lines for event in reader.take(line)]
    return Read(reader, events + reader.finish())


def outcome_of(found: Read, returncode: int) -> Outcome:
    agent = OneShotAgent(name="agent", argv=("agent",), error_text=GOOSE_ERROR)
    return classify(TurnFacts(found.reader, returncode), agent)


@pytest.mark.parametrize("scene", BASIC)
def test_a_turn_with_thoughts_text_and_tools(scene: str) -> None:
    found = read(scene)
    assert outcome_of(found, 0) == Completed()
    assert found.text(TextDelta) == "before the toolafter"
    agent = scene.partition("-")[0]
    assert found.text(ReasoningDelta) == ("" if agent in WITHOUT_THOUGHTS else "first I think")
    assert len({event.part for event in found.events if isinstance(event, TextDelta)}) == 2
    assert found.tools and all(tool.status.final for tool in found.tools)
    assert found.reader.broken == 0
    if agent not in ("goose", "cline"):  # their sessions have names chosen by boocoder, or none
        assert found.reader.story.native_id


@pytest.mark.parametrize("scene", [scene for scene in BASIC if scene.partition("-")[0] not in ("cline", "vibe")])
def test_a_command_that_ends_badly_was_run_all_the_same(scene: str) -> None:
    write, shell = read(scene).tools
    assert "new.txt" in write.title
    assert (shell.kind, shell.status) == (ToolKind.EXECUTE, ToolStatus.COMPLETED)
    assert "said" in shell.output and "exit 3" in shell.input
    if not scene.startswith("gemini"):  # it does not tell
        assert shell.exit_code == 3


@pytest.mark.parametrize("scene", FAILED)
def test_a_failing_model_is_a_named_failure(scene: str) -> None:
    returncode = 0 if scene.startswith("goose") else 1
    outcome = outcome_of(read(scene), returncode)
    assert isinstance(outcome, Failed)
    if not scene.startswith("cline"):  # it leaves the status out
        assert outcome.error.code == "model_failed"
        assert "400" in outcome.error.text
    assert outcome.error.cure


@pytest.mark.parametrize("scene", [scene for scene in BASIC if scene.partition("-")[0] not in ("copilot", "vibe")])
def test_usage(scene: str) -> None:
    usage = read(scene).reader.story.usage
    assert (usage.input_tokens, usage.output_tokens) == (300, 7)


def test_a_tool_that_needs_approval_is_refused_by_the_agent() -> None:
    found = read("claude-denied")
    (tool,) = found.tools
    assert (tool.status, tool.exit_code) == (ToolStatus.FAILED, None)
    assert "needs approval" in tool.output
    assert outcome_of(found, 0) == Completed()


def test_a_session_that_is_gone_is_told_apart_from_a_failure() -> None:
    agent = OneShotAgent(name="agent", argv=("agent",))
    assert resume_refused(TurnFacts(read("claude-gone").reader, 1), agent)
    assert not resume_refused(TurnFacts(read("claude-fail").reader, 1), agent)
    assert not resume_refused(TurnFacts(read("claude-basic").reader, 0), agent)


def test_a_missing_login_is_named_with_the_command() -> None:
    agent = OneShotAgent(name="agent", argv=("agent",), login="agent login")
    outcome = classify(TurnFacts(read("claude-nologin").reader, 1), agent)
    assert isinstance(outcome, Failed)
    assert outcome.error.code == "agent_login_needed"
    assert "agent login" in outcome.error.cure


@pytest.mark.parametrize("scene", BASIC)
def test_a_torn_recording_never_reads_as_complete(scene: str) -> None:
    lines = (RECORDED / f"{scene}.jsonl").read_bytes().split(b"\n")
    last_words = next(place for place in reversed(range(len(lines))) if b'"after"' in lines[place])
    for end in range(last_words - 1):
        reader = reader_of(scene.partition("-")[0])
        for line in lines[:end]:
            reader.take(line)
        outcome = classify(TurnFacts(reader, -9), OneShotAgent(name="agent", argv=("agent",)))
        assert isinstance(outcome, Failed), end


def test_words_of_failures() -> None:
    assert failed_by_words("maximum context length is 8192").error.code == "context_overflow"
    assert failed_by_words("401 nope").error.code == "model_failed"
