"""Ten sessions at once: whether boocoder slows agents that work side by side."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass

from bench.harness import Bench, pair
from bench.numbers import Comparison, Row
from bench.recorder import TextRecorder

SECTION = "ten_sessions"
SESSIONS = 10
WORDS = 200
PROMPTS = {"5 ms apart": f"[[delay 0.005]][[tokens {WORDS}]]", "no pause": f"[[tokens {WORDS}]]"}
TARGETS = {"5 ms apart": 1.05, "no pause": 1.15}
SHORT = "[[say warm]]"


async def measure(bench: Bench) -> list[Row]:
    """Wall time from the first request until all ten turns have ended; every session has had a turn before."""
    ours: dict[str, list[_Times]] = {pace: [] for pace in PROMPTS}
    floor: dict[str, list[_Times]] = {pace: [] for pace in PROMPTS}
    async with pair(bench, {"MAX_TURNS": str(SESSIONS)}) as stage:
        bare = [await stage.open_bare(f"bare-{number}") for number in range(SESSIONS)]
        places = [await stage.open_ours() for _ in range(SESSIONS)]
        for session, place in zip(bare, places, strict=True):
            await stage.bare.run_turn(session, SHORT)
            await stage.service.run_turn("opencode", SHORT, place)
        for number in range(bench.rounds):
            for pace, prompt in PROMPTS.items():
                for side in ((0, 1), (1, 0))[number % 2]:
                    if side:
                        turns = [stage.service.run_turn("opencode", prompt, place) for place in places]
                        ours[pace].append(await _all(turns))
                    else:
                        floor[pace].append(await _all([stage.bare.run_turn(session, prompt) for session in bare]))
    return [row for pace in PROMPTS for row in rows(pace, ours[pace], floor[pace])]


@dataclass(frozen=True, slots=True)
class _Times:
    """Seconds from the first request until the last of all turns had its first text, its last text, its end."""

    first: float
    last: float
    ended: float


def rows(pace: str, ours: Sequence[_Times], floor: Sequence[_Times]) -> list[Row]:
    """The end is what counts; the other two say where the time went."""
    measured = (
        ("all have begun to speak", None, [one.first for one in ours], [one.first for one in floor]),
        ("all have said their last word", None, [one.last for one in ours], [one.last for one in floor]),
        ("all have ended", TARGETS[pace], [one.ended for one in ours], [one.ended for one in floor]),
    )
    return [
        Row(
            SECTION,
            f"{SESSIONS} turns of {WORDS} words, {pace}: {what}",
            "s",
            tuple(mine),
            tuple(bare),
            Comparison.RATIO,
            target,
        )
        for what, target, mine, bare in measured
    ]


async def _all(turns: Sequence[Awaitable[TextRecorder]]) -> _Times:
    began_ns = time.monotonic_ns()
    ears = await asyncio.gather(*turns)
    return _Times(
        first=(max(ear.first_ns for ear in ears) - began_ns) / 1e9,
        last=(max(ear.last_ns for ear in ears) - began_ns) / 1e9,
        ended=(max(ear.ended_ns for ear in ears) - began_ns) / 1e9,
    )
