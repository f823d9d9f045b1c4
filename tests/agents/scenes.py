"""What every real agent must do: the base class of one class of tests an agent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import ClassVar

import pytest
from tools.agent_recipes import LARGE, SMALL

from boocoder.events import frames
from boocoder.scripted_model.request_log import RequestState
from tests.acceptance.asking import answer, asked, ended
from tests.acceptance.desk import text_of
from tests.agents.habits import Agent
from tests.agents.real import Real, follow, notices, refuse_all, run


@pytest.mark.asyncio(loop_scope="class")
@pytest.mark.timeout(240)
class Scenes:
    """One agent behind the service; a subclass names it. Every test has a session of its own.

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
            await follow(desk, first, frames.TurnEnded)
            assert (real.worktree(first) / "a.txt").read_text().rstrip("\n") == "one"
            recall = "[[delay 0.05]] [[tokens 40]] [[recall]]"
            second = await desk.queue(recall, session=first.session_id, agent=self.agent.name, **self.free)
            assert await real.asker(recall) == before, "the same process"
            seen = await follow(desk, second, frames.TurnEnded)
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
            await follow(desk, created, frames.Delta)
            await desk.cancel(created)
            seen = await follow(desk, created, frames.TurnEnded)
            end = seen[-1]
            assert isinstance(end, frames.TurnEnded) and end.outcome == "cancelled"
            assert text_of(seen).startswith("w0 ")
            call = await real.model.wait_request("[[tokens 2000]]")
            assert await real.model.wait_settled(call) is RequestState.GONE
            after, _ = await run(desk, self.agent, "[[reset]] [[say fine]]", created.session_id)
            assert await desk.answer(after) == "fine"

    async def test_a_permission(self, real: Real, tmp_path: Path) -> None:
        outside = tmp_path / "outside.txt"
        outside.write_text("seen outside\n")
        async with real.desk() as desk:
            created = await desk.queue(self.agent.asks.format(outside=outside), agent=self.agent.name)
            request = await asked(desk, created)
            assert isinstance(request, frames.Permission)
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
            await follow(desk, created, frames.Delta)
            assert real.agents()
        await real.kill()
        await real.start()
        async with real.desk() as desk:
            end = (await follow(desk, created, frames.TurnEnded))[-1]
            assert isinstance(end, frames.TurnEnded) and end.outcome == "interrupted"
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
