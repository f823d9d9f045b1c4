"""Takes a person's answer to a permission or question: checks it and decides the request once, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from boocoder.db.core.pool import Connection, Database
from boocoder.db.tasks import permissions
from boocoder.db.tasks.permissions import StoredAnswer, StoredRequest
from boocoder.errors import Conflict, InvalidInput
from boocoder.events.agent_event import Question
from boocoder.model.ids import PermissionId
from boocoder.model.limits import INLINE_TEXT_MAX_CHARS
from boocoder.model.permission import Decider, Decision, PermissionKind, PermissionState, RuleAction

_STATES = {
    PermissionKind.PERMISSION: {
        Decision.ALLOW: PermissionState.ALLOWED,
        Decision.ALLOW_SESSION: PermissionState.ALLOWED,
        Decision.REFUSE: PermissionState.REFUSED,
    },
    PermissionKind.QUESTION: {
        Decision.ANSWER: PermissionState.ANSWERED,
        Decision.DISMISS: PermissionState.REFUSED,
    },
}


@dataclass(frozen=True, slots=True)
class PersonAnswer:
    """What a person decided.

    Args:
        message: for the agent, with a refusal; "" for none.
        answers: to each question a list: one choice, or several where it allows that, or one text of the person's own.
    """

    decision: Decision
    message: str = ""
    answers: tuple[tuple[str, ...], ...] | None = None


async def answer_request(database: Database, request_id: PermissionId, given: PersonAnswer) -> StoredRequest:
    """Decide an open request; `allow_session` leaves a rule for exactly this tool and argument.

    Raises:
        NotFound: permission_not_found.
        InvalidInput: decision_unfit, message_unfit, answers_unfit, answer_missing, answer_unknown_choice,
            answer_not_single, answer_blank, answer_too_long.
        Conflict: permission_decided, with what was decided.
        Unavailable: the database is not there.
    """
    async with database.transaction() as conn:
        request = await permissions.get_request(conn, request_id)
        state = _state(request, given)
        stored = _checked(request, given)
        if not await permissions.decide_request(conn, request_id, state, by=Decider.PERSON, answer=stored):
            raise decided_before(await permissions.get_request(conn, request_id))
        if given.decision is Decision.ALLOW_SESSION:
            await _allow_for_session(conn, request)
        return await permissions.get_request(conn, request_id)


async def _allow_for_session(conn: Connection, request: StoredRequest) -> None:
    await permissions.insert_rule(
        conn,
        session_id=request.session_id,
        tool=request.tool,
        argument=request.argument,
        action=RuleAction.ALLOW,
        exact=True,
    )


def decided_before(request: StoredRequest) -> Conflict:
    """The refusal of a second answer."""
    who = {
        Decider.PERSON: "by a person",
        Decider.RULE: f"by rule {request.rule_id}",
        Decider.TIMEOUT: "because nobody answered in time",
        Decider.TURN: "because its turn ended",
        None: "",
    }[request.decided_by]
    text = f"The {request.kind} {request.id} was {request.state} already, {who}."
    return Conflict("permission_decided", text, "Nothing is left to answer.")


def _state(request: StoredRequest, given: PersonAnswer) -> PermissionState:
    states = _STATES[request.kind]
    if given.decision not in states:
        text = f"{given.decision} is no answer to a {request.kind}."
        raise InvalidInput("decision_unfit", text, f"It takes one of: {', '.join(states)}.")
    if given.message and given.decision is not Decision.REFUSE:
        raise InvalidInput("message_unfit", "A message goes with a refusal only.", "Leave it out.")
    if given.answers is not None and given.decision is not Decision.ANSWER:
        raise InvalidInput("answers_unfit", f"Answers do not go with {given.decision}.", "Leave them out.")
    return states[given.decision]


def _checked(request: StoredRequest, given: PersonAnswer) -> StoredAnswer | None:
    if given.decision is not Decision.ANSWER:
        return StoredAnswer(message=given.message) if given.message else None
    questions = msgspec.json.decode(request.options, type=tuple[Question, ...])
    answers = given.answers or ()
    if len(answers) != len(questions):
        text = f"There are {len(questions)} questions and {len(answers)} answers."
        raise InvalidInput("answer_missing", text, "Give one list of answers for each question.")
    for number, (question, answer) in enumerate(zip(questions, answers, strict=True), start=1):
        _check(f"question {number} ({question.text[:80]})", question, answer)
    return StoredAnswer(answers=answers)


def _check(name: str, question: Question, answer: Sequence[str]) -> None:
    if not answer or not all(text.strip() for text in answer):
        raise InvalidInput("answer_blank", f"The answer to {name} is empty.", "Answer it, or dismiss the request.")
    if len(answer) > 1 and not (question.multiple and question.choices):
        text = f"{name} takes one answer, not {len(answer)}."
        raise InvalidInput("answer_not_single", text[:1].upper() + text[1:], "Give one.")
    if any(len(text) > INLINE_TEXT_MAX_CHARS for text in answer):
        text = f"The answer to {name} has more than {INLINE_TEXT_MAX_CHARS} characters."
        raise InvalidInput("answer_too_long", text, "Put what is longer into a file, and name the file.")
    unknown = [text for text in answer if question.choices and text not in question.choices]
    refused = unknown[question.free :]  # one text of the person's own may be among the choices
    if refused or len(set(answer)) != len(answer):
        what = f"{refused[0]!r} is" if refused else "A choice that is named twice is"
        cure = f"Choices are: {', '.join(question.choices)}."
        raise InvalidInput("answer_unknown_choice", f"{what} no choice of {name}.", cure)
