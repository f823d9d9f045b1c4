"""What is offered to somebody who chooses a project's folder, or where a session starts from."""

from __future__ import annotations

from boocoder.api.shapes.outputs import Output
from boocoder.git.start_names import StartKind


class FolderOut(Output):
    """A folder, written as it was typed (`~/` stays); `repository`: it is the top of a git checkout."""

    path: str
    repository: bool


class FoundFoldersOut(Output):
    """Folders by name; with `more`, others fit as well."""

    folders: list[FolderOut]
    more: bool


class StartNameOut(Output):
    """A branch, tag or commit (its short id) that a session can start from; `at_unix` is 0 where git knows no time."""

    kind: StartKind
    name: str
    at_unix: int
    subject: str
