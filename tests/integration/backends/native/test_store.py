"""The native agent's own store: what a crash leaves at any moment, and how the conversation goes on."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from boocoder.backends.native.backend import NativeBackend
from boocoder.backends.native.context.project_rules import rule_files_in_use
from boocoder.backends.native.conversation.store import NativeStore
from boocoder.backends.native.limits import NativeLimits
from boocoder.backends.shared.event_journal import read_journal
from boocoder.events.agent_event import AgentEvent, TextDelta, ToolCall, ToolStatus, Usage
from boocoder.model.ids import ChatId, SessionId, TaskId, new_id
from boocoder.model.turn import AgentSessionRef, Completed, Failed, Interrupted, Outcome, ResumeStep, TurnRequest
from boocoder.model_servers.server import ModelServer
from boocoder.model_servers.server_models import ServerModels
from boocoder.process.host import ProcessHost
from tests.contract.port import RecordingPort
from tests.fakes.native_model import NativeModel, calling, delta, refusing, saying
from tests.fixtures.processes import running_host


@dataclass
class Place:
    """Where turns run: a model, a worktree, a store."""

    model: NativeModel
    directory: Path
    processes: ProcessHost
    backends: list[NativeBackend] = field(default_factory=list)

    def backend(self, store: str = "store") -> NativeBackend:
        made = NativeBackend(
            servers=(ServerModels(ModelServer(base_url=self.model.base_url, default="small")),),
            state_dir=self.directory / store,
            limits=NativeLimits(retries=0),
            processes=self.processes,
        )
        self.backends.append(made)
        return made

    def request(self, prompt: str, agent_session: AgentSessionRef | None = None) -> TurnRequest:
        worktree = self.directory / "work"
        worktree.mkdir(exist_ok=True)
        return TurnRequest(
            task_id=TaskId(new_id()),
            epoch=1,
            session_id=SessionId(new_id()),
            chat_id=ChatId(new_id()),
            agent="native",
            prompt=prompt,
            worktree=worktree,
            agent_session=agent_session,
        )


@asynccontextmanager
async def place_for(model: NativeModel, directory: Path) -> AsyncIterator[Place]:
    async with model, running_host(directory) as processes:
        place = Place(model, directory, processes)
        yield place
        for backend in place.backends:
            await backend.stop()


class SnapshotPort(RecordingPort):
    """Copies the store at the first event for which `when` is true: what kill -9 would leave at that moment."""

    def __init__(self, request: TurnRequest, store: Path, copy: Path, when: Callable[[AgentEvent], bool]) -> None:
        super().__init__(stop=request.stop)
        self._store, self._copy, self._when = store, copy, when

    async def emit(self, event: AgentEvent) -> None:
        await super().emit(event)
        if self._when(event) and not self._copy.exists():
            shutil.copytree(self._store, self._copy)


def has_text(part: str) -> Callable[[AgentEvent], bool]:
    return lambda event: isinstance(event, TextDelta) and part in event.text


def is_tool(status: ToolStatus) -> Callable[[AgentEvent], bool]:
    return lambda event: isinstance(event, ToolCall) and event.status is status


def is_usage(event: AgentEvent) -> bool:
    return isinstance(event, Usage)


@pytest.mark.parametrize(
    ("when", "said", "tools", "result"),
    [
        (has_text("one"), "one ", 0, None),
        (has_text("two"), "one two ", 0, None),
        (is_tool(ToolStatus.PENDING), "one two ", 1, None),
        (is_tool(ToolStatus.RUNNING), "one two ", 1, "look what there is"),
        (is_tool(ToolStatus.COMPLETED), "one two ", 1, "Created a.txt"),
        (has_text("three"), "one two three ", 1, "Created a.txt"),
    ],
)
async def test_a_death_at_any_moment(
    tmp_path: Path, when: Callable[[AgentEvent], bool], said: str, tools: int, result: str | None
) -> None:
    first = calling(("write", {"path": "a.txt", "content": "x"}))
    first.body = [delta(content="one "), delta(content="two "), *first.body]
    last = saying("three ", "four ")
    async with place_for(NativeModel(first, last, saying("five")), tmp_path) as place:
        request = place.request("go")
        live = SnapshotPort(request, tmp_path / "store", tmp_path / "dead", when)
        assert await place.backend().run_turn(request, live) == Completed()

        reborn = place.backend("dead")
        found = RecordingPort(stop=request.stop)
        outcome = await reborn.recover(request, live.agent_session, found)
        assert isinstance(outcome, Interrupted)
        assert found.text == said
        assert [tool.part for tool in found.final_tools] == ["tool-1"] * tools
        assert all(tool.status.final for tool in found.final_tools)
        assert not place.model.bodies[2:], "a recovery never asks the model"

        after = place.request("and now?", live.agent_session)
        port = RecordingPort(stop=after.stop)
        assert await reborn.run_turn(after, port) == Completed()
        assert port.opened.step is ResumeStep.RESUMED
        messages = place.model.bodies[-1]["messages"]
        prompts = [message["content"] for message in messages if message["role"] == "user"]
        assert prompts[0].endswith("\n\ngo") and prompts[1:] == ["and now?"]
        told = "".join(message["content"] for message in messages if message["role"] == "assistant")
        assert told.replace("[This turn ended without an answer: interrupted.]", "") == said
        assert [result in message["content"] for message in messages if message["role"] == "tool"] == [True] * (
            tools if result else 0  # a call that was still being written was never stored
        )


async def test_a_death_behind_the_last_word(tmp_path: Path) -> None:
    async with place_for(NativeModel(saying("all"), saying("more")), tmp_path) as place:
        request = place.request("go")
        live = SnapshotPort(request, tmp_path / "store", tmp_path / "dead", is_usage)
        await place.backend().run_turn(request, live)
        found = RecordingPort(stop=request.stop)
        assert isinstance(await place.backend("dead").recover(request, live.agent_session, found), Interrupted)
        assert (found.text, found.usage) == ("all", live.usage)
        ended = RecordingPort(stop=request.stop)
        assert await place.backend().recover(request, live.agent_session, ended) == Completed()
        assert ended.text == "all"


async def test_a_failure_is_remembered_and_the_roles_stay_in_turn(tmp_path: Path) -> None:
    async with place_for(NativeModel(refusing(400, "bad"), saying("fine")), tmp_path) as place:
        request = place.request("one")
        port = RecordingPort(stop=request.stop)
        failed = await place.backend().run_turn(request, port)
        assert isinstance(failed, Failed)
        reborn = place.backend()
        assert await reborn.recover(request, port.agent_session, RecordingPort(stop=request.stop)) == failed
        after = place.request("two", port.agent_session)
        assert await reborn.run_turn(after, RecordingPort(stop=after.stop)) == Completed()
        roles = [message["role"] for message in place.model.bodies[-1]["messages"]]
    assert roles == ["system", "user", "assistant", "user"]


@pytest.mark.parametrize("cut", [1, 5, 30])
async def test_a_half_written_line_is_cut_off(tmp_path: Path, cut: int) -> None:
    async with place_for(NativeModel(saying("teal"), saying("fine")), tmp_path) as place:
        request = place.request("what colour?")
        port = RecordingPort(stop=request.stop)
        await place.backend().run_turn(request, port)
        (file,) = (tmp_path / "store" / "sessions").iterdir()
        file.write_bytes(file.read_bytes()[:-cut])
        after = place.request("again", port.agent_session)
        second = RecordingPort(stop=after.stop)
        assert await place.backend().run_turn(after, second) == Completed()
        assert second.opened.step is ResumeStep.RESUMED
        assert "teal" in str(place.model.bodies[-1]["messages"])
        for line in file.read_text().splitlines():
            json.loads(line)


async def test_a_damaged_store_is_not_resumed(tmp_path: Path) -> None:
    async with place_for(NativeModel(saying("x")), tmp_path) as place:
        request = place.request("go")
        port = RecordingPort(stop=request.stop)
        await place.backend().run_turn(request, port)
        (file,) = (tmp_path / "store" / "sessions").iterdir()
        file.write_bytes(b"nonsense\n")
        after = place.request("again", port.agent_session)
        second = RecordingPort(stop=after.stop)
        assert await place.backend().run_turn(after, second) == Completed()
        assert second.opened.step is ResumeStep.FRESH and second.opened.native_id != port.opened.native_id


@pytest.mark.parametrize("native_id", ["", "../../etc/passwd", "native-zz", "native-" + "0" * 32])
def test_ids_that_are_none_of_ours(tmp_path: Path, native_id: str) -> None:
    assert NativeStore(directory=tmp_path).load(native_id) is None
    assert read_journal(tmp_path / "none", TaskId(new_id())) is None


async def test_a_store_that_cannot_be_written_is_a_named_failure(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file where the directory should be")
    async with place_for(NativeModel(saying("x")), tmp_path) as place:
        request = place.request("go")
        outcome: Outcome = await place.backend().run_turn(request, RecordingPort(stop=request.stop))
        assert not place.model.bodies
    assert isinstance(outcome, Failed) and outcome.error.code == "agent_store_broken"


async def test_the_files_are_private(tmp_path: Path) -> None:
    async with place_for(NativeModel(saying("x")), tmp_path) as place:
        request = place.request("go")
        await place.backend().run_turn(request, RecordingPort(stop=request.stop))
    for folder in ("sessions", "turns"):
        assert (tmp_path / "store" / folder).stat().st_mode & 0o077 == 0


async def test_the_projects_own_rules_are_told_but_nothing_from_outside(tmp_path: Path) -> None:
    async with place_for(NativeModel(saying("x")), tmp_path) as place:
        work = place.request("x").worktree
        (tmp_path / "secret.md").write_text("outside")
        (work / "AGENTS.md").symlink_to(tmp_path / "secret.md")
        (work / "CLAUDE.md").write_text("Use tabs.\n" + "x" * 50_000)
        request = place.request("go")
        await place.backend().run_turn(request, RecordingPort(stop=request.stop))
        system, first = (message["content"] for message in place.model.bodies[0]["messages"])
    assert "Use tabs." in first and "outside" not in first and str(work) in first
    assert len(first) < 15_000 and "read CLAUDE.md" in first and first.endswith("\n\ngo")
    linked, cut = rule_files_in_use(work)
    assert (linked.path, linked.in_force, cut.path, cut.in_force) == ("AGENTS.md", False, "CLAUDE.md", True)
    assert "out of the worktree" in linked.reason and "12,000 characters" in cut.reason
    assert "tabs" not in system and str(work) not in system, "what differs between sessions comes behind the tools"


async def test_a_long_conversation_stays_within_its_context(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "big").write_text("word and word\n" * 500)
    replies = [calling(("read", {"path": "big", "offset": n + 1})) for n in range(12)]
    for reply in replies:
        reply.body = [line.replace(b"id0xread", b"") for line in reply.body]
    async with place_for(NativeModel(*replies, saying("done")), tmp_path) as place:
        request = place.request("read a lot")
        port = RecordingPort(stop=request.stop)
        async with asyncio.timeout(30):
            assert await place.backend().run_turn(request, port) == Completed()
        sizes = [len(str(body["messages"])) for body in place.model.bodies]
        ids = [call["id"] for m in place.model.bodies[-1]["messages"] for call in m.get("tool_calls", ())]
    assert max(sizes) < 8_192 * 3.5 * 1.2
    assert len(set(ids)) == len(ids) == 12 and all(len(one) == 9 for one in ids)
