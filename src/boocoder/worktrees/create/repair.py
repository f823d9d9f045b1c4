"""Names a session's branch, and words the notices about repairs of its repository."""

from __future__ import annotations

import re
from collections.abc import Sequence

from boocoder.events.agent_event import Notice, NoticeLevel
from boocoder.git.worktree.session_worktrees import Repair, RepairKind
from boocoder.model.ids import SessionId

SLUG_MAX_CHARS = 40
ID_CHARS = 4  # of the session's id, so that two sessions of one title have different branches

_NOTICES = {
    RepairKind.CONVERTED: (
        "repository_of_its_own",
        "The session's worktree was linked to your repository. It now has a repository of its own, with the same"
        " commits, branches, staged files and stash.",
        NoticeLevel.INFO,
    ),
    RepairKind.GIT_FILE: (
        "git_file_restored",
        "The worktree's .git was missing or named another repository. It names the session's repository again.",
        NoticeLevel.WARNING,
    ),
    RepairKind.REPOSITORY: (
        "repository_restored",
        "Parts of the session's git repository were missing and were made again.",
        NoticeLevel.WARNING,
    ),
    RepairKind.CONFIG: (
        "git_config_restored",
        "The session's git configuration named another work tree or could not be read; this was corrected.",
        NoticeLevel.WARNING,
    ),
}


def branch_name(title: str, session_id: SessionId) -> str:
    """The branch that a session begins on, such as `boocoder/fix-the-login-4f1c`."""
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:SLUG_MAX_CHARS].strip("-")
    return f"boocoder/{words or 'session'}-{session_id.hex[-ID_CHARS:]}"


def repair_notices(repairs: Sequence[Repair]) -> list[Notice]:
    """One notice for each repair."""
    found: list[Notice] = []
    for repair in repairs:
        code, text, level = _NOTICES[repair.kind]
        if repair.moved is not None:
            text += f" What stood there was moved to {repair.moved}."
        found.append(Notice(code, text, level))
    return found
