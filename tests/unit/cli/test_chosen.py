"""What a person typed as the answer to a question with choices."""

from __future__ import annotations

import pytest

from boocoder.cli.flows.approvals import chosen
from boocoder.errors import InvalidInput
from boocoder.events.agent_event import Question

CHOICES = ("red", "green")


@pytest.mark.parametrize("typed", ["red", "1"])
def test_a_choice_is_named_or_numbered(typed: str) -> None:
    assert chosen(Question("Which?", choices=CHOICES, free=True), typed) == ["red"]


def test_own_words_are_an_answer_only_where_the_agent_takes_them() -> None:
    assert chosen(Question("Which?", choices=CHOICES, free=True), "a warm grey") == ["a warm grey"]
    with pytest.raises(InvalidInput, match="none of the choices"):
        chosen(Question("Which?", choices=CHOICES), "a warm grey")


def test_a_wrong_number_is_a_slip_and_no_answer_in_own_words() -> None:
    with pytest.raises(InvalidInput, match="none of the choices"):
        chosen(Question("Which?", choices=CHOICES, free=True), "3")
