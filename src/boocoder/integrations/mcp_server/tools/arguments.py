"""Fields that the arguments of several tools share, with their descriptions for models."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from boocoder.model.limits import PROMPT_MAX_CHARS

NAME_MAX_CHARS = 200

SessionArgument = Annotated[UUID, Meta(description="Id of the session, from start_task or list_sessions.")]
TaskArgument = Annotated[UUID, Meta(description="Id of the task, from start_task.")]
ChangeArgument = Annotated[UUID, Meta(description="Id of the change, from wait_for_task or get_change.")]
Before = Annotated[UUID | None, Meta(description="Id of the last row of the previous page, to go on from there.")]
Limit = Annotated[int, Meta(ge=1, le=100, description="Rows at most.")]
PromptText = Annotated[str, Meta(min_length=1, max_length=PROMPT_MAX_CHARS)]
Cursor = Annotated[str, Meta(min_length=1, max_length=60)]
Ordinal = Annotated[int, Meta(ge=1)]
LongText = Annotated[str, Meta(max_length=100_000)]
ShortText = Annotated[str, Meta(min_length=1, max_length=NAME_MAX_CHARS)]
