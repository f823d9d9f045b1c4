"""The conversation so far as a new agent gets it."""

from __future__ import annotations

from pathlib import Path

import pytest

from boocoder.db.conversation.messages import EarlierMessage
from boocoder.dispatch.turn.prompt import ANSWER_MAX_CHARS, HANDOVER_MAX_CHARS, MISSED_HEAD, digest, missed_by
from boocoder.model.ids import ChatId, SessionId, TaskId, new_id
from boocoder.model.turn import ResumeStep, TurnRequest


def test_nothing_said_gives_nothing() -> None:
    assert digest([]) == ""


def test_who_said_what_in_order() -> None:
    text = digest(
        [EarlierMessage("user", "first"), EarlierMessage("opencode", "done"), EarlierMessage("user", "second")]
    )
    assert text.index("[user]\nfirst") < text.index("[opencode]\ndone") < text.index("[user]\nsecond")


def test_the_persons_words_stay_whole_and_long_answers_are_shortened_visibly() -> None:
    words, answer = "w" * (ANSWER_MAX_CHARS * 2), "a" * (ANSWER_MAX_CHARS * 2)
    text = digest([EarlierMessage("user", words), EarlierMessage("opencode", answer)])
    assert words in text
    assert answer not in text and f"[{ANSWER_MAX_CHARS} characters left out]" in text


def test_the_newest_messages_win() -> None:
    text = digest([EarlierMessage("user", f"message {n} " + "x" * 2_000) for n in range(100)])
    assert "message 99 " in text and "message 0 " not in text
    assert "[earlier messages are left out]" in text
    assert len(text) < HANDOVER_MAX_CHARS + 1_000


def test_what_an_agent_missed_has_a_head_of_its_own() -> None:
    text = digest([EarlierMessage("native", "I renamed it")], head=MISSED_HEAD)
    assert text.startswith(MISSED_HEAD) and "I renamed it" in text


def test_what_an_agent_missed_comes_after_the_newest_message_that_it_knows() -> None:
    earlier = [EarlierMessage("user", "a", 3), EarlierMessage("claude", "b", 4), EarlierMessage("user", "c", 9)]
    assert [message.text for message in missed_by(earlier, 3)] == ["b", "c"]
    assert list(missed_by(earlier, 9)) == []
    assert list(missed_by(earlier, None)) == []


@pytest.mark.parametrize("step", [ResumeStep.WARM, ResumeStep.RESUMED, ResumeStep.LOADED])
def test_an_agent_that_knows_the_chat_gets_what_it_missed(step: ResumeStep) -> None:
    assert request(notes="NOTES", missed="MISSED", handover="ALL").prompt_text(step) == "NOTES\n\nMISSED\n\nwords"
    assert request(handover="ALL").prompt_text(step) == "words"


@pytest.mark.parametrize("step", [ResumeStep.HANDED_OVER, ResumeStep.FRESH])
def test_an_agent_that_does_not_know_the_chat_gets_all_of_it(step: ResumeStep) -> None:
    assert request(notes="NOTES", missed="MISSED", handover="ALL").prompt_text(step) == "NOTES\n\nALL\n\nwords"
    assert request().prompt_text(step) == "words"


def request(*, notes: str = "", missed: str = "", handover: str = "") -> TurnRequest:
    return TurnRequest(
        task_id=TaskId(new_id()),
        epoch=1,
        session_id=SessionId(new_id()),
        chat_id=ChatId(new_id()),
        agent="claude",
        prompt="words",
        worktree=Path("/worktree"),
        notes=notes,
        missed=missed,
        handover=handover,
    )
