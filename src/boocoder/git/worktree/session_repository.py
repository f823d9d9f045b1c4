"""A session's own git directory: made, checked and repaired. It borrows objects from the project's object store.

The directory is written by hand and comes into being whole by a rename. Nothing of it is in the user's repository.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from boocoder.errors import GitError
from boocoder.git.command import Git
from boocoder.git.inside import exists_at, folder_inside, replace_inside
from boocoder.git.project import WORKTREE_MARK, Checkout, user_git
from boocoder.git.shadow.object_store import STORE
from boocoder.git.user.settings import personal
from boocoder.git.worktree.session_config import ConfigEntry, carried_over, config_text, hooks_entry
from boocoder.git.worktree.session_refs import Reference, free_branch, read_references, write_references
from boocoder.model.ids import new_id

_ALTERNATES = b"../../../" + STORE.encode() + b"\n"  # relative to <shadow>/sessions/<session>/objects
_COPIED_FILES = ("shallow", "info/exclude", "info/attributes")
_REDIRECTIONS = ("commondir", "gitdir")  # files with which git looks elsewhere for refs and objects
_NO_LINKS = ("", "config", "config.worktree", "index", "HEAD", "refs", "objects", "objects/info")  # we write these
GIT_FILE_MAX_BYTES = 10_000


@dataclass(frozen=True, slots=True)
class RepositoryTemplate:
    """What a session's repository takes over of the user's.

    Args:
        project: root of the user's checkout.
        references: sorted.
        config: the entries of its configuration.
        files: path below the git directory -> content.
    """

    project: Path
    references: tuple[Reference, ...]
    config: tuple[ConfigEntry, ...]
    files: dict[str, bytes]

    def config_bytes(self) -> bytes:
        """The configuration as a file."""
        return config_text(self.config)

    def branch(self, wanted: str) -> str:
        """The full name of a branch that the user's references leave free."""
        return free_branch(self.references, wanted)


async def read_template(checkout: Checkout, *, excludes: bytes = b"", hooks: bool = False) -> RepositoryTemplate:
    """Read what a session's repository takes over, as it is now.

    Args:
        excludes: ignore patterns beside the user's, one a line.
        hooks: let its git run the hooks that the user's git runs.

    Raises:
        GitError: git failed.
    """
    references = await read_references(checkout)
    listed = await personal(user_git(checkout))("config", "--list", "-z", "--show-scope")
    files: dict[str, bytes] = {}
    for name in _COPIED_FILES:
        with suppress(OSError):
            files[name] = (checkout.common_dir / name).read_bytes()
    if excludes:
        files["info/exclude"] = files.get("info/exclude", b"") + excludes + b"\n"
    own = hooks_entry(listed, checkout.common_dir) if hooks else []
    config = (*_format(checkout), *own, *carried_over(listed))
    return RepositoryTemplate(checkout.root, tuple(references), config, files)


def _format(checkout: Checkout) -> list[ConfigEntry]:
    if checkout.object_format == "sha1":
        return [ConfigEntry("core.repositoryformatversion", "0")]
    return [
        ConfigEntry("core.repositoryformatversion", "1"),
        ConfigEntry("extensions.objectformat", checkout.object_format),
    ]


def make_git_directory(
    git_dir: Path, template: RepositoryTemplate, *, branch: str, commit: str, fill: Callable[[Path], None] | None = None
) -> None:
    """Write a session's git directory with HEAD on a new branch. It blocks.

    Args:
        git_dir: does not exist.
        branch: full name.
        commit: full id of where the branch begins.
        fill: adds files before the directory is renamed into place.
    """
    git_dir.parent.mkdir(parents=True, exist_ok=True)
    made = git_dir.with_name(f".{git_dir.name}-{new_id().hex}")
    try:
        for name in ("objects/info", "objects/pack", "refs/heads", "refs/tags", "info", "hooks"):
            (made / name).mkdir(parents=True)
        (made / "objects/info/alternates").write_bytes(_ALTERNATES)
        (made / "config").write_bytes(template.config_bytes())
        (made / WORKTREE_MARK).write_bytes(os.fsencode(template.project) + b"\n")
        for name, content in template.files.items():
            (made / name).write_bytes(content)
        write_references(made, template.references)
        path = made / branch
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{commit}\n")
        (made / "HEAD").write_text(f"ref: {branch}\n")
        if fill is not None:
            fill(made)
        made.rename(git_dir)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def git_file(git_dir: Path) -> bytes:
    """The content of the `.git` file of a worktree."""
    return b"gitdir: " + os.fsencode(git_dir) + b"\n"


def points_to(worktree: Path, git_dir: Path) -> bool:
    """Whether the worktree's `.git` is a file that names the git directory."""
    return read_git_file(worktree) == git_file(git_dir)


