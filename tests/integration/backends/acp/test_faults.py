"""The ACP backend on a fake agent that breaks in many ways: nothing hangs, every end has a name, nothing is left."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from boocoder.events.agent_event import Notice, ToolStatus
from boocoder.model.turn import Completed, Failed, Interrupted, Outcome
from tests.contract.port import RecordingPort
from tests.fakes.acp.faults import FAULTS
from tests.fakes.acp.harness import AcpHarness, desk, fake_agent

PROMPT = "[[say hello]]"


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


def failed(code: str, text: str | None = "", words: str = "", notice: str = "") -> Expected:
    """A named end without success."""
    return Expected(code, text, notice, words)


FINE = Expected()
EXPECTED: dict[str, Expected] = {
    "none": FINE,
    "crlf": FINE,
    "string-ids": FINE,
    "models-late": FINE,
    # before a session
    "exit-before-initialize": failed("agent_died", words="exit code 7"),
    "exit-at-initialize": failed("agent_died", words="exit code 9"),
    "garbage-start": FINE,
    "stderr-at-start": FINE,
    "no-initialize-answer": failed("agent_no_answer", words="initialize"),
    "initialize-error": failed("agent_refused", words="Invalid params"),
    "initialize-null": FINE,
    "initialize-list": FINE,
    "protocol-echo": FINE,
    "protocol-text": FINE,
    "capabilities-odd": FINE,
    "new-login": failed("agent_login_needed", words="Authentication required"),
    "new-error": failed("agent_no_session", words="disk full"),
    "new-null": failed("agent_no_session", words="no id"),
    "new-id-number": failed("agent_no_session", words="no id"),
    "new-hangs": failed("agent_no_answer", words="session/new"),
    "exit-at-new": failed("agent_died", words="exit code 11"),
    # the prompt's answer
    "prompt-login": failed("agent_login_needed"),
    "prompt-code-400": failed("model_failed", words="400"),
    "prompt-code-text": failed("model_failed", words="429 slow down"),
    "prompt-error-empty": failed("agent_failed"),
    "prompt-error-string": failed("agent_failed", words="no"),
    "prompt-session-gone": failed("agent_session_gone"),
    "result-null": failed("agent_gave_nothing"),
    "exit-at-prompt": failed("agent_died", words="the fake has a reason to die"),
    "empty-turn": failed("agent_gave_nothing"),
    "no-stop-reason": Expected(notice="unknown_stop_reason"),
    "unknown-stop-reason": Expected(notice="unknown_stop_reason"),
    "stop-reason-number": Expected(notice="unknown_stop_reason"),
    "result-list": Expected(notice="unknown_stop_reason"),
    "max-tokens": Expected(notice="answer_cut_at_limit"),
    "max-turn-requests": failed("agent_step_limit", "hello"),
    "refusal": failed("model_refused", "hello"),
    "cancelled-unasked": failed("agent_aborted", "hello"),
    "result-and-error": failed("agent_failed", "hello", words="both"),
    "result-and-null-error": FINE,
    "usage-odd": FINE,
    "updates-after-result": Expected(text="hello late"),
    "duplicate-answer": FINE,
    "no-final-newline": FINE,
    # lines
    "scalar-lines": Expected(notice="agent_garbled"),
    "banner-lines": FINE,
    "broken-json": Expected(notice="agent_garbled"),
    "two-on-a-line": Expected(notice="agent_garbled"),
    "over-lines": Expected(notice="agent_garbled"),
    "deep-json": Expected(notice="agent_garbled"),
    "line-too-long": Expected(notice="agent_garbled"),
    "long-line": FINE,
    "unknown-answers": FINE,
    "odd-numbers": FINE,
    "unknown-notifications": FINE,
    "invalid-utf8": Expected(text="A\ufffdB hello"),
    "batch": Expected(text="one two hello"),
    "slow-bytes": Expected(text="grüß hello"),
    "stderr-flood": FINE,
    "unknown-requests": Expected(text="codes {-32601} hello"),
    # updates
    "unknown-update": Expected(notice="unknown_update"),
    "odd-updates": FINE,
    "empty-chunks": FINE,
    "echo": FINE,
    "pictures": Expected(notice="content_not_shown"),
    "surrogate-halves": Expected(text="A\ud83d\ude00B hello"),
    "lone-surrogate": Expected(text="A\ud800B hello"),
    "nul-text": Expected(text="A\0B hello"),
    "duplicate-deltas": Expected(text="twice twice hello"),
    "cumulative": Expected(text=None, notice="text_repeated"),
    "many-deltas": Expected(text="x" * 100_000),
    "drips": Expected(text="".join(f"w{number} " for number in range(20))),
    "negative-usage": FINE,
    "update-before-call": FINE,
    "call-twice": FINE,
    "status-backwards": FINE,
    "never-ends": FINE,
    "tool-without-id": Expected(notice="unknown_update"),
    "tool-id-number": FINE,
    "tool-odd-fields": FINE,
    "terminal-output": FINE,
    "sub-agent": FINE,
    "mode-changes": Expected(notice="mode_changed"),
    "wrong-session": Expected(notice="update_of_unknown_session"),
    # permissions
    "permission-without-options": Expected(text="outcome cancelled hello", notice="permission_without_options"),
    "permission-with-1000-options": Expected(text="outcome yes hello"),
    "permission-without-allow": Expected(text="outcome cancelled hello"),
    "permission-only-always": Expected(text="outcome always hello"),
    "permission-odd-options": Expected(text="outcome yes hello"),
    "permission-without-call": Expected(text="outcome yes hello"),
    "permission-only-id": Expected(text="outcome yes hello"),
    # deaths
    "killed-mid-turn": failed("agent_died", "before", words="signal 9"),
    "dies-holding-the-pipe": failed("agent_died", "before", words="the pipe is held"),
    "forks-a-daemon": FINE,
    "closes-stdout": failed("agent_died", "before", words="closed its output"),
    # without effect on an undisturbed turn
    **dict.fromkeys(
        (
            "load-fails",
            "load-dies",
            "load-hangs",
            "load-without-replay",
            "replay-late",
            "resume-login",
            "mode-lies",
            "mode-empty",
            "servers-refused",
            "servers-hang",
        ),
        FINE,
    ),
    **dict.fromkeys(
        ("mode-error", "cancel-ignored", "cancel-dies", "cancel-leaves-child", "permission-after-cancel"), FINE
    ),
}
ELSEWHERE = {
    *("prompt-silence", "stops-reading", "cancel-error"),  # they end by a stop only: test_stops.py
    *("runs-again", "runs-again-asking"),  # test_rerun.py
}


def test_every_fault_is_tested() -> None:
    assert len(FAULTS) > 90
    assert set(EXPECTED) | ELSEWHERE == set(FAULTS)


@pytest.mark.parametrize("fault", sorted(EXPECTED))
async def test_fault(tmp_path: Path, fault: str) -> None:
    expected = EXPECTED[fault]
    async with desk(tmp_path, fake_agent(tmp_path, fault)) as acp:
        port, outcome = await acp.run(PROMPT)
        check(expected, port, outcome)
        if isinstance(outcome, Failed) and outcome.error.code == "agent_died":
            await acp.wait_gone()


def check(expected: Expected, port: RecordingPort, outcome: Outcome) -> None:
    """The outcome, the answer and the notices are as expected; every tool call has ended."""
    if expected.end == "completed":
        assert outcome == Completed()
    else:
        assert isinstance(outcome, Failed | Interrupted)
        assert outcome.error.code == expected.end, outcome
        assert outcome.error.text and outcome.error.cure
        assert expected.words in outcome.error.text
    assert expected.text is None or port.text == expected.text
    assert {notice.code for notice in port.of(Notice)} == ({expected.notice} if expected.notice else set())
    assert all(tool.status.final for tool in port.final_tools)


async def turn(tmp_path: Path, fault: str) -> RecordingPort:
    """One turn with a fault."""
    async with desk(tmp_path, fake_agent(tmp_path, fault)) as acp:
        port, outcome = await acp.run(PROMPT)
    assert outcome == Completed()
    return port


async def test_death_is_told_at_once_though_the_pipe_is_held(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path, "dies-holding-the-pipe")) as acp:
        request = acp.request(PROMPT)
        port = RecordingPort(stop=request.stop)
        outcome = await acp.run_request(request, port)
        assert isinstance(outcome, Failed)
        assert "exit code 9" in outcome.error.text
        await acp.wait_gone()


async def test_terminal_output_in_meta(tmp_path: Path) -> None:
    (tool,) = (await turn(tmp_path, "terminal-output")).final_tools
    assert (tool.output, tool.exit_code, tool.status) == ("one\ntwo\n", 4, ToolStatus.COMPLETED)


async def test_a_sub_agent_is_kept_apart(tmp_path: Path) -> None:
    port = await turn(tmp_path, "sub-agent")
    assert port.reasoning == "from below "
    assert port.text == "hello"
    task, below = port.final_tools
    assert (task.parent, below.parent) == ("", "task")


async def test_a_call_without_end_is_closed(tmp_path: Path) -> None:
    port = await turn(tmp_path, "never-ends")
    assert [state.status for state in port.tools["n"]] == [ToolStatus.RUNNING, ToolStatus.UNREPORTED]


async def test_a_call_announced_twice_is_one(tmp_path: Path) -> None:
    (tool,) = (await turn(tmp_path, "call-twice")).final_tools
    assert (tool.title, tool.status) == ("ls", ToolStatus.COMPLETED)


async def test_odd_counts_are_none(tmp_path: Path) -> None:
    port = await turn(tmp_path, "usage-odd")
    assert port.usage.input_tokens == 0
    assert port.usage.output_tokens == 10**15


async def test_cumulative_text_is_cut_to_its_news_once_it_is_certain(tmp_path: Path) -> None:
    port = await turn(tmp_path, "cumulative")
    whole = "".join(f"w{number} " for number in range(40))
    assert port.text.endswith(whole[12:])
    assert len(port.text) < len(whole) + 20


async def test_permission_is_asked_with_what_is_known(tmp_path: Path) -> None:
    port = await turn(tmp_path, "permission-with-1000-options")
    (asked,) = port.permission_requests
    assert asked.part == "p"
    assert len(asked.options) == 32
    assert {option.kind for option in asked.options} == {"allow_once", "reject_once"}


async def all_well(acp: AcpHarness) -> None:
    """The next turn works."""
    _, outcome = await acp.run("[[say fine]]")
    assert outcome == Completed()


async def test_a_desk_without_faults_goes_on_after_a_crash(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path)) as acp:
        port, outcome = await acp.run("[[say before]][[crash]]")
        assert isinstance(outcome, Failed)
        assert (outcome.error.code, port.text) == ("agent_died", "before")
        await all_well(acp)
