"""Requests about tasks, attachments, permissions and agents."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

from pydantic import AfterValidator, Field

from boocoder.api.requests.fields import WHOLE, Id, Input, LongText, Name, Prompt, Text, Title
from boocoder.api.requests.sessions import StartInput
from boocoder.intake.new_task import PRIORITY_MAX
from boocoder.model.limits import ATTACHMENTS_MAX, BODY_MAX_BYTES
from boocoder.model.permission import Decision, RuleAction
from boocoder.model.steer import SteerSender


class NewTaskInput(Input):
    """Queue a task: in a chat, or in a new chat of a session, or in a new session of a project."""

    prompt: Prompt
    project_id: Id | None = None
    session_id: Id | None = None
    chat_id: Id | None = None
    agent: Name | None = None
    model: Name | None = None
    mode: Name | None = None
    thinking: Name | None = None
    priority: Annotated[int, Field(ge=-PRIORITY_MAX, le=PRIORITY_MAX), WHOLE] = 0
    title: Title | None = None
    start: StartInput = StartInput()
    attachments: Annotated[list[Id], Field(max_length=ATTACHMENTS_MAX)] = []


class TaskPatch(Input):
    """Change a task that waits."""

    prompt: Prompt


class MoveInput(Input):
    """Put a task that waits before another one, or last."""

    before: Id | None = None


class SteerInput(Input):
    """Give a message to the turn that runs in a session."""

    prompt: Prompt
    sent_by: Annotated[SteerSender, Field(strict=False)] = SteerSender.API


BASE64 = {
    "pattern": "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)$",
    "contentEncoding": "base64",
}


def _decodable(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("is not base64") from error
    return text


class NewAttachment(Input):
    """Keep a file until a task takes it."""

    name: Name
    content: Annotated[str, Field(max_length=BODY_MAX_BYTES, json_schema_extra=BASE64), AfterValidator(_decodable)]

    def decoded(self) -> bytes:
        """The file's bytes."""
        return base64.b64decode(self.content)


class PermissionAnswerInput(Input):
    """What a person decides about a permission or question."""

    decision: Annotated[Decision, Field(strict=False)]
    message: LongText = ""
    answers: Annotated[list[Annotated[list[Text], Field(max_length=100)]], Field(max_length=100)] | None = None


class NewPermissionRule(Input):
    """Add a rule for a session, for a project, or, with neither, for all."""

    project_id: Id | None = None
    session_id: Id | None = None
    tool: Name
    argument: LongText
    exact: bool = False
    action: Annotated[RuleAction, Field(strict=False)]


class ModelServerInput(Input):
    """A model server that was found on this machine."""

    base_url: Text


class ModelUnloadInput(Input):
    """A model as tasks name it."""

    model: Text


class ProbeInput(Input):
    """Which agents to ask; all when left out."""

    agents: Annotated[list[Name], Field(max_length=50)] | None = None
