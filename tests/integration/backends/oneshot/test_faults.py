"""A command that breaks in many ways: nothing hangs, every end has a name, no process is left."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from boocoder.events.agent_event import Notice, TextDelta
from boocoder.model.turn import Completed, Failed, Interrupted, Outcome
from tests.contract.port import RecordingPort
from tests.fakes.oneshot.faults import FAULTS
from tests.fakes.oneshot.harness import desk, fake_agent

PROMPT = "[[say hello]]"
STOPPED = {"hang", "deaf"}  # end only when somebody asks: tests/integration/test_oneshot_stops.py
KEPT_OPEN = {
    *("exit-at-start", "garbage-at-start", "no-initialize-answer", "initialize-error", "initialize-odd"),
    *("ignores-interrupt", "strange-request"),
}
ON_RESUME = {"resume-refused", "resume-fails", "resume-refused-late"}


@dataclass(frozen=True)
class Expected:
    """How a turn of `PROMPT` ends with a fault.

    Args:
        end: "completed", or the code of the failure or interruption.
        text: the whole answer.
        notice: code of a notice that is told, "" if none may be told.
        words: stand in the error's text.
    """

    end: str = "completed"
    text: str | None = "hello"
    notice: str = ""
    words: str = ""


def failed(code: str, text: str | None = "hello", words: str = "", notice: str = "") -> Expected:
    """A named end without success."""
    return Expected(code, text, notice, words=words)


FINE = Expected()
EXPECTED: dict[str, Expected] = {
    "none": FINE,
    "no-result": failed("agent_no_result"),
    "half-line": failed("agent_no_result", notice="agent_garbled", words="could not be read"),
    "no-final-newline": FINE,
    "crlf": FINE,
    "exit-3": failed("agent_failed", words="something broke inside"),
    "exit-3-silent": failed("agent_failed", words="exit code 3"),
    "exit-3-after-result": Expected(notice="agent_ended_badly"),
    "signal-9": failed("agent_died", words="SIGKILL"),
    "signal-term": failed("agent_died", words="SIGTERM"),
    "signal-segv": failed("agent_died", words="SIGSEGV"),
    "hang-after-result": FINE,
    "deaf-after-result": FINE,
    "closes-stdout": failed("agent_closed_output"),
    "grandchild-holds-pipe": FINE,
    "daemon-in-own-session": FINE,
    "daemon-without-result": failed("agent_no_result"),
    "banner": FINE,
    "scalar-lines": FINE,
    "broken-json": Expected(notice="agent_garbled"),
    "two-on-a-line": Expected(notice="agent_garbled"),
    "deep-json": Expected(notice="agent_garbled"),
    "nul-bytes": Expected(text="A\0B hello"),
    "invalid-utf8": Expected(text="A\ufffdB hello"),
    "slow-bytes": Expected(text="grüß hello"),
    "lone-surrogate": Expected(text="A\ud800B hello"),
    "long-line": Expected(text="x" * 600_000 + "hello"),
    "line-too-long": Expected(notice="agent_garbled"),
    "stdout-flood": FINE,
    "stderr-flood": FINE,
    "unknown-events": FINE,
    "odd-types": FINE,
    "double-result": FINE,
    "text-after-result": Expected(text="hello late"),
    "result-null": FINE,
    "result-odd-usage": FINE,
    "error-result": failed("agent_failed", words="on fire"),
    "error-without-words": failed("agent_failed", words="error during execution"),
    "step-limit": failed("agent_step_limit"),
    "login-result": failed("agent_login_needed", words="Not logged in"),
    "login-text": failed("agent_login_needed", "", words="please log in"),
    "overflow": failed("context_overflow"),
    "unreachable": failed("model_unreachable", words="ECONNREFUSED"),
    "exit-at-launch": failed("agent_failed", "", words="cannot begin"),
    "exit-0-at-launch": failed("agent_no_result", ""),
    # plain text
    "plain-codes": Expected(text="step 3/3\ngreen and bold", notice="output_stripped"),
    "plain-nothing": failed("agent_gave_nothing", ""),
    "plain-blank": failed("agent_gave_nothing", ""),
    "plain-exit-2": failed("agent_failed", "half an answer", words="it broke"),
    "plain-nul": Expected(text="onetwo", notice="output_stripped"),
    "plain-latin": Expected(text="caf\ufffd"),
    "plain-no-newline": Expected(text="the end"),
    "plain-login": failed("agent_login_needed", "", words="not logged in"),
    "plain-many": Expected(text="\n".join(["line"] * 50_000)),
}


def assert_as_expected(expected: Expected, port: RecordingPort, outcome: Outcome) -> None:
    """The turn ended as it should, and says so in words."""
    if expected.end == "completed":
        assert outcome == Completed()
    else:
        assert isinstance(outcome, Failed | Interrupted), outcome
        assert outcome.error.code == expected.end, outcome
        assert expected.words in outcome.error.text
        assert outcome.error.text and outcome.error.cure
    if expected.text is not None:
        assert port.text == expected.text
    assert {notice.code for notice in port.of(Notice)} == ({expected.notice} if expected.notice else set())
    assert all(tool.status.final for tool in port.final_tools)


def test_every_fault_is_expected_somewhere() -> None:
    assert set(FAULTS) == set(EXPECTED) | STOPPED | KEPT_OPEN | ON_RESUME
    assert len(FAULTS) >= 60


@pytest.mark.parametrize("fault", sorted(EXPECTED))
async def test_fault(fault: str, tmp_path: Path) -> None:
    expected = EXPECTED[fault]
    flags = ("--plain",) if fault.startswith("plain-") else ()
    async with desk(tmp_path, fake_agent(tmp_path, fault, *flags)) as opened:
        port, outcome = await opened.run(PROMPT)
        assert_as_expected(expected, port, outcome)
        if fault == "plain-many":
            assert len(port.of(TextDelta)) < 5_000, "lines that come together are told together"
        await opened.wait_gone()


@pytest.mark.parametrize("fault", ["none", "exit-3", "error-result", "stdout-flood", "daemon-in-own-session"])
async def test_the_next_turn_of_the_chat_works(fault: str, tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path, fault)) as opened:
        first, _ = await opened.run(PROMPT)
    async with desk(tmp_path, fake_agent(tmp_path)) as opened:
        second, outcome = await opened.run(PROMPT, agent_session=first.agent_session)
        assert (second.text, outcome) == ("hello", Completed())


async def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    agent = fake_agent(tmp_path, argv=("no-such-agent-anywhere",))
    async with desk(tmp_path, agent) as opened:
        port, outcome = await opened.run(PROMPT)
        assert isinstance(outcome, Failed)
        assert (outcome.error.code, port.text) == ("program_missing", "")
        assert outcome.error.cure


async def test_a_file_that_is_no_program(tmp_path: Path) -> None:
    (tmp_path / "agent").write_text("not a program")
    async with desk(tmp_path, fake_agent(tmp_path, argv=(str(tmp_path / "agent"),))) as opened:
        _, outcome = await opened.run(PROMPT)
        assert isinstance(outcome, Failed)
        assert outcome.error.code == "program_not_executable"


async def test_a_prompt_that_is_too_long_for_a_command_line(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path)) as opened:
        _, outcome = await opened.run("x" * 300_000)
        assert isinstance(outcome, Failed)
        assert outcome.error.code == "arguments_too_long"
