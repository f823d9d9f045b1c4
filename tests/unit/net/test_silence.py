"""The limit on silence: it ends a silent stream, and needs no timer for each thing that is heard."""

from __future__ import annotations

import asyncio

import pytest

from boocoder.net.silence import SilenceLimit


class ClockLoop(asyncio.SelectorEventLoop):
    """A loop whose time the test moves; it counts the timers."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers = 0
        super().__init__()

    def time(self) -> float:
        return self.now

    def call_later(self, delay, callback, *args, context=None):  # type: ignore[no-untyped-def]
        self.timers += 1
        return super().call_later(delay, callback, *args, context=context)


def test_what_is_heard_needs_no_timer_and_silence_ends_the_block() -> None:
    loop = ClockLoop()
    heard = 0

    async def listen() -> None:
        nonlocal heard
        async with SilenceLimit(1.0) as silence:
            while heard < 1000:
                heard += 1
                loop.now += 0.01
                silence.touch()
                await asyncio.sleep(0)
            loop.now += 1.5
            await asyncio.Event().wait()

    with asyncio.Runner(loop_factory=lambda: loop) as runner, pytest.raises(TimeoutError):
        runner.run(listen())
    assert heard == 1000
    assert loop.timers <= 12  # ten seconds were heard, by a limit of one


def test_another_error_leaves_the_block_as_it_is() -> None:
    async def fail() -> None:
        async with SilenceLimit(60.0):
            raise ConnectionError("broken")

    with pytest.raises(ConnectionError, match="broken"):
        asyncio.run(fail())
