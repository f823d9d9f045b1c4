"""Inspects a directory that a person names as a project. Read-only; runs nothing that the repository configures."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from boocoder.errors import GitError, InvalidInput
from boocoder.git.command import TIMEOUT_S, Git, require_git
from boocoder.git.lfs.content_filter import DIRECTORY, ContentFilter
from boocoder.git.shadow.init import make_shadow_directory
from boocoder.git.shadow.objects import ShadowGit
from boocoder.git.shadow.private_index import copy_index
from boocoder.git.user.settings import personal, settings_or_default

T = TypeVar("T")

WORKTREE_MARK = "boocoder"  # a file in the git directory of every worktree that we make; it names the project
INSPECT_TIMEOUT_S = 60.0  # counting the changed files of a large checkout on a cold disk


@dataclass(frozen=True, slots=True)
class ProjectInfo:
    """A repository that can be a project.

    Args:
        root: the real path of the checkout's top directory.
        common_dir: the git directory that all worktrees of the repository share.
        head_commit: the commit that is checked out; None before the first commit.
        head_tree: its tree, or the empty tree.
        branch: the branch that is checked out; None with a detached HEAD.
        dirty_files: how many files differ from the commit or are untracked.
    """

    root: Path
    common_dir: Path
    head_commit: str | None
    head_tree: str
    branch: str | None
    dirty_files: int


@dataclass(frozen=True, slots=True)
class Checkout:
    """Where a checkout and its repository are, and in which format objects are named."""

    root: Path
    git_dir: Path
    common_dir: Path
    object_format: str

    @property
    def objects(self) -> Path:
        """The repository's object directory."""
        return self.common_dir / "objects"


@dataclass(frozen=True, slots=True)
class Head:
    """What is checked out."""

    commit: str | None
    tree: str
    branch: str | None


async def inspect_project(path: Path) -> ProjectInfo:
    """Say what a directory is as a project.

    Args:
        path: any directory inside a checkout; `~` is expanded.

    Raises:
        InvalidInput: `project_path_missing`, `project_path_not_a_directory`, `project_not_a_repository`,
            `project_is_bare`, `project_dubious_owner`, `project_is_our_worktree` or `project_unreadable`.
        Unavailable: git is missing or too old.
    """
    checkout = await require_checkout(path)
    if (checkout.git_dir / WORKTREE_MARK).exists():
        raise InvalidInput(
            "project_is_our_worktree",
            f"{checkout.root} is a worktree that boocoder made for a session.",
            f"Add the repository that it was made from: {_origin(checkout)}.",
        )
    head = await read_head(user_git(checkout), checkout.object_format)
    dirty = await _count_dirty_alone(checkout, head.tree)
    return ProjectInfo(checkout.root, checkout.common_dir, head.commit, head.tree, head.branch, dirty)


async def require_checkout(path: Path) -> Checkout:
    """The checkout that contains a directory.

    Raises:
        InvalidInput, Unavailable: as `inspect_project`.
    """
    place = _directory(path)
    git = Git(place)
    await require_git(git)
    await _check_owner(git, place)
    return await find_checkout(git, place)


def user_git(checkout: Checkout) -> Git:
    """Git in the user's own repository, where neither hooks nor a file monitor may start."""
    return Git(
        checkout.root,
        ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "safe.directory=*"),
        {"GIT_DIR": str(checkout.git_dir), "GIT_WORK_TREE": str(checkout.root)},
    )


def _directory(path: Path) -> Path:
    text = str(path)
    if "\0" in text or not text.strip():
        raise InvalidInput("project_path_invalid", f"{text!r} is not a path.")
    try:
        place = path.expanduser().resolve(strict=True)
    except (OSError, RuntimeError):
        raise InvalidInput(
            "project_path_missing", f"There is nothing at {text!r}.", "Give the path of an existing directory."
        ) from None
    if not place.is_dir():
        raise InvalidInput(
            "project_path_not_a_directory", f"{text!r} is a file.", "Give the directory that holds the repository."
        )
    return place


async def _check_owner(git: Git, place: Path) -> None:
    """Ask git with the user's own configuration, so that what the user trusts is trusted here and nothing else."""
    done = await personal(git).result("rev-parse", "--git-dir", timeout_s=INSPECT_TIMEOUT_S)
    if done.returncode != 0 and "dubious ownership" in done.stderr:
        raise InvalidInput(
            "project_dubious_owner",
            f"{place} belongs to another user, and git does not trust it.",
            f"If you trust it: git config --global --add safe.directory {place}",
        )


async def find_checkout(git: Git, place: Path) -> Checkout:
    """The checkout around a directory.

    Raises:
        InvalidInput: there is none, it is bare, or its git directory is broken.
    """
    asked = ("--is-bare-repository", "--is-inside-git-dir", "--show-object-format", "--absolute-git-dir")
    trusting = ("-c", "safe.directory=*")
    finder = Git(place, (*git.options, *trusting), git.variables, git.safe, git.gate)
    done = await finder.result("rev-parse", *asked, cwd=place, timeout_s=INSPECT_TIMEOUT_S)
    if done.returncode != 0:
        raise _no_checkout(place, done.stderr)
    bare, inside, object_format, git_dir_name = done.stdout.decode("utf-8", "surrogateescape").split("\n", 3)
    git_dir = Path(git_dir_name.removesuffix("\n")).resolve()
    if bare == "true" or inside == "true":
        raise InvalidInput(
            "project_is_bare",
            f"{place} has no checkout: it is bare, or a git directory itself.",
            "Add a checkout of it.",
        )
    root = await finder("rev-parse", "--show-toplevel", cwd=place, timeout_s=INSPECT_TIMEOUT_S)
    common = await finder("rev-parse", "--git-common-dir", cwd=place, timeout_s=INSPECT_TIMEOUT_S)
    return Checkout(_path(root, place), git_dir, _path(common, place), object_format)