def read_git_file(worktree: Path) -> bytes | None:
    """What the worktree's `.git` says; None where it is no plain file."""
    path = worktree / ".git"
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > GIT_FILE_MAX_BYTES:
            return None
        return path.read_bytes()
    except OSError:
        return None


def place_git_file(worktree: Path, git_dir: Path) -> Path | None:
    """Let the worktree's `.git` name its git directory, at once.

    Returns:
        Where a directory went that was in its place, as after the agent's `git init`; None where there was none.
    """
    path, moved = worktree / ".git", None
    if path.is_dir() and not path.is_symlink():
        moved = git_dir / f"replaced-{new_id().hex}"
        path.rename(moved)
    made = worktree.with_name(f".{worktree.name}-{new_id().hex}")
    with made.open("wb") as file:
        file.write(git_file(git_dir))
        file.flush()
        os.fsync(file.fileno())
    made.replace(path)
    return moved


def is_sound(git_dir: Path) -> bool:
    """Whether git takes the directory for a repository that borrows from the object store."""
    if any((git_dir / name).is_symlink() for name in _NO_LINKS):
        return False
    alternates = git_dir / "objects" / "info" / "alternates"
    try:
        borrows = _ALTERNATES.strip() in alternates.read_bytes().split(b"\n")
    except OSError:
        return False
    parts = (git_dir / "refs").is_dir() and (git_dir / "config").is_file() and os.path.lexists(git_dir / "HEAD")
    return borrows and parts and not any((git_dir / name).exists() for name in _REDIRECTIONS)


def repair_git_directory(git_dir: Path, template: RepositoryTemplate, *, branch: str, commit: str) -> None:
    """Put back what of a session's git directory is missing; what is there stays, but no link. It blocks."""
    for name in _NO_LINKS:
        if (git_dir / name).is_symlink():
            (git_dir / name).unlink()
    git_dir.mkdir(parents=True, exist_ok=True)
    fresh = git_dir.with_name(f".{git_dir.name}-{new_id().hex}-fresh")
    make_git_directory(fresh, template, branch=branch, commit=commit)
    try:
        for name in _REDIRECTIONS:
            (git_dir / name).unlink(missing_ok=True)
        for source in sorted(fresh.rglob("*")):
            _move_inside(source, git_dir, source.relative_to(fresh))
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _move_inside(source: Path, git_dir: Path, path: Path) -> None:
    """Move a file, or make a folder, where there is none; the list of lenders is replaced."""
    if source.is_dir():
        with folder_inside(git_dir, path):
            return
    with folder_inside(git_dir, path.parent) as folder:
        if path.name == "alternates" or not exists_at(folder, path.name):
            os.rename(source, path.name, dst_dir_fd=folder)


def config_files(git_dir: Path) -> list[Path]:
    """The files of a git directory's configuration that are there."""
    return [one for one in (git_dir / "config", git_dir / "config.worktree") if one.is_file() and not one.is_symlink()]


async def repair_config(config: Path, git: Git, fresh: Callable[[], Awaitable[RepositoryTemplate]]) -> bool:
    """Take out of a file of a session's configuration what makes git look at other files than the worktree's.

    Args:
        git: writes into the session's repository.
        fresh: what is written in place of one that git cannot read, which is kept beside it.

    Returns:
        Whether anything was wrong.
    """
    listed = await Git(config.parent).result(
        "config", "-f", str(config), "--list", "-z", "--name-only", "--no-includes"
    )
    if listed.returncode != 0:
        config.replace(config.with_name(f"{config.name}.broken"))
        if config.name == "config":
            template = await fresh()
            replace_inside(config.parent, Path(config.name), template.config_bytes())
        return True
    names = {name.decode("utf-8", "replace") for name in listed.stdout.split(b"\0")}
    wrong = names & {"core.worktree", "core.bare"}
    for name in wrong:
        await git("config", "-f", str(config), "--unset-all", name)
    return bool(wrong)


async def require_itself(worktree: Path, git_dir: Path) -> None:
    """Check with git, run as an agent would run it, that the worktree belongs to its own repository.

    Raises:
        GitError: `worktree_not_itself`.
    """
    done = await personal(Git(worktree)).result("rev-parse", "--show-toplevel", "--absolute-git-dir")
    wanted = b"%s\n%s\n" % (os.fsencode(worktree.resolve()), os.fsencode(git_dir.resolve()))
    if done.returncode != 0 or done.stdout != wanted:
        said = done.stderr.strip() or done.stdout.decode("utf-8", "replace").strip()
        raise GitError(
            "worktree_not_itself",
            f"git in {worktree} does not use the session's own repository: {said[:500]}",
            "Look for core.worktree, core.bare or GIT_DIR in your global git configuration and environment.",
        )
