"""Every known way in which a model goes round in circles ends its turn within a bound, with a code and a cure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from boocoder.backends.native.limits import NativeLimits
from boocoder.model.turn import Failed
from tests.fakes.native_model import DONE, NativeModel, Reply, calling, delta, saying
from tests.fakes.native_turn import QUICK, run

LIMITS = NativeLimits(retries=1, retry_first_s=0.01, retry_cap_s=0.02, max_steps=20)


def plan(number: int) -> tuple[str, dict[str, object]]:
    return ("plan", {"entries": [{"text": f"step {number}"}]})


@dataclass(frozen=True)
class Loop:
    """A kind of loop.

    Args:
        name: of it.
        replies: the model's answers; the last one is given for ever.
        answers: the bound: so many answers of the model at most.
        code: of the turn's failure.
        chars: the bound of what is shown of one endless answer, 0 where it does not count.
        limits: of the turn.
    """

    name: str
    replies: tuple[Reply, ...]
    answers: int
    code: str = "model_loop"
    chars: int = 0
    limits: NativeLimits = QUICK


def many(*texts: str, times: int) -> Reply:
    return Reply([*(delta(content=text) for _ in range(times) for text in texts), delta("stop"), DONE])


LOOPS = [
    Loop("the same call", (calling(("list", {})),), 5),
    Loop("two calls in turn", (calling(("list", {})), calling(("read", {"path": "a"}))) * 10, 10),
    Loop("seven calls in turn", tuple(calling(("read", {"path": f"a{n % 7}"})) for n in range(60)), 35),
    Loop("one call with other results", (calling(("shell", {"command": "date +%N"})),), 15),
    Loop("calls that fail", tuple(calling(("read", {"path": f"missing{n}"})) for n in range(30)), 8),
    Loop("unknown tools", tuple(calling((f"fly_{n}", {})) for n in range(30)), 8),
    Loop("arguments that are none", tuple(calling(("write", f"{{{n}")) for n in range(30)), 8),
    Loop("half calls", tuple(calling(("write", f'{{"path": "f{n}", "content": "x')) for n in range(30)), 8),
    Loop("nothing but plans", tuple(calling(plan(n)) for n in range(30)), 8),
    Loop(
        "a change and its undoing",
        tuple(calling(("write", {"path": "a", "content": "xy"[n % 2]})) for n in range(60)),
        10,
    ),
    Loop("a write of what is there", (calling(("write", {"path": "a", "content": "x"})),), 6),
    Loop("the same call in one answer", (calling(*[("read", {"path": "a"})] * 32),), 5),
    Loop("the same word", (many("x ", times=5_000),), 1, chars=2_000),
    Loop("the same sentence", (many("I will now look at the file again. ", times=500),), 1, chars=2_500),
    Loop("text that counts", (Reply([delta(content=f"{n}. I look.\n") for n in range(3_000)]),), 1, chars=8_000),
    Loop(
        "content without end",
        (
            Reply(
                [
                    delta(
                        tool_calls=[
                            {"index": 0, "id": "c", "function": {"name": "write", "arguments": '{"content": "'}}
                        ]
                    )
                ]
                + [delta(tool_calls=[{"index": 0, "function": {"arguments": "0, "}}]) for _ in range(9_000)]
            ),
        ),
        1,
    ),
    Loop("empty answers", (saying(""),), 2, code="agent_gave_nothing"),
    Loop("streams that break", (Reply([delta(reasoning="hm")], end=False),), 2, code="model_stream_cut", limits=LIMITS),
    Loop(
        "always something new",
        tuple(calling(("search", {"pattern": f"p{n}"})) for n in range(60)),
        20,
        code="step_limit",
        limits=LIMITS,
    ),
]


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.name)
async def test_a_loop_ends(tmp_path: Path, loop: Loop) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "a").write_text("old")
    async with NativeModel(*loop.replies) as model:
        port, outcome = await run(model, tmp_path, loop.limits)
        assert len(model.bodies) <= loop.answers
    assert isinstance(outcome, Failed)
    assert outcome.error.code == loop.code and outcome.error.text and outcome.error.cure
    assert not loop.chars or len(port.text) <= loop.chars
    assert all(call.status.final for call in port.final_tools)


def test_the_table_has_twelve_kinds_at_least() -> None:
    assert len({loop.name for loop in LOOPS}) == len(LOOPS) >= 12
