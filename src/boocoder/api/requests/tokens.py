"""Requests about access tokens."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from boocoder.api.requests.fields import WHOLE, Id, Input, Name
from boocoder.model.access_token import TokenScope

DAYS_DEFAULT = 90
DAYS_MAX = 3_660


class NewToken(Input):
    """Make an access token; `days` null: it is good until it is revoked."""

    name: Name
    scope: Annotated[TokenScope, Field(strict=False)]
    project_id: Id | None = None
    days: Annotated[int, Field(ge=1, le=DAYS_MAX), WHOLE] | None = DAYS_DEFAULT
