"""What a new agent is told of the conversation so far."""

from __future__ import annotations

from boocoder.dispatch.handover import ANSWER_MAX_CHARS, HANDOVER_MAX_CHARS, MISSED_HEAD, Said, digest


def test_nothing_said_gives_nothing() -> None:
    assert digest([]) == ""


def test_who_said_what_in_order() -> None:
    text = digest([Said("user", "first"), Said("opencode", "done"), Said("user", "second")])
    assert text.index("[user]\nfirst") < text.index("[opencode]\ndone") < text.index("[user]\nsecond")


def test_the_persons_words_stay_whole_and_long_answers_are_shortened_visibly() -> None:
    words, answer = "w" * (ANSWER_MAX_CHARS * 2), "a" * (ANSWER_MAX_CHARS * 2)
    text = digest([Said("user", words), Said("opencode", answer)])
    assert words in text
    assert answer not in text and f"[{ANSWER_MAX_CHARS} characters left out]" in text


def test_the_newest_messages_win() -> None:
    text = digest([Said("user", f"message {n} " + "x" * 2_000) for n in range(100)])
    assert "message 99 " in text and "message 0 " not in text
    assert "[earlier messages are left out]" in text
    assert len(text) < HANDOVER_MAX_CHARS + 1_000


def test_what_an_agent_missed_has_a_head_of_its_own() -> None:
    text = digest([Said("native", "I renamed it")], head=MISSED_HEAD)
    assert text.startswith(MISSED_HEAD) and "I renamed it" in text
