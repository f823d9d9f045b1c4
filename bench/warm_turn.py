"""A further turn of a conversation that is warm: what boocoder adds to opencode between a person and the first word."""

from __future__ import annotations

from bench.harness import Bench, pair
from bench.numbers import Comparison, Row
from bench.recorder import TextRecorder

SECTION = "warm_turn"
PROMPT = "[[delay 0.01]][[tokens 10]]"
WARM_UP = 2


async def measure(bench: Bench) -> list[Row]:
    """Time the second and later turns of one session of each side, by turns, the first side changing."""
    async with pair(bench) as stage:
        bare_session, place = await stage.open_bare("bare-worktree"), await stage.open_ours()
        bare: list[TextRecorder] = []
        ours: list[TextRecorder] = []
        for number in range(bench.rounds + WARM_UP):
            for side in ((0, 1), (1, 0))[number % 2]:
                if side:
                    ours.append(await stage.service.run_turn("opencode", PROMPT, place))
                else:
                    bare.append(await stage.bare.run_turn(bare_session, PROMPT))
    return rows(ours[WARM_UP:], bare[WARM_UP:])


def rows(ours: list[TextRecorder], bare: list[TextRecorder]) -> list[Row]:
    """First text, last text, end."""
    measured = (
        ("request to first text", 1.08, [ear.first_s for ear in ours], [ear.first_s for ear in bare]),
        ("request to last text (no snapshot, no settling)", None, [e.last_s for e in ours], [e.last_s for e in bare]),
        ("request to end (with snapshot and settling)", 1.25, [e.ended_s for e in ours], [e.ended_s for e in bare]),
    )
    return [
        Row(SECTION, what, "s", tuple(mine), tuple(floor), Comparison.RATIO, target)
        for what, target, mine, floor in measured
    ]
