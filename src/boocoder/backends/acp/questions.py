"""Turns an agent's form (elicitation) into questions for a person, and the answers into the form's content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from boocoder.events import json_coerce
from boocoder.events.agent_event import Question

_FIELDS_MAX = 16


def read_questions(params: Mapping[str, object]) -> tuple[tuple[str, ...], tuple[Question, ...]]:
    """The names of a form's fields, and a question for each; none if it cannot be put to a person this way."""
    if json_coerce.text(params.get("mode")) not in ("", "form"):
        return (), ()
    message = json_coerce.text(params.get("message"))
    properties = json_coerce.mapping(json_coerce.mapping(params.get("requestedSchema")).get("properties"))
    names = tuple(properties)[:_FIELDS_MAX]
    return names, tuple(
        _question(json_coerce.mapping(properties[name]), name, message, alone=len(names) == 1) for name in names
    )


def answer_content(
    params: Mapping[str, object], names: Sequence[str], answers: Sequence[Sequence[str]]
) -> dict[str, object]:
    """The form's content out of a person's answers, in the types that the form wants."""
    properties = json_coerce.mapping(json_coerce.mapping(params.get("requestedSchema")).get("properties"))
    return {
        name: _value(json_coerce.mapping(properties.get(name)), list(answer))
        for name, answer in zip(names, answers, strict=False)
        if answer
    }


def _question(field: Mapping[str, object], name: str, message: str, *, alone: bool) -> Question:
    about = json_coerce.text(field.get("description")) or json_coerce.text(field.get("title")) or name
    multiple = field.get("type") == "array"
    chosen_from = json_coerce.mapping(field.get("items")) if multiple else field
    choices = tuple(label for _, label in _choices(chosen_from))
    text = message if alone and message else f"{message} {about}".strip()
    return Question(text, json_coerce.text(field.get("title")), choices, multiple)


def _choices(field: Mapping[str, object]) -> list[tuple[object, str]]:
    """(value, label) of each choice."""
    if field.get("type") == "boolean":
        return [(True, "yes"), (False, "no")]
    for key in ("oneOf", "anyOf"):
        found = [json_coerce.mapping(choice) for choice in json_coerce.items(field.get(key))]
        if labelled := [
            (choice["const"], json_coerce.text(choice.get("title"))) for choice in found if "const" in choice
        ]:
            return [(value, label or str(value)) for value, label in labelled]
    names = json_coerce.items(field.get("enumNames"))
    values = json_coerce.items(field.get("enum"))
    return [
        (value, json_coerce.text(names[place]) if place < len(names) else str(value))
        for place, value in enumerate(values)
    ]


def _value(field: Mapping[str, object], answer: list[str]) -> object:
    if field.get("type") == "array":
        by_label = {label: value for value, label in _choices(json_coerce.mapping(field.get("items")))}
        return [by_label.get(one, one) for one in answer]
    by_label = {label: value for value, label in _choices(field)}
    if answer[0] in by_label:
        return by_label[answer[0]]
    if field.get("type") in ("number", "integer"):
        try:
            return int(answer[0]) if field.get("type") == "integer" else float(answer[0])
        except ValueError:
            return answer[0]
    return ", ".join(answer)
