"""Requests about hooks."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from boocoder.api.requests.fields import WHOLE, Id, Input, Name, Prompt, Text, Title
from boocoder.intake.hooks.registry import CONDITIONS_MAX

PER_HOUR_DEFAULT = 30
PER_HOUR_MAX = 10_000
HookName = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[a-z0-9][a-z0-9-]*$")]
ConditionText = Annotated[Text, Field(max_length=500)]


class NewHook(Input):
    """Add a hook; `prompt` and `title` are templates with `{{ path.to.field }}`."""

    name: HookName
    project_id: Id
    prompt: Prompt
    title: Title | None = None
    agent: Name | None = None
    model: Name | None = None
    mode: Name | None = None
    conditions: Annotated[dict[str, ConditionText], Field(max_length=CONDITIONS_MAX)] = {}
    per_hour: Annotated[int, Field(ge=1, le=PER_HOUR_MAX), WHOLE] = PER_HOUR_DEFAULT


class HookPatch(Input):
    """Turn a hook on or off."""

    enabled: bool
