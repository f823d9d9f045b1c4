"""Several kinds of agent behind one service: one chat that goes round, many sessions at once, and nothing left."""

from __future__ import annotations

import asyncio
from typing import ClassVar

import asyncpg
import pytest

from boocoder.events import frames
from tests.acceptance.harness import ServiceHarness, text_of
from tests.acceptance.many_tasks import Created
from tests.agents.habits import CLAUDE, GOOSE, OPENCODE, QWEN, Agent
from tests.agents.real import Real, follow

WORDS = 200
SESSIONS = 10
FOUR_KINDS = ("opencode", "goose", "native", "scripted")


async def turn(desk: ServiceHarness, agent: str, prompt: str, session: str = "", **more: str) -> Created:
    """Run a turn to its success."""
    created = await desk.queue(prompt, session=session, agent=agent, **more)
    ended = (await follow(desk, created, frames.TurnEndedFrame))[-1]
    assert isinstance(ended, frames.TurnEndedFrame) and ended.outcome == "completed", (agent, ended)
    return created


async def native_id(real: Real, created: Created, agent: str) -> str:
    """The agent's own name of its session of the chat."""
    conn = await asyncpg.connect(real.dsn)
    try:
        return str(
            await conn.fetchval(
                "SELECT native_id FROM agent_sessions WHERE chat_id = $1 AND agent = $2", created.chat_id, agent
            )
        )
    finally:
        await conn.close()


@pytest.mark.asyncio(loop_scope="class")
class TestFourKinds:
    """opencode by its server, goose by ACP, the native agent and the scripted one."""

    agents: ClassVar[tuple[Agent, ...]] = (OPENCODE, GOOSE)

    async def test_a_chat_goes_from_agent_to_agent_and_back(self, real: Real) -> None:
        async with real.desk() as desk:
            first = await turn(desk, "opencode", "[[say apples]] [[write a.txt|one]]")
            session, own = first.session_id, await native_id(real, first, "opencode")
            second = await turn(desk, "goose", "[[reset]] [[recall]] [[write b.txt|two]]", session, mode="auto")
            assert "Here is the conversation" in await desk.answer(second)
            third = await turn(desk, "native", "[[reset]] [[recall]] [[say pears]] [[read b.txt]]", session)
            assert "Here is the conversation" in await desk.answer(third)
            fourth = await desk.queue("[[reset]] [[recall]] [[read b.txt]]", session=session, agent="opencode")
            seen = await follow(desk, fourth, frames.TurnEndedFrame)
            codes = {frame.code for frame in seen if isinstance(frame, frames.NoticeFrame)}
            assert {"session_warm", "told_what_it_missed"} <= codes
            said = await desk.answer(fourth)
            assert said.startswith("users=2: [[say apples]]") and "Since your last turn" in said
            assert await native_id(real, fourth, "opencode") == own
            assert {path.name for path in real.worktree(first).glob("?.txt")} == {"a.txt", "b.txt"}
        told = {
            agent: (await real.model.wait_request(marker)).conversation.prompt
            for agent, marker in (
                ("goose", "[[write b.txt|two]]"),
                ("native", "[[say pears]] [[read b.txt]]"),
                ("opencode", "[[reset]] [[recall]] [[read b.txt]]"),
            )
        }
        assert "apples" in told["goose"]
        assert "apples" in told["native"] and "b.txt" in told["native"]
        assert "pears" in told["opencode"] and "[goose]" in told["opencode"] and "[native]" in told["opencode"]

    async def test_ten_sessions_at_once_lose_nothing_and_do_not_meet(self, real: Real) -> None:
        kinds = [FOUR_KINDS[number % len(FOUR_KINDS)] for number in range(SESSIONS)]
        texts = [" ".join(f"s{number}w{word}" for word in range(WORDS)) for number in range(SESSIONS)]
        async with real.desk() as desk:
            for kind in FOUR_KINDS:  # so that none of the ten waits for a cold start
                await turn(desk, kind, "[[say hello]]")
            asked = (
                desk.queue(f"[[delay 0.06]] [[say {text}]]", agent=kind)
                for kind, text in zip(kinds, texts, strict=True)
            )
            queued = await asyncio.gather(*asked)
            streams = await asyncio.gather(*(desk.follow(created) for created in queued))
            for created, text, seen in zip(queued, texts, streams, strict=True):
                ended = seen[-1]
                assert isinstance(ended, frames.TurnEndedFrame) and ended.outcome == "completed", ended
                assert text_of(seen).split() == text.split() == (await desk.answer(created)).split()
                assert {str(frame.session_id) for frame in seen} == {created.session_id}
            begun = [frame.at for seen in streams for frame in seen if isinstance(frame, frames.TurnStartedFrame)]
            assert max(begun) < min(seen[-1].at for seen in streams), "all of them ran at the same time"


@pytest.mark.asyncio(loop_scope="class")
class TestNothingIsLeft:
    """Every kind in the middle of a turn when the service goes."""

    agents: ClassVar[tuple[Agent, ...]] = (OPENCODE, GOOSE, QWEN, CLAUDE)

    @pytest.mark.parametrize("way", ["stop", "kill"])
    async def test_after(self, real: Real, way: str) -> None:
        names = [*(agent.name for agent in self.agents), "native", "scripted"]
        async with real.desk() as desk:
            queued = [await desk.queue("[[say here]] [[delay 0.05]] [[tokens 5000]]", agent=name) for name in names]
            await asyncio.gather(*(follow(desk, created, frames.DeltaFrame) for created in queued))
        assert len(real.agents()) >= len(self.agents)
        await (real.stop() if way == "stop" else real.kill())
        assert real.processes() == []
        await real.start()
        async with real.desk() as desk:
            ends = [(await follow(desk, created, frames.TurnEndedFrame))[-1] for created in queued]
        assert {end.outcome for end in ends if isinstance(end, frames.TurnEndedFrame)} == {"interrupted"}
