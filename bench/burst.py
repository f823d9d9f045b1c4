"""2,000 words in a burst, one session, beside a bare opencode."""

from __future__ import annotations

from bench.harness import Bench, pair
from bench.numbers import Comparison, Row
from bench.recorder import TextRecorder

SECTION = "burst"
BURST = "[[tokens 2000]]"
SHORT = "[[say warm]]"


async def measure(bench: Bench) -> list[Row]:
    """One warm session of each side, by turns."""
    ours: list[TextRecorder] = []
    floor: list[TextRecorder] = []
    async with pair(bench) as stage:
        bare, place = await stage.open_bare("bare-worktree"), await stage.open_ours()
        await stage.bare.run_turn(bare, SHORT)
        await stage.service.run_turn("opencode", SHORT, place)
        for number in range(bench.rounds):
            for side in ((0, 1), (1, 0))[number % 2]:
                if side:
                    ours.append(await stage.service.run_turn("opencode", BURST, place))
                else:
                    floor.append(await stage.bare.run_turn(bare, BURST))
    ended = tuple(ear.ended_s for ear in ours), tuple(ear.ended_s for ear in floor)
    return [Row(SECTION, "2,000 words in a burst: request to end", "s", *ended, Comparison.RATIO, 1.10)]
