"""Decides whether a model call fails with an HTTP error: `fail` always, `flaky` the first few times."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass
from http import HTTPStatus

from boocoder.scripted_model.conversation import ModelConversation
from boocoder.scripted_model.script import Directive, Verb, flaky_numbers

KEEP_COUNTS = 1_024  # conversations whose refusals are counted; the oldest are forgotten


@dataclass(frozen=True, slots=True)
class Refusal:
    """An HTTP error instead of an answer, after a pause in seconds."""

    status: int
    after_s: float


class RefusalCounter:
    """Counts how often each call was refused; retries of the same call are counted together."""

    def __init__(self) -> None:
        self._counts: OrderedDict[tuple[object, ...], int] = OrderedDict()

    def decide(self, conversation: ModelConversation) -> Refusal | None:
        """The refusal of this call, or None. A `fail` or `flaky` anywhere in its steps applies to the whole call."""
        if conversation.side_answer is not None:
            return None
        pause_s = 0.0
        for index, step in enumerate(conversation.steps()):
            if step.verb is Verb.SLEEP:
                pause_s += step.number
            elif step.verb is Verb.FAIL:
                return Refusal(_status(step.argument), pause_s)
            elif step.verb is Verb.FLAKY and (status := self._flaky(conversation, index, step)) is not None:
                return Refusal(status, pause_s)
        return None

    def _flaky(self, conversation: ModelConversation, index: int, step: Directive) -> int | None:
        times, status = flaky_numbers(step)
        key = (conversation.directory, conversation.prompts, conversation.results, index)
        count = self._counts.get(key, 0)
        if count >= times:
            return None
        self._counts[key] = count + 1
        if len(self._counts) > KEEP_COUNTS:
            self._counts.popitem(last=False)
        return status


def _status(text: str) -> int:
    return int(text) if re.fullmatch(r"[45]\d\d", text) else HTTPStatus.INTERNAL_SERVER_ERROR
