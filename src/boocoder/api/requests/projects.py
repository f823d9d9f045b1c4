"""Requests about projects and their settings."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from boocoder.api.requests.fields import PATH_MAX_CHARS, FolderPath, Input, Name, Text
from boocoder.wire.projects import SETUP_TIMEOUT_S, TEARDOWN_TIMEOUT_S
from boocoder.worktrees.trust.runnable_files import FILES_MAX

PATTERNS_MAX = 100
PATTERN_MAX_CHARS = 500
COMMAND_MAX_CHARS = 10_000  # of a shell; more belongs into a script of the project
TIMEOUT_MAX_S = 24 * 3600.0


def _one_line(pattern: str) -> str:
    if not pattern.strip() or "\n" in pattern:
        raise ValueError("is empty or has more than one line")
    return pattern


ONE_LINE = {"pattern": r"^[^\u0000\n]*[^\s\u0000\u001c-\u001f\u0085][^\u0000\n]*$"}
Pattern = Annotated[Text, Field(max_length=PATTERN_MAX_CHARS, json_schema_extra=ONE_LINE), AfterValidator(_one_line)]
ShellCommand = Annotated[Text, Field(max_length=COMMAND_MAX_CHARS)]
Timeout = Annotated[float, Field(gt=0, le=TIMEOUT_MAX_S)]


class NewProject(Input):
    """Add a repository."""

    path: FolderPath
    name: Name | None = None
    separate: bool = False


class RelinkedProject(Input):
    """Where the repository of a project is now."""

    path: FolderPath


class ProjectSettingsInput(Input):
    """All settings of a project, in place of those that it had; what is left out gets its default."""

    copy_patterns: Annotated[list[Pattern], Field(max_length=PATTERNS_MAX)] = []
    setup: ShellCommand = ""
    setup_timeout_s: Timeout = SETUP_TIMEOUT_S
    teardown: ShellCommand = ""
    teardown_timeout_s: Timeout = TEARDOWN_TIMEOUT_S
    redact: bool = True
    sign_commits: bool | None = None
    commit_hooks: bool = False
    git_hooks: bool = False


class SeenFile(Input):
    """A file as it was shown to the person."""

    path: Annotated[Text, Field(min_length=1, max_length=PATH_MAX_CHARS)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class TrustInput(Input):
    """The files that the person trusts."""

    files: Annotated[list[SeenFile], Field(min_length=1, max_length=FILES_MAX)]
