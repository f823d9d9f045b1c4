"""Ten sessions at once: whether boocoder slows agents that work side by side."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Sequence

from bench.ear import Ear
from bench.numbers import Comparison, Row
from bench.stage import Bench, pair

SECTION = "ten_sessions"
SESSIONS = 10
PROMPT = "[[delay 0.005]][[tokens 200]]"
SHORT = "[[say warm]]"


async def measure(bench: Bench) -> list[Row]:
    """Wall time from the first request until all ten turns have ended; every session has had a turn before."""
    ours: list[float] = []
    floor: list[float] = []
    async with pair(bench, {"MAX_TURNS": str(SESSIONS)}) as stage:
        bare = [await stage.open_bare(f"bare-{number}") for number in range(SESSIONS)]
        places = [await stage.open_ours() for _ in range(SESSIONS)]
        for session, place in zip(bare, places, strict=True):
            await stage.bare.run_turn(session, SHORT)
            await stage.service.run_turn("opencode", SHORT, place)
        for number in range(bench.rounds):
            for side in ((0, 1), (1, 0))[number % 2]:
                if side:
                    turns = [stage.service.run_turn("opencode", PROMPT, place) for place in places]
                    ours.append(await _all(turns))
                else:
                    floor.append(await _all([stage.bare.run_turn(session, PROMPT) for session in bare]))
    what = f"{SESSIONS} turns of 200 words at once, until all have ended"
    return [Row(SECTION, what, "s", tuple(ours), tuple(floor), Comparison.RATIO, 1.10)]


async def _all(turns: Sequence[Awaitable[Ear]]) -> float:
    began = time.monotonic()
    await asyncio.gather(*turns)
    return time.monotonic() - began
