"""A model that goes round in circles is stopped within a stated bound; one that works is not."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest

from boocoder.backends.native.loop.loop_guard import LoopGuard
from boocoder.backends.native.loop.repetition import ARGUMENT_MIN_CHARS, SPOKEN_MIN_CHARS, RepetitionGuard
from boocoder.backends.native.model.errors import ModelError
from boocoder.backends.native.model.tool_calls import SentCall, interpret_call
from boocoder.backends.native.tools.executor import ToolJob
from boocoder.backends.native.tools.result import ToolResult
from boocoder.events.agent_event import FileDiff

FULL_SENTENCE = "I will now read the file and then think about what should be changed in it, as the person asked. "


def words_until_stopped(pieces: Iterable[str], min_chars: int = SPOKEN_MIN_CHARS) -> int | None:
    repetition = RepetitionGuard(min_chars=min_chars)
    taken = 0
    for piece in pieces:
        taken += len(piece)
        try:
            repetition.take(piece)
        except ModelError as error:
            assert error.code == "model_loop" and error.cure
            return taken
    return None


@pytest.mark.parametrize(
    ("pieces", "bound"),
    [
        (["x "] * 680, 1_100),
        (["\n"] * 5_000, 1_100),
        ([FULL_SENTENCE] * 100, 2_000),
        ([FULL_SENTENCE * 3] * 100, 4_000),
        (["intro, all different words here. ", *["no no "] * 1_000], 2_000),
        ([f"{number}. I will look.\n" for number in range(2_000)], 7_000),
    ],
)
def test_text_without_end_is_stopped(pieces: list[str], bound: int) -> None:
    taken = words_until_stopped(pieces)
    assert taken is not None and taken <= bound


@pytest.mark.parametrize(
    "pieces",
    [
        ["-" * 200 + "\n"] * 3,
        ["| n | s |\n|---|---|\n", *[f"| {number} | 2 |\n" for number in range(300)]],
        [FULL_SENTENCE] * 3,
        [chr(97 + number % 26) * (number % 7) + " " for number in range(3_000)],
    ],
)
def test_ordinary_text_is_not_stopped(pieces: list[str]) -> None:
    assert words_until_stopped(pieces) is None


def test_a_file_may_hold_a_table_of_zeros() -> None:
    assert words_until_stopped(["0, "] * 3_000, min_chars=ARGUMENT_MIN_CHARS) is None
    assert words_until_stopped(["0, "] * 9_000, min_chars=ARGUMENT_MIN_CHARS) is not None


def answers_until_stopped(guard: LoopGuard, answers: Iterable[tuple[str, object, ToolResult]]) -> int | None:
    for number, (name, arguments, result) in enumerate(answers, start=1):
        call = interpret_call(SentCall(name, json.dumps(arguments)))
        if guard.find_loop([ToolJob("x", call, json.dumps(arguments))], [result]):
            return number
    return None


DONE = ToolResult(True, "done")
FAILED = ToolResult(False, "no")


def changed(text: str) -> ToolResult:
    return ToolResult(True, text, diffs=(FileDiff("a", None, text),))


@pytest.mark.parametrize(
    ("answers", "bound"),
    [
        ([("read", {"path": "a"}, DONE)] * 50, 5),
        ([("read", {"path": "ab"[number % 2]}, DONE) for number in range(50)], 10),
        ([("read", {"path": "abcdefg"[number % 7]}, DONE) for number in range(100)], 35),
        ([("shell", {"command": "date"}, ToolResult(True, str(number))) for number in range(100)], 15),
        ([("read", {"path": f"missing{number}"}, FAILED) for number in range(50)], 8),
        ([(f"no_tool_{number}", {}, FAILED) for number in range(50)], 8),
        ([("write", {"paht": number}, FAILED) for number in range(50)], 8),
        ([("plan", {"entries": [{"text": str(number)}]}, DONE) for number in range(50)], 8),
        (
            [
                ("edit", {"path": "a", "old": "xy"[number % 2], "new": "yx"[number % 2]}, changed("xy"[number % 2]))
                for number in range(50)
            ],
            10,
        ),
        ([("write", {"path": "a", "content": "x"}, ToolResult(True, "unchanged"))] * 50, 5),
    ],
)
def test_circles_are_ended(answers: list[tuple[str, object, ToolResult]], bound: int) -> None:
    stopped = answers_until_stopped(LoopGuard(same_calls=5), answers)
    assert stopped is not None and stopped <= bound


def test_a_failing_test_may_be_run_after_every_change() -> None:
    answers: list[tuple[str, object, ToolResult]] = []
    for number in range(12):
        answers.append(("edit", {"path": "a", "old": f"{number}", "new": f"{number + 1}"}, changed(str(number))))
        answers.append(("shell", {"command": "pytest"}, ToolResult(True, "1 failed")))
    assert answers_until_stopped(LoopGuard(same_calls=5), answers) is None
