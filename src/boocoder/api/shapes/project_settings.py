"""Settings of a project: what a request may hold, and what is answered."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field

from boocoder.api.shapes.inputs import Input, Text
from boocoder.api.shapes.outputs import Output
from boocoder.db.project_settings import SETUP_TIMEOUT_S, TEARDOWN_TIMEOUT_S

PATTERNS_MAX = 100
PATTERN_MAX_CHARS = 500
COMMAND_MAX_CHARS = 10_000  # of a shell; more belongs into a script of the project
TIMEOUT_MAX_S = 24 * 3600.0


def _one_line(pattern: str) -> str:
    if not pattern.strip() or "\n" in pattern:
        raise ValueError("is empty or has more than one line")
    return pattern


Pattern = Annotated[Text, Field(max_length=PATTERN_MAX_CHARS), AfterValidator(_one_line)]
ShellCommand = Annotated[Text, Field(max_length=COMMAND_MAX_CHARS)]
Timeout = Annotated[float, Field(gt=0, le=TIMEOUT_MAX_S)]


class ProjectSettingsInput(Input):
    """All settings of a project, in place of those that it had; what is left out gets its default."""

    copy_patterns: Annotated[list[Pattern], Field(max_length=PATTERNS_MAX)] = []
    setup: ShellCommand = ""
    setup_timeout_s: Timeout = SETUP_TIMEOUT_S
    teardown: ShellCommand = ""
    teardown_timeout_s: Timeout = TEARDOWN_TIMEOUT_S


class ProjectSettingsOut(Output):
    """What a project wants done in each new worktree."""

    project_id: UUID
    copy_patterns: list[str]
    setup: str
    setup_timeout_s: float
    teardown: str
    teardown_timeout_s: float
