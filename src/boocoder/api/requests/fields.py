"""Field, parameter and base types of all requests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Path, Query
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from boocoder.db.core.list_filter import ListFilter
from boocoder.model.ids import (
    ChangeId,
    ChatId,
    HostId,
    MessageId,
    PermissionId,
    ProjectId,
    RuleId,
    SessionId,
    SteerId,
    TaskId,
)
from boocoder.model.limits import (
    INLINE_TEXT_MAX_CHARS,
    MESSAGE_PARTS_MAX,
    PROMPT_MAX_CHARS,
    SEQ_MAX,
    TEXT_PAGE_MAX_CHARS,
    TITLE_MAX_CHARS,
)

PAGE_DEFAULT = 50
PAGE_MAX = 200
PATH_MAX_CHARS = 4096  # PATH_MAX of Linux


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("holds a NUL character")
    return text


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def visible_text(text: str) -> str:
    """A text with something to see in it; raises ValueError for another one."""
    if not text.strip():
        raise ValueError("is empty")
    return text


# What the validators ask for, in the words of JSON Schema; `\\s` lacks some of what Python calls white space.
STORABLE = {"pattern": r"^[^\u0000]*$"}
VISIBLE = {"pattern": r"^[^\u0000]*[^\s\u0000\u001c-\u001f\u0085][^\u0000]*$"}

Text = Annotated[str, AfterValidator(_storable), Field(json_schema_extra=STORABLE)]
Name = Annotated[Text, Field(max_length=200, json_schema_extra=VISIBLE), AfterValidator(visible_text)]
Title = Annotated[Text, Field(max_length=TITLE_MAX_CHARS, json_schema_extra=VISIBLE), AfterValidator(visible_text)]
Prompt = Annotated[Text, Field(max_length=PROMPT_MAX_CHARS, json_schema_extra=VISIBLE), AfterValidator(visible_text)]
FolderPath = Annotated[Text, Field(max_length=PATH_MAX_CHARS, json_schema_extra=VISIBLE), AfterValidator(visible_text)]
LongText = Annotated[Text, Field(max_length=INLINE_TEXT_MAX_CHARS)]
CommentText = Annotated[LongText, Field(json_schema_extra=VISIBLE)]  # changes.review refuses a blank one
Id = Annotated[UUID, Field(strict=False)]
WHOLE = BeforeValidator(_whole)  # 3.0 is a whole number in JSON, and some clients write it

HostPath = Annotated[HostId, Path()]
ProjectPath = Annotated[ProjectId, Path()]
SessionPath = Annotated[SessionId, Path()]
ChatPath = Annotated[ChatId, Path()]
MessagePath = Annotated[MessageId, Path()]
TaskPath = Annotated[TaskId, Path()]
ChangePath = Annotated[ChangeId, Path()]
PermissionPath = Annotated[PermissionId, Path()]
RulePath = Annotated[RuleId, Path()]
SteerPath = Annotated[SteerId, Path()]
PartPath = Annotated[int, Path(ge=0, le=2**31 - 1)]

Limit = Annotated[int, Query(ge=1, le=PAGE_MAX)]
After = Annotated[int, Query(ge=0, le=SEQ_MAX)]
PartCursor = Annotated[int | None, Query(ge=0, le=2**31 - 1)]
PartLimit = Annotated[int, Query(ge=1, le=MESSAGE_PARTS_MAX)]
TextOffset = Annotated[int, Query(ge=0, le=2**31 - 1)]
TextLimit = Annotated[int, Query(ge=1, le=TEXT_PAGE_MAX_CHARS)]
IdempotencyKey = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200)]


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 1, 1, tzinfo=UTC)  # a later one may not fit once its time zone is counted in
Moment = Annotated[AwareDatetime | None, Query(ge=_EPOCH, le=_LAST)]


def _list_filter(
    agent: Annotated[str | None, Query(min_length=1, max_length=200, pattern=r"^[^\u0000]*$")] = None,
    since: Moment = None,
    until: Moment = None,
) -> ListFilter:
    return ListFilter(agent, since, until)


Filter = Annotated[ListFilter, Depends(_list_filter)]


class Input(BaseModel):
    """Base of every request body."""

    model_config = ConfigDict(extra="forbid", strict=True)


class EmptyBody(Input):
    """The body of a request that needs none: absent, or an empty object."""
