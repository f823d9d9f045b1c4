"""Questions of an agent as a form of the protocol."""

from __future__ import annotations

from boocoder.events.agent_event import Question
from boocoder.integrations.acp_agent.connection import dumped
from boocoder.integrations.acp_agent.editor_requests import question_form


def test_each_question_is_a_field_of_its_kind() -> None:
    questions = (
        Question("What name?", header="Name"),
        Question("Which colour?", choices=("red", "green")),
        Question("Which parts?", choices=("a", "b"), multiple=True),
    )
    form = dumped(question_form("1", questions))
    assert (form["mode"], form["sessionId"]) == ("form", "1")
    assert form["message"] == "What name?\nWhich colour?\nWhich parts?"
    schema = form["requestedSchema"]
    assert isinstance(schema, dict)
    assert schema["required"] == ["answer_1", "answer_2", "answer_3"]
    assert schema["properties"] == {
        "answer_1": {"type": "string", "title": "Name", "description": "What name?"},
        "answer_2": {
            "type": "string",
            "title": "Which colour?",
            "description": "Which colour?",
            "enum": ["red", "green"],
        },
        "answer_3": {
            "type": "array",
            "title": "Which parts?",
            "description": "Which parts?",
            "items": {"type": "string", "enum": ["a", "b"]},
        },
    }
