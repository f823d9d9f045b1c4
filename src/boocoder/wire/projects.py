"""Projects, their settings, and what a person can choose one from."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from boocoder.model.ids import ProjectId

SETUP_TIMEOUT_S = 600.0  # installing the dependencies of a large project
TEARDOWN_TIMEOUT_S = 60.0


class Project(msgspec.Struct, frozen=True):
    """A git repository that a person has added.

    Args:
        archived_at: when it was removed from the list.
        moved: whether no repository is at its path any more; `POST /api/projects/{project_id}/relink` repairs that.
    """

    id: ProjectId
    name: str
    path: str
    created_at: datetime
    archived_at: datetime | None
    moved: bool = False


class ProjectSettings(msgspec.Struct, frozen=True):
    """How a project's worktrees are set up, whether secrets are redacted, and how its changes are committed.

    Args:
        copy_patterns: as in .gitignore; ignored and untracked files that match are copied into each new worktree.
        setup: shell command that runs in each new worktree; "" for none.
        setup_timeout_s: seconds until it is ended.
        teardown: shell command that runs before a worktree is removed; "" for none.
        teardown_timeout_s: seconds until it is ended.
        redact: whether known secrets are replaced in what agents say.
        sign_commits: whether commits of changes are signed where the user's git signs its own; null: as the service's
            setting `sign_commits` says.
        commit_hooks: whether the user's hooks (pre-commit, prepare-commit-msg, commit-msg, post-commit) run for them.
        git_hooks: whether git of agents runs the hooks of the person's repository in new worktrees.
    """

    project_id: ProjectId
    copy_patterns: list[str] = []
    setup: str = ""
    setup_timeout_s: float = SETUP_TIMEOUT_S
    teardown: str = ""
    teardown_timeout_s: float = TEARDOWN_TIMEOUT_S
    redact: bool = True
    sign_commits: bool | None = None
    commit_hooks: bool = False
    git_hooks: bool = False


class RunnableFileInfo(msgspec.Struct, frozen=True):
    """A file of a project that makes agents run or obey something.

    Args:
        path: relative to the project.
        sha256: of its content, in hexadecimal digits.
        agents: who runs or obeys it.
        trusted: whether a person has trusted it with this content.
    """

    path: str
    sha256: str
    agents: tuple[str, ...]
    trusted: bool


class ProjectTrustInfo(msgspec.Struct, frozen=True):
    """What a project makes agents run, and whether all of it is trusted."""

    project_id: ProjectId
    trusted: bool
    files: tuple[RunnableFileInfo, ...]


class Folder(msgspec.Struct, frozen=True):
    """A folder, written as it was typed (`~/` stays); `repository`: it is the top of a git checkout."""

    path: str
    repository: bool


class FoundFolders(msgspec.Struct, frozen=True):
    """Folders by name; with `more`, others match as well."""

    folders: tuple[Folder, ...]
    more: bool


class StartKind(StrEnum):
    """What a start point's name refers to."""

    BRANCH = "branch"
    TAG = "tag"
    REMOTE = "remote"  # a branch of another repository, as of the last fetch
    COMMIT = "commit"


class StartName(msgspec.Struct, frozen=True):
    """A branch, tag or commit that a session can start from.

    Args:
        name: of a branch or tag; of a commit its short id.
        at_unix: Unix time in seconds of the commit, or of the tag; 0 if git does not know.
        subject: the first line of its message.
    """

    kind: StartKind
    name: str
    at_unix: int
    subject: str


class SpareWorktree(msgspec.Struct, frozen=True):
    """Whether a worktree waits that the project's next session gets, if the checkout stays at its commit."""

    ready: bool
