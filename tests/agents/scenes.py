"""What every real agent must do: the base class of one class of tests an agent."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import ClassVar

import pytest
from tools.agent_recipes import LARGE, SMALL

from boocoder.events import frames
from boocoder.model.steer import SteerState
from boocoder.scripted_model.request_log import RequestState
from boocoder.wire.rules import SessionRules
from boocoder.wire.steers import SteerInfo
from tests.acceptance.approvals.asking import answer, asked, ended
from tests.acceptance.harness import ServiceHarness, text_of
from tests.acceptance.many_tasks import Created
from tests.agents.habits import Agent
from tests.agents.real import WAIT_S, Real, follow, notices, refuse_all, run
from tests.fixtures.repository import committed

PROJECT_RULES = (
    *("AGENTS.md", "CLAUDE.md", "CLAUDE.local.md", ".claude/CLAUDE.md", ".claude/rules/style/tabs.md", "CONTEXT.md"),
    *("QWEN.md", ".qwen/QWEN.md", ".qwen/QWEN.local.md", ".goosehints", "GEMINI.md", ".cursorrules"),
    ".github/copilot-instructions.md",
)
OWN_RULES = (
    *("AGENTS.md", ".agents/AGENTS.md", ".claude/CLAUDE.md", ".claude/rules/brief.md", ".qwen/QWEN.md"),
    *(".qwen/AGENTS.md", ".config/goose/.goosehints", ".config/goose/AGENTS.md", ".config/opencode/AGENTS.md"),
)


@pytest.mark.slow
@pytest.mark.asyncio(loop_scope="class")
class Scenes:
    """One agent behind the service; a subclass names it. Every test has its own session.

    Args:
        agent: the agent.
        agents: it, for the fixture.
    """

    agent: ClassVar[Agent]
    agents: ClassVar[tuple[Agent, ...]]

    def __init_subclass__(cls) -> None:
        cls.agents = (cls.agent,)

    @property
    def free(self) -> dict[str, str]:
        """The field of a task in which the agent asks for nothing."""
        return {"mode": self.agent.free} if self.agent.free else {}

    async def test_two_warm_turns(self, real: Real) -> None:
        slowly = "[[delay 0.05]] [[think hm]] [[say apples]] [[tokens 40]]"
        async with real.desk() as desk:
            first = await desk.queue(f"[[write a.txt|one]] {slowly}", agent=self.agent.name, **self.free)
            before = await real.asker(slowly, count=2)
            await follow(desk, first, frames.TurnEndedFrame)
            assert (real.worktree(first) / "a.txt").read_text().rstrip("\n") == "one"
            recall = "[[delay 0.05]] [[tokens 40]] [[recall]]"
            second = await desk.queue(recall, session=first.session_id, agent=self.agent.name, **self.free)
            assert await real.asker(recall) == before, "the same process"
            seen = await follow(desk, second, frames.TurnEndedFrame)
            assert "session_warm" in notices(seen)
            assert "apples" in await desk.answer(second)

    async def test_the_conversation_goes_on_after_a_restart(self, real: Real) -> None:
        async with real.desk() as desk:
            first, _ = await run(desk, self.agent, "[[say the colour is teal]]")
        await real.stop()
        await real.start()
        async with real.desk() as desk:
            again, codes = await run(desk, self.agent, "[[recall]]", first.session_id)
            assert self.agent.remembers in codes
            said = await desk.answer(again)
        assert "colour is teal" in said and "users=1" not in said

    async def test_cancel_while_it_speaks_and_the_next_turn(self, real: Real) -> None:
        async with real.desk() as desk:
            created = await desk.queue("[[delay 0.05]] [[tokens 2000]]", agent=self.agent.name)
            await follow(desk, created, frames.DeltaFrame)
            await desk.cancel(created)
            seen = await follow(desk, created, frames.TurnEndedFrame)
            end = seen[-1]
            assert isinstance(end, frames.TurnEndedFrame) and end.outcome == "cancelled"
            assert text_of(seen).startswith("w0 ")
            call = await real.model.wait_request("[[tokens 2000]]")
            assert await real.model.wait_settled(call) is RequestState.GONE
            after, _ = await run(desk, self.agent, "[[reset]] [[say fine]]", created.session_id)
            assert await desk.answer(after) == "fine"

    async def test_a_message_to_the_running_turn(self, real: Real) -> None:
        slowly = "[[delay 0.05]] [[tokens 800]]"  # up to 40 s: an agent may take the message only at its end
        async with real.desk() as desk:
            created = await desk.queue(slowly, agent=self.agent.name, **self.free)
            await follow(desk, created, frames.DeltaFrame)
            body = {"prompt": "[[reset]] [[say plum]]"}
            sent = await desk.client.post(f"/api/sessions/{created.session_id}/steers", SteerInfo, body, key="plum")
            assert (sent.state is SteerState.RESERVED) == self.agent.steers
            if sent.queued_task_id is None:
                await self._delivered(desk, sent)
                real.model.hurry()
                await follow(desk, created, frames.TurnEndedFrame)
                found = await desk.client.get(f"/api/steers/{sent.id}", SteerInfo)
                assert found.state is SteerState.CONFIRMED
                answer_parts = (await desk.messages(created))[-1].parts
                below = [part.text for part in answer_parts if part.kind == "text" and part.part > (found.part or 0)]
                assert "plum" in "".join(below)
            else:
                await desk.cancel(created)
                after = Created(str(sent.queued_task_id), created.session_id, created.chat_id)
                await follow(desk, after, frames.TurnEndedFrame)
            assert (await desk.answer(created)).count("plum") == 1

    async def _delivered(self, desk: ServiceHarness, steer: SteerInfo) -> None:
        async with asyncio.timeout(WAIT_S):
            while (await desk.client.get(f"/api/steers/{steer.id}", SteerInfo)).state is SteerState.RESERVED:
                await asyncio.sleep(0.05)

    async def test_the_rule_files_in_force_are_those_that_the_model_gets(self, real: Real, tmp_path: Path) -> None:
        project = committed(tmp_path / "project")
        for name in PROJECT_RULES:
            project.write(name, f"RULE[{name}]\n")
        project.commit("Add rules")
        own = tuple(real.service.home / name for name in (*OWN_RULES, "CLAUDE.md"))
        try:
            for path in own:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(f"RULE[{path}]\n")
            async with real.service.client() as client:
                created, _ = await run(ServiceHarness(client, project.path), self.agent, "[[say obeyed]]")
                found = await client.get(f"/api/sessions/{created.session_id}/rules", SessionRules)
        finally:
            for path in own:
                path.unlink()
        sent = [one.body.decode() for one in real.model.requests if b"say obeyed" in one.body]
        obeyed = {path for body in sent for path in re.findall(r"RULE\[(.*?)\]", body)}
        assert {one.path for one in found.files if one.in_force} == obeyed
        assert found.known and {"AGENTS.md", "CLAUDE.md"} & obeyed
        assert {one.path for one in found.files if not one.in_force} >= {"GEMINI.md", ".cursorrules"}

    async def test_a_permission(self, real: Real, tmp_path: Path) -> None:
        outside = tmp_path / "outside.txt"
        outside.write_text("seen outside\n")
        async with real.desk() as desk:
            created = await desk.queue(self.agent.asks.format(outside=outside), agent=self.agent.name)
            request = await asked(desk, created)
            assert isinstance(request, frames.PermissionFrame)
            written = real.worktree(created) / "asked.txt"
            assert not written.exists()
            await answer(desk.client, request, "allow")
            end, requests = await ended(desk, created)
            assert end.outcome == "completed"
            assert [one.state for one in requests] == ["asked", "allowed"]
            assert written.read_text().rstrip("\n") == "yes"
            (change,) = await desk.changes(created)
            assert (change.agent, change.additions) == (self.agent.name, 1)

    async def test_a_kill_leaves_no_process(self, real: Real) -> None:
        async with real.desk() as desk:
            created = await desk.queue("[[say here]] [[delay 0.05]] [[tokens 2000]]", agent=self.agent.name)
            await follow(desk, created, frames.DeltaFrame)
            assert real.agents()
        await real.kill()
        await real.start()
        async with real.desk() as desk:
            end = (await follow(desk, created, frames.TurnEndedFrame))[-1]
            assert isinstance(end, frames.TurnEndedFrame) and end.outcome == "interrupted"
            after, _ = await run(desk, self.agent, "[[reset]] [[say fine]]", created.session_id)
            assert await desk.answer(after) == "fine"

    async def test_the_mode_of_a_task_is_in_force(self, real: Real) -> None:
        async with real.desk() as desk:
            first, _ = await run(desk, self.agent, "[[write a.txt|one]]", **self.free)
            session = first.session_id
            bound = await desk.queue(
                "[[write b.txt|two]] [[say after]]", session=session, agent=self.agent.name, mode=self.agent.bound
            )
            seen = await refuse_all(desk, bound)
            assert "session_warm" in notices(seen)
            await run(desk, self.agent, "[[reset]] [[write c.txt|three]]", session, **self.free)
            assert {path.name for path in real.worktree(first).glob("?.txt")} == {"a.txt", "c.txt"}

    async def test_the_model_of_a_task_is_asked(self, real: Real) -> None:
        async with real.desk() as desk:
            first, _ = await run(desk, self.agent, "[[say small one]]")
            more = {"model": self.agent.larger} if self.agent.larger else {}
            for model in more.values():
                await real.offer(desk, self.agent, model)
            _, codes = await run(desk, self.agent, "[[say other one]]", first.session_id, **more)
            assert "session_warm" in codes
            await run(desk, self.agent, "[[say small again]]", first.session_id)
        asked = [
            json.loads((await real.model.wait_request(said)).body)["model"]
            for said in ("small one", "other one", "small again")
        ]
        assert asked == [SMALL, LARGE if self.agent.larger else SMALL, SMALL]
