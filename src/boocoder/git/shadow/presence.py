"""Checks whether a project's repository is still at its path, and stands in for it if it is not.

Objects, snapshots and sessions' repositories are the shadow's own, so a turn that runs while the folder is away loses
nothing.
"""

from __future__ import annotations

from pathlib import Path

from boocoder.errors import Conflict, InvalidInput
from boocoder.git.command import Git, require_git
from boocoder.git.project import Checkout, find_checkout

ID_CHARS = 8  # of a project's id, in a command for people


class ProjectMoved(Conflict):
    """The repository of a project is not where it was.

    Args:
        git_dir: the shadow repository, named after the project's id.
        project: where the repository was.
    """

    def __init__(self, git_dir: Path, project: Path) -> None:
        super().__init__(
            "project_moved",
            f"The repository is not at {project} any more.",
            f"Say where it is: boocoder projects relink {git_dir.stem[:ID_CHARS]} NEW_PATH. Or move it back.",
        )


async def project_checkout(git_dir: Path, project: Path) -> Checkout:
    """The checkout at a project's path.

    Args:
        git_dir: the shadow repository.
        project: real path of the checkout's root.

    Raises:
        ProjectMoved: nothing is there, or no repository.
        Conflict: `project_files_elsewhere`, the repository's files are in another folder.
        Unavailable: git is missing or too old.
        InvalidInput: the repository is there and cannot be read.
    """
    if not is_checkout(project):
        raise ProjectMoved(git_dir, project)
    await require_git(Git(project))
    try:
        checkout = await find_checkout(Git(project), project)
    except InvalidInput as error:
        if error.code == "project_unreadable":
            raise
        raise ProjectMoved(git_dir, project) from error
    if checkout.root != project:
        raise Conflict(
            "project_files_elsewhere",
            f"The repository at {project} says that its files are in {checkout.root} (core.worktree).",
            f"Add that folder as a project, or correct it: git -C {project} config --unset core.worktree",
        )
    return checkout


def is_checkout(path: Path) -> bool:
    """Whether there is a checkout of some repository; one look at the disk."""
    try:
        return (path / ".git").exists()
    except OSError:  # a folder that may not be entered
        return False


async def absent_checkout(git_dir: Path, project: Path) -> Checkout:
    """Replacement for the checkout of a project whose repository is missing.

    Raises:
        ProjectMoved: the shadow repository was never made, so there is nothing to work with either.
    """
    if not (git_dir / "HEAD").is_file():
        raise ProjectMoved(git_dir, project)
    named = (await Git(git_dir)("rev-parse", "--show-object-format", variables={"GIT_DIR": str(git_dir)})).decode()
    return Checkout(project, project / ".git", project / ".git", named.strip())


def place_of(checkout: Checkout) -> tuple[int, int]:
    """Device and inode of the checkout's git directory; zeros where it is gone."""
    try:
        found = (checkout.git_dir / "HEAD").parent.stat()
    except OSError:
        return 0, 0
    return found.st_dev, found.st_ino
