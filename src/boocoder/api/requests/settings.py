"""Requests about the service's settings."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, JsonValue

from boocoder.api.requests.fields import Input

CHANGES_MAX = 100
SettingName = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[a-z][a-z0-9_.-]*$")]


class SettingsPatch(Input):
    """Change settings by their dotted names, keys of tables too, such as `mcp.github.url`; null removes one.

    A table such as `mcp.github` is added or removed whole.
    """

    changes: Annotated[dict[SettingName, JsonValue], Field(min_length=1, max_length=CHANGES_MAX)]
