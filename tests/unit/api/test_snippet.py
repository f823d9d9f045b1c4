"""Snippets of search results: which piece of a text is shown, and what of it is marked."""

from __future__ import annotations

import pytest

from boocoder.api.answers.snippet import SNIPPET_CHARS, snippet


def marked(text: str, query: str) -> str:
    return "".join(f"[{piece.text}]" if piece.hit else piece.text for piece in snippet(text, query))


@pytest.mark.parametrize(
    ("text", "query", "shown"),
    [
        ("Mend the parser", "parser", "Mend the [parser]"),
        ("Mend the parser", "the pars", "Mend [the] [pars]er"),
        ("them and the parser", "the parser", "them and [the] [parser]"),
        ("look at read_config() in src/config.py", "config", "look at read_[config]() in src/[config].py"),
        ("one\n\n\ttwo", "TWO", "one [two]"),
        ("nothing of it", "*** ???", "nothing of it"),
        ("a.b (c", "a.b (c", "[a].[b] ([c]"),
        ("<script>alert(1)</script>", "script", "<[script]>alert(1)</[script]>"),
        ("", "word", ""),
    ],
)
def test_found_words_are_marked_and_nothing_else(text: str, query: str, shown: str) -> None:
    assert marked(text, query) == shown


def test_the_piece_with_most_of_the_words_is_shown() -> None:
    text = f"alpha {'x ' * 500}alpha beta gamma{' y' * 500}"
    shown = marked(text, "alpha beta gamma")
    assert "[alpha] [beta] [gamma]" in shown
    assert shown.startswith("… ") and shown.endswith(" …")
    assert len(shown) <= SNIPPET_CHARS + 10
