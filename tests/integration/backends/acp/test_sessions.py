"""Sessions of the ACP backend: the ladder back into a conversation, modes and models, what stays warm, records."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from boocoder.backends.acp.session_setup import config_hash
from boocoder.backends.shared.line_journal import journal_path
from boocoder.events.agent_event import AgentCommands, Notice
from boocoder.model.agent import AgentState
from boocoder.model.turn import AgentSessionRef, Completed, Failed, Interrupted, ResumeStep
from tests.contract.port import RecordingPort
from tests.fakes.acp.harness import SETTINGS, AcpHarness, desk, fake_agent
from tests.waiting import until


async def resumed(
    directory: Path, fault: str, *flags: str, crashed: bool = False, handover: str = ""
) -> tuple[RecordingPort, str]:
    """A turn with a healthy agent, then one of the same conversation in a new process with a fault."""
    worktree = directory / "tree"
    worktree.mkdir()
    async with desk(directory, fake_agent(directory)) as acp:
        first, outcome = await acp.run("[[say the colour is teal]]", worktree=worktree)
        assert outcome == Completed()
    agent = fake_agent(directory, fault, *flags)
    async with desk(directory, agent) as acp:
        ref = AgentSessionRef(first.opened.native_id, config_hash(agent, worktree), crashed)
        second, outcome = await acp.run("[[recall]]", worktree=worktree, agent_session=ref, handover=handover)
        assert outcome == Completed()
    return second, first.opened.native_id


def codes(port: RecordingPort) -> list[str]:
    """What was noticed."""
    return [notice.code for notice in port.of(Notice)]


async def test_resume_is_preferred(tmp_path: Path) -> None:
    port, native_id = await resumed(tmp_path, "none")
    assert (port.opened.step, port.opened.native_id) == (ResumeStep.RESUMED, native_id)
    assert port.text.startswith("users=2: ")
    assert codes(port) == []


@pytest.mark.parametrize("fault", ["none", "replay-late"])
async def test_load_replays_nothing_into_the_turn(tmp_path: Path, fault: str) -> None:
    port, native_id = await resumed(tmp_path, fault, "--without", "resume")
    assert (port.opened.step, port.opened.native_id) == (ResumeStep.LOADED, native_id)
    assert port.text == "users=2: [[say the colour is teal]] | [[recall]]"


@pytest.mark.parametrize("fault", ["load-fails", "load-without-replay", "load-hangs", "load-dies"])
async def test_a_load_that_is_none_hands_over(tmp_path: Path, fault: str) -> None:
    port, native_id = await resumed(tmp_path, fault, "--without", "resume", handover="The colour is teal.")
    assert port.opened.step is ResumeStep.HANDED_OVER
    assert port.opened.native_id != native_id
    assert "teal" in port.text
    assert codes(port) == ["session_not_resumed"]


async def test_without_any_way_back_a_session_is_new(tmp_path: Path) -> None:
    port, _ = await resumed(tmp_path, "none", "--without", "resume", "--without", "load")
    assert port.opened.step is ResumeStep.FRESH
    assert codes(port) == ["session_not_resumed"]


async def test_after_a_crash_only_a_replay_counts(tmp_path: Path) -> None:
    port, _ = await resumed(tmp_path, "none", crashed=True)
    assert port.opened.step is ResumeStep.LOADED
    assert codes(port) == ["resumed_after_crash"]


async def test_after_a_crash_without_load_a_session_is_new(tmp_path: Path) -> None:
    port, _ = await resumed(tmp_path, "none", "--without", "load", crashed=True, handover="The colour is teal.")
    assert port.opened.step is ResumeStep.HANDED_OVER


async def test_a_login_wanted_on_resume_is_named(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path, "resume-login")) as acp:
        worktree = acp.worktree()
        first, _ = await acp.run("[[say hi]]", worktree=worktree)
        await acp.backend.forget(worktree)
        _, outcome = await acp.run("[[recall]]", worktree=worktree, agent_session=first.agent_session)
        assert isinstance(outcome, Failed)
        assert outcome.error.code == "agent_login_needed"
        assert "fake login" in outcome.error.cure


async def settings_of(acp: AcpHarness, native_id: str) -> dict[str, str]:
    """What a session is set to, as the backend knows it."""
    (process,) = acp.backend.pool.processes()
    session = process.session(native_id)
    assert session is not None
    return {str(knob): choice.current for knob, choice in session.options.items()}


async def test_model_thinking_and_mode_are_set_and_go_back(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path)) as acp:
        worktree = acp.worktree()
        chosen = {"model": "scripted-large", "thinking": "high", "mode": "plan"}
        first, outcome = await acp.run("[[say hi]]", worktree=worktree, **chosen)
        assert outcome == Completed()
        assert await settings_of(acp, first.opened.native_id) == chosen
        second, _ = await acp.run("[[say hi]]", worktree=worktree, agent_session=first.agent_session)
        assert second.opened.step is ResumeStep.WARM
        begun = {"model": "scripted-small", "thinking": "low", "mode": "ask"}
        assert await settings_of(acp, first.opened.native_id) == begun


async def test_a_mode_is_set_again_in_a_new_process(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path)) as acp:
        worktree = acp.worktree()
        first, _ = await acp.run("[[say hi]]", worktree=worktree, mode="plan")
        await acp.backend.forget(worktree)
        again, outcome = await acp.run("[[say hi]]", worktree=worktree, mode="plan", agent_session=first.agent_session)
        assert (again.opened.step, outcome) == (ResumeStep.RESUMED, Completed())
        assert (await settings_of(acp, first.opened.native_id))["mode"] == "plan"


async def test_a_safe_mode_is_set_unasked_and_yolo_is_spelt_for_the_agent(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path, safe_mode="plan", free_mode="free")) as acp:
        worktree = acp.worktree()
        first, _ = await acp.run("[[say hi]]", worktree=worktree)
        assert (await settings_of(acp, first.opened.native_id))["mode"] == "plan"
        await acp.run("[[say hi]]", worktree=worktree, mode="yolo", agent_session=first.agent_session)
        assert (await settings_of(acp, first.opened.native_id))["mode"] == "free"


@pytest.mark.parametrize(
    ("fault", "wanted", "code"),
    [
        ("none", {"mode": "nonsense"}, "agent_mode_unknown"),
        ("none", {"model": "nonsense"}, "agent_model_unknown"),
        ("mode-lies", {"mode": "plan"}, "agent_mode_refused"),
        ("mode-lies", {"model": "scripted-large"}, "agent_model_refused"),
        ("mode-error", {"mode": "plan"}, "agent_mode_refused"),
    ],
)
async def test_what_was_not_set_is_a_failure(tmp_path: Path, fault: str, wanted: dict[str, str], code: str) -> None:
    async with desk(tmp_path, fake_agent(tmp_path, fault)) as acp:
        port, outcome = await acp.run("[[say never]]", **wanted)
        assert isinstance(outcome, Failed)
        assert outcome.error.code == code
        assert outcome.error.cure
        assert port.events == []


async def test_thinking_that_was_not_set_is_a_notice(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path)) as acp:
        port, outcome = await acp.run("[[say hi]]", thinking="cosmic")
        assert outcome == Completed()
        assert codes(port) == ["thinking_not_set"]


async def test_an_empty_answer_counts_if_the_list_has_it(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path, "mode-empty")) as acp:
        port, outcome = await acp.run("[[say hi]]", mode="plan")
        assert (port.text, outcome) == ("hi", Completed())


async def test_commands_of_a_new_session_are_shown_once(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path)) as acp:
        worktree = acp.worktree()
        first, _ = await acp.run("[[say hi]]", worktree=worktree)
        second, _ = await acp.run("[[say hi]]", worktree=worktree, agent_session=first.agent_session)
        assert [command.name for command in first.of(AgentCommands)[-1].commands] == ["review"]
        assert second.of(AgentCommands) == []


async def test_two_chats_share_a_process_and_worktrees_do_not(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path)) as acp:
        worktree = acp.worktree()
        one, _ = await acp.run("[[say one]]", worktree=worktree)
        two, _ = await acp.run("[[say two]]", worktree=worktree)
        assert one.opened.native_id != two.opened.native_id
        assert len(acp.backend.pool.processes()) == 1
        await acp.run("[[say three]]")
        assert len(acp.backend.pool.processes()) == 2


async def test_a_warmed_worktree_has_its_session_ready(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path)) as acp:
        worktree = acp.worktree()
        await acp.backend.warm(worktree)
        (process,) = acp.backend.pool.processes()
        assert process.prepared is not None
        ready = process.prepared.session.native_id
        port, _ = await acp.run("[[say hi]]", worktree=worktree)
        assert port.opened.native_id == ready
        assert port.opened.step is ResumeStep.FRESH


async def test_the_spare_is_taken_by_the_next_worktree(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path, obeys_cwd=True), replace(SETTINGS, spare=True)) as acp:
        await acp.run("[[say hi]]")
        await until(lambda: acp.backend.pool.spare is not None)
        spare = acp.backend.pool.spare
        await acp.run("[[say hi]]")
        assert spare in acp.backend.pool.processes()


async def test_an_agent_that_ignores_its_sessions_directory_works_in_the_worktree(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path, "none", "--ignore-cwd"), replace(SETTINGS, spare=True)) as acp:
        for number in range(2):
            worktree = acp.worktree()
            _, outcome = await acp.run(
                f"[[write made.txt|{number}]][[bash echo {number} > shell.txt]]", worktree=worktree
            )
            assert outcome == Completed()
            assert (worktree / "made.txt").read_text() == str(number)
            assert (worktree / "shell.txt").read_text() == f"{number}\n"
        assert acp.backend.pool.spare is None


async def test_files_outside_the_worktree_are_reported(tmp_path: Path) -> None:
    agent = fake_agent(tmp_path, "none", "--ignore-cwd", obeys_cwd=True)
    async with desk(tmp_path, agent, replace(SETTINGS, spare=True)) as acp:
        await acp.run("[[say hi]]")
        await until(lambda: acp.backend.pool.spare is not None)
        port, outcome = await acp.run("[[write made.txt|here]]")
        assert outcome == Completed()
        notices = [notice for notice in port.of(Notice) if notice.code == "wrote_outside_worktree"]
        assert notices and all("made.txt" in notice.text for notice in notices)
        again, _ = await acp.run("[[say hi]]")
        assert not [notice for notice in again.of(Notice) if notice.code == "wrote_outside_worktree"]


async def test_idle_processes_end_and_their_sessions_resume(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path), replace(SETTINGS, idle_s=0.2, sweep_s=0.05)) as acp:
        worktree = acp.worktree()
        first, _ = await acp.run("[[say hi]]", worktree=worktree)
        await until(lambda: not acp.backend.pool.processes())
        await acp.wait_gone()
        second, outcome = await acp.run("[[recall]]", worktree=worktree, agent_session=first.agent_session)
        assert (second.opened.step, outcome) == (ResumeStep.RESUMED, Completed())


async def test_above_the_budget_the_oldest_go_and_a_running_one_stays(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path), replace(SETTINGS, budget_bytes=1, sweep_s=0.05)) as acp:
        request = acp.request("[[say begun]][[bash until test -e go; do sleep 0.02; done]][[say done]]")
        port = RecordingPort(stop=request.stop)
        turn = asyncio.create_task(acp.run_request(request, port))
        await port.wait_until(lambda seen: "begun" in seen.text)
        await acp.run("[[say hi]]")
        await until(lambda: len(acp.backend.pool.processes()) == 1)
        (request.worktree / "go").touch()
        assert await turn == Completed()
        assert port.text == "begundone"


async def test_probe_tells_what_is_offered(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path)) as acp:
        info = await acp.backend.probe()
        assert (info.state, info.version) == (AgentState.READY, "1.2.3")
        assert info.models == ("scripted-small", "scripted-large")
        assert info.modes == ("ask", "plan", "free")
        assert info.default_model == "scripted-small"
        await acp.wait_gone()


async def test_probe_waits_for_models_that_come_late(tmp_path: Path) -> None:
    late = fake_agent(tmp_path, "models-late")
    async with desk(tmp_path, late) as acp:
        assert (await acp.backend.probe()).models == ("scripted-small",)
        for _ in range(2):
            await acp.run("[[say hi]]")
        assert (await acp.backend.probe()).models == ("scripted-small",), "each of them was its process's first"
    async with desk(tmp_path, replace(late, models_late=True)) as acp:
        assert (await acp.backend.probe()).models == ("scripted-small", "scripted-large")


async def test_a_turn_tells_what_models_there_are_now(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path, "models-late")) as acp:
        assert (await acp.backend.probe()).models == ("scripted-small",)
        first = acp.request("[[say hi]]")
        await acp.run_request(first, RecordingPort(stop=first.stop))
        await acp.run("[[say hi]]", worktree=first.worktree)
        assert (await acp.backend.probe()).models == ("scripted-small", "scripted-large")


@pytest.mark.parametrize(
    ("fault", "words", "cure"),
    [
        ("new-login", "not logged in", "fake login"),
        ("no-initialize-answer", "initialize", ""),
        ("exit-before-initialize", "exit code 7", ""),
    ],
)
async def test_probe_says_why_not(tmp_path: Path, fault: str, words: str, cure: str) -> None:
    async with desk(tmp_path, fake_agent(tmp_path, fault)) as acp:
        info = await acp.backend.probe()
        assert info.state is AgentState.ERROR
        assert words in info.reason
        assert cure in info.cure
        await acp.wait_gone()


async def test_a_missing_program_is_unavailable(tmp_path: Path) -> None:
    agent = replace(fake_agent(tmp_path), argv=("no-such-agent-here",))
    async with desk(tmp_path, agent) as acp:
        info = await acp.backend.probe()
        _, outcome = await acp.run("[[say hi]]")
    assert (info.state, info.cure) == (AgentState.UNAVAILABLE, "Install the fake.")
    assert isinstance(outcome, Failed)
    assert outcome.error.code == "program_missing"


async def test_a_record_that_was_cut_anywhere_recovers_a_beginning(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path)) as acp:
        request = acp.request("[[think hm]][[say all]][[write a.txt|x]][[say of it]]")
        live = RecordingPort(stop=request.stop)
        assert await acp.run_request(request, live) == Completed()
        path = journal_path(tmp_path / "state", request.chat_id)
        whole = path.read_bytes()
        for size in range(0, len(whole), 37):
            path.write_bytes(whole[:size])
            found = RecordingPort(stop=request.stop)
            outcome = await acp.backend.recover(request, live.agent_session, found)
            assert isinstance(outcome, Interrupted)
            assert live.text.startswith(found.text)
            assert all(tool.status.final for tool in found.final_tools)
        path.write_bytes(whole)
        found = RecordingPort(stop=request.stop)
        assert await acp.backend.recover(request, live.agent_session, found) == Completed()
        assert (found.text, found.reasoning) == (live.text, live.reasoning)
