"""Sentences of an error, joined."""

from __future__ import annotations

import pytest

from boocoder.errors import Conflict, sentences


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (("It failed", "Try again."), "It failed. Try again."),
        (("It failed.", "", "  Try again.\n"), "It failed. Try again."),
        (("It failed..", "Run: ls"), "It failed. Run: ls"),
        (("Which one?", "Name it:", "a, b"), "Which one? Name it: a, b"),
        (("It waits...", "Look (later)", "Then go"), "It waits... Look (later). Then go"),
        ((), ""),
        (("alone",), "alone"),
    ],
)
def test_sentences_are_ended_and_apart(parts: tuple[str, ...], text: str) -> None:
    assert sentences(*parts) == text


def test_an_error_says_what_failed_and_what_to_do() -> None:
    assert str(Conflict("code", "It is taken", "Choose another.")) == "It is taken. Choose another."
    assert str(Conflict("code", "It is taken.")) == "It is taken."
