"""The commands /compact and /init."""

from __future__ import annotations

from pathlib import Path

from boocoder.backends.native.context.commands import command_of
from boocoder.events.agent_event import Notice, NoticeLevel
from boocoder.model.turn import AgentSessionRef, Completed, Failed, Outcome
from tests.contract.port import RecordingPort
from tests.fakes.native_model import NativeModel, calling, saying
from tests.fakes.native_turn import backend_for, request_in, run


def test_only_a_first_word_is_a_command() -> None:
    assert command_of(" /compact keep the names ") and command_of("/init")
    assert not any(map(command_of, ("", "/compacted", "see /compact", "/help", "/usr/bin")))


async def test_a_conversation_goes_on_from_its_summary(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "a").write_text("secret words\n")
    async with NativeModel(calling(("read", {"path": "a"})), saying("I read it")) as model:
        ref: AgentSessionRef | None = None
        for prompt, reply in (("look at a", None), ("/compact keep names", saying("SUMMARY OF ALL")), ("go on", None)):
            model.replies = [reply] if reply else model.replies
            backend = backend_for(model, tmp_path)  # each from the store, as after a restart
            port, outcome = await take(backend, tmp_path, prompt, ref)
            await backend.stop()
            ref = AgentSessionRef(port.opened.native_id, port.opened.config_hash)
            assert outcome == Completed()
            if reply:
                assert port.text == "SUMMARY OF ALL"
                assert [(one.code, one.level) for one in port.of(Notice)] == [("context_compacted", NoticeLevel.INFO)]
                asked = model.bodies[-1]["messages"][-1]["content"]
                assert "Summarise" in asked and asked.endswith("keep names")
    last = model.bodies[-1]["messages"]
    assert [message["role"] for message in last] == ["system", "user"]
    assert "SUMMARY OF ALL" in last[1]["content"] and last[1]["content"].endswith("go on")
    assert "Working directory" in last[1]["content"] and "secret words" not in str(last)


async def take(
    backend: object, directory: Path, prompt: str, ref: AgentSessionRef | None
) -> tuple[RecordingPort, Outcome]:
    request = request_in(directory, prompt, agent_session=ref)
    port = RecordingPort(stop=request.stop)
    return port, await backend.run_turn(request, port)


async def test_a_summary_that_breaks_off_replaces_nothing(tmp_path: Path) -> None:
    async with NativeModel(saying("half a summ", finish="length")) as model:
        port, outcome = await run(model, tmp_path, prompt="/compact")
    assert isinstance(outcome, Failed) and outcome.error.code == "model_answer_cut" and not port.of(Notice)


async def test_init_writes_the_projects_guide(tmp_path: Path) -> None:
    async with NativeModel(calling(("write", {"path": "AGENTS.md", "content": "# x\n"})), saying("done")) as model:
        _, outcome = await run(model, tmp_path, prompt="/init")
        asked = model.bodies[0]["messages"][-1]["content"]
    assert outcome == Completed() and "write AGENTS.md" in asked
    assert (tmp_path / "work" / "AGENTS.md").read_text() == "# x\n"
