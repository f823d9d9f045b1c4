"""The watchdog: silence ends a turn, a waiting person or a running tool does not."""

from __future__ import annotations

import asyncio

import pytest

from boocoder.dispatch.liveness import Liveness, LivenessState


def make(*, silence_s: float = 0.05, tool_silence_s: float = 10.0, tools: list[int] | None = None) -> Liveness:
    running = tools if tools is not None else [0]
    return Liveness(silence_s=silence_s, tool_silence_s=tool_silence_s, running_tools=lambda: running[0])


async def no_news() -> bool:
    return True


async def test_silence_without_news_in_the_store_ends_the_wait() -> None:
    liveness = make()
    async with asyncio.timeout(60):
        assert await liveness.wait_silent(no_news) is True
    assert liveness.state is LivenessState.SILENT


async def test_news_in_the_store_keeps_the_turn() -> None:
    liveness, asked = make(), []

    async def some_news() -> bool:
        asked.append(1)
        if len(asked) < 3:
            liveness.touch()
        return False

    async with asyncio.timeout(60):
        assert await liveness.wait_silent(some_news) is False
    assert len(asked) == 3


@pytest.mark.parametrize("kind", ["person", "tool"])
async def test_a_waiting_person_or_a_running_tool_stops_the_clock(kind: str) -> None:
    tools = [1 if kind == "tool" else 0]
    liveness = make(tools=tools)
    if kind == "person":
        liveness.waiting_begins()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await liveness.wait_silent(no_news)
    assert liveness.state is (LivenessState.WAITING if kind == "person" else LivenessState.PROGRESSING)
    if kind == "person":
        liveness.waiting_ends()
    tools[0] = 0
    async with asyncio.timeout(60):
        assert await liveness.wait_silent(no_news) is True


async def test_a_tool_that_runs_for_ever_is_silent_in_the_end() -> None:
    liveness = make(tool_silence_s=0.1, tools=[1])
    async with asyncio.timeout(60):
        assert await liveness.wait_silent(no_news) is True
