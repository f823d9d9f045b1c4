"""Sessions of command-line agents: resumed, refused, handed over; plain text, terminals, long prompts, recovery."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from boocoder.backends.oneshot.command.command_line import config_hash
from boocoder.backends.oneshot.settings import PromptInput, TerminalKind
from boocoder.backends.shared.usage_meaning import UsageMeaning
from boocoder.events.agent_event import AgentSessionOpened, Notice, PromptSending
from boocoder.model.agent import AgentState
from boocoder.model.turn import AgentSessionRef, Completed, Failed, Interrupted, ResumeStep
from tests.contract.port import RecordingPort
from tests.fakes.oneshot.harness import SETTINGS, desk, fake_agent

FIRST = "[[say the colour is teal]]"


async def test_a_refused_resume_falls_down_the_ladder_once(tmp_path: Path) -> None:
    worktree = tmp_path / "here"
    worktree.mkdir()
    async with desk(tmp_path, fake_agent(tmp_path)) as opened:
        first, _ = await opened.run(FIRST, worktree=worktree)
    agent = fake_agent(tmp_path)
    for path in (tmp_path / "conversations").iterdir():
        path.unlink()
    async with desk(tmp_path, agent) as opened:
        told = "The colour was teal."
        second, outcome = await opened.run(
            "[[recall]]", worktree=worktree, agent_session=first.agent_session, handover=told
        )
    assert outcome == Completed()
    assert [event.step for event in second.of(AgentSessionOpened)] == [ResumeStep.RESUMED, ResumeStep.HANDED_OVER]
    assert len(second.of(PromptSending)) == 1
    assert [notice.code for notice in second.of(Notice)] == ["session_not_resumed"]
    assert second.text.startswith("users=1: The colour was teal.")


@pytest.mark.parametrize(("fault", "code"), [("resume-fails", "agent_failed"), ("resume-refused-late", "agent_failed")])
async def test_a_prompt_that_may_have_been_taken_is_not_sent_again(fault: str, code: str, tmp_path: Path) -> None:
    worktree = tmp_path / "here"
    worktree.mkdir()
    async with desk(tmp_path, fake_agent(tmp_path)) as opened:
        first, _ = await opened.run(FIRST, worktree=worktree)
    broken = fake_agent(tmp_path, fault)
    # The fault is no part of what a session depends on.
    ref = AgentSessionRef(first.opened.native_id, config_hash(broken, worktree))
    async with desk(tmp_path, broken) as opened:
        second, outcome = await opened.run("[[recall]]", worktree=worktree, agent_session=ref)
    assert isinstance(outcome, Failed)
    assert outcome.error.code == code
    assert len(second.of(AgentSessionOpened)) == 1


async def test_an_agent_that_cannot_resume_is_told_the_conversation(tmp_path: Path) -> None:
    worktree = tmp_path / "here"
    worktree.mkdir()
    agent = fake_agent(tmp_path, "none", "--plain", new_session_args=(), resume_args=())
    async with desk(tmp_path, agent) as opened:
        first, outcome = await opened.run("hello there", worktree=worktree)
        assert (first.text, outcome) == ("You said 1: hello there", Completed())
        second, outcome = await opened.run(
            "and now", worktree=worktree, agent_session=first.agent_session, handover="You said hello."
        )
    assert outcome == Completed()
    assert second.opened.step is ResumeStep.HANDED_OVER
    assert second.text == "You said 1: You said hello.\n\nand now"


async def test_an_agent_that_names_its_sessions_itself(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path, new_session_args=())) as opened:
        worktree = opened.worktree()
        first, _ = await opened.run(FIRST, worktree=worktree)
        second, outcome = await opened.run("[[recall]]", worktree=worktree, agent_session=first.agent_session)
    assert outcome == Completed()
    assert second.opened == replace(first.opened, step=ResumeStep.RESUMED)
    assert second.text.startswith("users=2: ")


async def test_a_prompt_by_stdin_may_be_long(tmp_path: Path) -> None:
    agent = fake_agent(tmp_path, prompt=PromptInput.STDIN, prompt_args=("-",))
    async with desk(tmp_path, agent) as opened:
        port, outcome = await opened.run("x" * 900_000 + " [[say read it]]")
    assert (port.text, outcome) == ("read it", Completed())


async def test_an_agent_that_does_not_read_its_input(tmp_path: Path) -> None:
    script = "import time; time.sleep(300)"
    agent = fake_agent(tmp_path, argv=(sys.executable, "-c", script), prompt=PromptInput.STDIN, prompt_args=())
    stalled = replace(SETTINGS, write_timeout_s=1.0)
    async with desk(tmp_path, replace(agent, new_session_args=()), stalled) as opened:
        _, outcome = await opened.run("x" * 900_000)
    assert isinstance(outcome, Failed)
    assert outcome.error.code == "agent_input_stalled"


async def test_plain_text_on_a_terminal_is_stripped_and_kept(tmp_path: Path) -> None:
    agent = fake_agent(tmp_path, "plain-codes", "--plain", terminal=TerminalKind.PTY)
    async with desk(tmp_path, agent) as opened:
        port, outcome = await opened.run("hello")
        (notice,) = port.of(Notice)
        (kept,) = (tmp_path / "state" / "raw").iterdir()
    assert (port.text, outcome) == ("step 3/3\ngreen and bold", Completed())
    assert notice.code == "output_stripped" and str(kept) in notice.text
    assert b"\x1b[32mgreen" in kept.read_bytes()


async def test_plain_text_without_codes_keeps_no_file(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path, "none", "--plain")) as opened:
        port, _ = await opened.run("hello")
        assert not list((tmp_path / "state" / "raw").iterdir())
    assert port.of(Notice) == []


async def test_json_on_a_terminal(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path, terminal=TerminalKind.PTY)) as opened:
        port, outcome = await opened.run("[[think hm]][[tokens 500]]")
    assert outcome == Completed()
    assert port.text == "".join(f"w{number} " for number in range(500))


async def test_counts_of_a_whole_session_are_told_as_those_of_the_turn(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path, usage=UsageMeaning.CUMULATIVE)) as opened:
        worktree = opened.worktree()
        first, _ = await opened.run("[[usage 100]][[say one]]", worktree=worktree)
        second, _ = await opened.run("[[usage 250]][[say two]]", worktree=worktree, agent_session=first.agent_session)
    assert (first.usage.input_tokens, second.usage.input_tokens) == (100, 150)


async def test_a_plain_turn_that_had_ended_is_recovered(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path, "none", "--plain")) as opened:
        request = opened.request("hello")
        live = RecordingPort(stop=request.stop)
        assert await opened.run_request(request, live) == Completed()
        found = RecordingPort(stop=request.stop)
        assert await opened.backend.recover(request, live.agent_session, found) == Completed()
        assert found.text == live.text
        (journal,) = (tmp_path / "state" / "turns").iterdir()
        journal.write_bytes(journal.read_bytes().rpartition(b"=")[0])
        torn = RecordingPort(stop=request.stop)
        assert isinstance(await opened.backend.recover(request, live.agent_session, torn), Interrupted)
        assert torn.text == live.text


async def test_probe(tmp_path: Path) -> None:
    agent = fake_agent(tmp_path, modes=("a", "b"))
    async with desk(tmp_path, replace(agent, version_args=("-c", "print('some 1.2.3')"))) as opened:
        info = await opened.backend.probe()
        assert (info.state, info.version, info.modes) == (AgentState.READY, "1.2.3", ("a", "b"))
    for argv, args, state in (
        (("no-such-agent",), ("--version",), AgentState.UNAVAILABLE),
        ((sys.executable,), ("-c", "raise SystemExit(3)"), AgentState.ERROR),
        ((sys.executable,), ("-c", "print('x' * 9_000_000)"), AgentState.ERROR),
    ):
        async with desk(tmp_path, replace(agent, argv=argv, version_args=args)) as opened:
            info = await opened.backend.probe()
            assert (info.state, bool(info.reason)) == (state, True)