def _path(printed: bytes, relative_to: Path) -> Path:
    return (relative_to / printed.removesuffix(b"\n").decode("utf-8", "surrogateescape")).resolve()


def _no_checkout(place: Path, stderr: str) -> InvalidInput:
    if "not a git repository" in stderr and "(or any" in stderr:
        return InvalidInput(
            "project_not_a_repository", f"{place} is not in a git repository.", "Make it one: git init, then commit."
        )
    return InvalidInput("project_unreadable", f"git cannot read the repository of {place}: {stderr.strip()[-500:]}")


def _origin(checkout: Checkout) -> Path:
    """The user's checkout that a session's worktree was made from."""
    written = (checkout.git_dir / WORKTREE_MARK).read_bytes().removesuffix(b"\n")
    place = Path(os.fsdecode(written))
    return place if place.is_absolute() else checkout.common_dir.parent  # a linked worktree, of an earlier version


async def read_head(git: Git, object_format: str) -> Head:
    """What a repository has checked out."""
    asked = b"HEAD^{commit}\nHEAD^{tree}\n"
    answer = (await git("cat-file", "--batch-check=%(objectname)", stdin=asked)).decode().split("\n")
    branch = await git.result("symbolic-ref", "-q", "--short", "HEAD")
    name = branch.stdout.decode("utf-8", "replace").strip() or None
    if answer[0].endswith("missing"):
        return Head(None, empty_tree(object_format), name)
    return Head(answer[0], answer[1], name)


def empty_tree(object_format: str) -> str:
    """The id of the tree without entries (git, `hash-object -t tree /dev/null`)."""
    if object_format == "sha256":
        return "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"
    return "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


async def _count_dirty_alone(checkout: Checkout, head_tree: str) -> int:
    """Count through a shadow repository of the moment, so that nothing planted in the repository runs."""
    with tempfile.TemporaryDirectory(prefix="boocoder-", ignore_cleanup_errors=True) as temporary:
        git_dir = Path(temporary) / "shadow.git"
        settings = await settings_or_default(user_git(checkout), checkout.common_dir)
        await make_shadow_directory(git_dir, object_format=checkout.object_format, settings=settings)
        contents = ContentFilter(git_dir / DIRECTORY, settings.contents_of(checkout.common_dir))
        shadow = ShadowGit(Git(git_dir), git_dir, (checkout.objects,), contents)
        return len(await dirty_paths(shadow, checkout, head_tree, index=Path(temporary) / "index"))


async def dirty_paths(
    shadow: ShadowGit, checkout: Checkout, head_tree: str | None, *, index: Path, timeout_s: float = TIMEOUT_S
) -> set[bytes]:
    """Files of a checkout that differ from its index or are untracked.

    Args:
        head_tree: also those whose entry in the index differs from this tree; None for not.
        index: where a copy of the checkout's index is put for the time of the call.
        timeout_s: of each call of git.
    """

    async def compare() -> set[bytes]:
        return await _differences(shadow, checkout.root, head_tree, index, timeout_s)

    return await with_checkout_index(shadow, checkout, index, compare, tree=head_tree)


async def with_checkout_index(
    shadow: ShadowGit, checkout: Checkout, index: Path, work: Callable[[], Awaitable[T]], *, tree: str | None = None
) -> T:
    """Do something with a copy of a checkout's index; where git cannot read that, as a split one, with one of a commit.

    Args:
        index: where it is for the time of the call.
        work: is called again where git failed with the copy.
        tree: of the commit; None for the one that is checked out.
    """
    try:
        with suppress(OSError):
            copy_index(checkout.git_dir / "index", index)
        try:
            return await work()
        except GitError as error:
            if error.code != "git_failed":
                raise
            tree = tree or (await read_head(user_git(checkout), checkout.object_format)).tree
            index.unlink(missing_ok=True)
            await shadow("read-tree", tree, index=index)
            return await work()
    finally:
        index.unlink(missing_ok=True)


async def _differences(
    shadow: ShadowGit, root: Path, head_tree: str | None, index: Path, timeout_s: float
) -> set[bytes]:
    staged = b""
    if head_tree is not None:
        staged = await shadow(
            "diff-index", "--cached", "--name-only", "--no-renames", "--ignore-submodules=all", "-z", head_tree,
            work_tree=root, index=index, timeout_s=timeout_s,
        )  # fmt: skip
    changed = await shadow(
        "ls-files", "-z", "-m", "-d", "-o", "--exclude-standard", work_tree=root, index=index, timeout_s=timeout_s
    )
    return {path for path in (staged + changed).split(b"\0") if path}
