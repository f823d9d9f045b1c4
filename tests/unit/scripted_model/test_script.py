"""The directive language: what a prompt's text becomes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boocoder.scripted_model.script import TOOL_VERBS, Directive, Verb, parse, recall_text, steps_after, words


def test_directives_in_order_and_words_around_them_ignored() -> None:
    steps = parse("please [[say hello there]] and\n[[write a.txt|one\ntwo]] then [[hang]]")
    assert steps == (Directive(Verb.SAY, "hello there"), Directive(Verb.WRITE, "a.txt|one\ntwo"), Directive(Verb.HANG))


@pytest.mark.parametrize(
    ("text", "argument"), [("[[bash a[1]]]", "a[1]"), ("[[bash [[ -f x ]] || y]]", "[[ -f x "), ("[[bash]]", "")]
)
def test_an_argument_ends_at_the_first_closing_pair(text: str, argument: str) -> None:
    assert parse(text) == (Directive(Verb.BASH, argument),)


def test_no_directive_echoes_80_characters() -> None:
    assert parse("  a \n b ") == (Directive(Verb.SAY, "ok: a b"),)
    assert parse("x" * 200) == (Directive(Verb.SAY, "ok: " + "x" * 80),)
    assert parse("[[unknown verb]]") == (Directive(Verb.SAY, "ok: [[unknown verb]]"),)


def test_reset_forgets_what_stands_before() -> None:
    assert parse("[[fail 500]] old [[reset]] [[say new]]") == (Directive(Verb.SAY, "new"),)


@pytest.mark.parametrize("text", ["tokens x", "tokens", "delay -1", "tokens 99999999", "flaky 2", "flaky 2 200"])
def test_unreadable_arguments_are_said(text: str) -> None:
    (step,) = parse(f"[[{text}]]")
    assert step.verb is Verb.SAY
    assert "cannot read the argument" in step.argument


def test_each_tool_ends_a_model_call() -> None:
    steps = parse("[[delay 1]][[say a]][[bash x]][[say b]][[read y]][[say c]]")
    verbs = [[step.verb for step in steps_after(steps, results)] for results in range(4)]
    assert verbs == [
        [Verb.DELAY, Verb.SAY, Verb.BASH],
        [Verb.DELAY, Verb.SAY, Verb.READ],
        [Verb.DELAY, Verb.SAY],
        [Verb.DELAY, Verb.SAY],
    ]
    assert steps_after(steps, 3)[-1] == Directive(Verb.SAY, "done")


@given(st.lists(st.sampled_from(list(Verb)), min_size=1, max_size=12))
def test_all_calls_together_play_every_step_once(verbs: list[Verb]) -> None:
    steps = [Directive(verb, str(number)) for number, verb in enumerate(verbs) if verb is not Verb.DELAY]
    tools = sum(step.verb in TOOL_VERBS for step in steps)
    played = [step for results in range(tools + 1) for step in steps_after(steps, results)]
    assert [step for step in played if step != Directive(Verb.SAY, "done")] == steps


@given(st.text())
def test_words_lose_nothing_but_leading_white_space(text: str) -> None:
    assert "".join(words(text)) == text.lstrip()


@given(st.text())
def test_parse_never_raises_and_is_never_empty(text: str) -> None:
    assert parse(text)
    assert parse(f"[[{text}]]")


def test_split_gives_exactly_so_many_pieces() -> None:
    assert Directive(Verb.EDIT, "a|b").split(3) == ("a", "b", "")
    assert Directive(Verb.WRITE, "a|b|c").split(2) == ("a", "b|c")


def test_recall_quotes_the_beginning_of_each_prompt() -> None:
    assert recall_text(["first", "s" * 100]) == "users=2: first | " + "s" * 60
