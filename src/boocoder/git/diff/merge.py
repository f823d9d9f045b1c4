"""Merges three trees in memory and returns a tree or the conflicts by file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from boocoder.errors import GitError
from boocoder.git.command import failed
from boocoder.git.diff.labels import MergeLabels, with_labels
from boocoder.git.diff.tree_diff import blob_sizes
from boocoder.git.lfs.pointer import POINTER_MAX_BYTES, parse_pointer
from boocoder.git.shadow.objects import ShadowGit, read_blobs
from boocoder.git.shadow.tree_build import TreeEdit, build_tree


class ConflictKind(StrEnum):
    """Why a path cannot be changed."""

    BOTH_MODIFIED = "both_modified"
    BOTH_ADDED = "both_added"
    DELETED_HERE = "deleted_here"  # the user deleted what the change modifies
    DELETED_THERE = "deleted_there"  # the change deletes what the user modified
    OTHER = "other"  # a rename, or a file where the other side has a directory
    IN_THE_WAY = "in_the_way"  # a file that git does not know, such as an ignored one, is there
    CHANGED_MEANWHILE = "changed_meanwhile"  # it changed between looking and writing
    STAGED = "staged"  # the user has staged edits of a file that a commit changes
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class MergeConflict:
    """One file that prevents a change from being applied.

    Args:
        path: its bytes, relative to the root.
        kind: why.
        text: in words.
        stages: what a merge found: 1 base, 2 ours, 3 theirs -> id of the content; empty where no merge found it.
    """

    path: bytes
    kind: ConflictKind
    text: str
    stages: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class MergeResult:
    """What a merge came to.

    Args:
        tree: the merged tree; None if there are conflicts.
        conflicts: one or more a file, empty if there is a tree.
        marked: with conflicts, the tree as far as it could be merged, with conflict markers in its text files.
    """

    tree: str | None
    conflicts: tuple[MergeConflict, ...] = ()
    marked: str | None = None


_TEXTS = {
    ConflictKind.BOTH_MODIFIED: "changed here and by the agent in the same place",
    ConflictKind.BOTH_ADDED: "added here and by the agent with different content",
    ConflictKind.DELETED_HERE: "deleted here, changed by the agent",
    ConflictKind.DELETED_THERE: "changed here, deleted by the agent",
    ConflictKind.OTHER: "moved, or a file on one side and a directory on the other",
}


async def merge(
    shadow: ShadowGit, *, base: str, ours: str, theirs: str, labels: MergeLabels | None = None
) -> MergeResult:
    """Merge two trees that come from one base.

    Args:
        base, ours, theirs: ids of trees.
        labels: names of the sides in conflict markers; ids if None, for markers that are not shown.

    Raises:
        GitError: a tree is missing, or git failed.
    """
    if ours in (base, theirs):
        return MergeResult(theirs)
    if theirs == base:
        return MergeResult(ours)
    root = await _commit(shadow, base)
    left = await _commit(shadow, ours, root)
    right = await _commit(shadow, theirs, root)
    args = ("merge-tree", "--write-tree", "-z", "--no-messages", left, right)
    done = await shadow.result(*args)
    if done.returncode not in (0, 1):
        raise failed(args, done)
    tree, *entries = done.stdout.split(b"\0")
    if done.returncode == 0:
        return MergeResult(tree.decode().strip())
    conflicts = _conflicts(entries)
    if not conflicts:
        raise failed(args, done)
    marked = tree.decode().strip()
    if labels is not None:
        marked = await _with_whole_pointers(shadow, marked, conflicts)
        marked = await _labelled(shadow, marked, conflicts, (left, right), labels)
    return MergeResult(None, tuple(conflicts), marked)


async def _with_whole_pointers(shadow: ShadowGit, tree: str, conflicts: Iterable[MergeConflict]) -> str:
    """The tree with our pointers of Git LFS in place of conflict markers, which would make them contents."""
    ours = {one.path: dict(one.stages).get(2, "") for one in conflicts}
    ours = {path: name for path, name in ours.items() if name}
    sizes = await blob_sizes(shadow, ours.values())
    blobs = await read_blobs(shadow, (name for name, size in sizes.items() if size < POINTER_MAX_BYTES))
    pointers = {path for path, name in ours.items() if name in blobs and parse_pointer(blobs[name]) is not None}
    edits: list[TreeEdit] = []
    for entry in (await shadow("ls-tree", "-r", "-z", tree)).split(b"\0")[:-1] if pointers else ():
        about, _, path = entry.partition(b"\t")
        if path in pointers:
            edits.append(TreeEdit(path, about.decode().split(" ")[0], ours[path]))
    return await build_tree(shadow, tree, edits)


async def _labelled(
    shadow: ShadowGit, tree: str, conflicts: Iterable[MergeConflict], commits: tuple[str, str], labels: MergeLabels
) -> str:
    """The tree with names for its sides; with ids where the files are too large to be read at once."""
    try:
        return await with_labels(shadow, tree, {one.path for one in conflicts}, commits, labels)
    except GitError as error:
        if error.code != "git_output_too_large":
            raise
    return tree


async def _commit(shadow: ShadowGit, tree: str, *parents: str) -> str:
    """A commit for the merge alone: git 2.38 and 2.39 find the base through commits only."""
    given = [argument for parent in parents for argument in ("-p", parent)]
    return (await shadow("commit-tree", *given, tree, stdin=b"boocoder merge\n")).decode().strip()


def _conflicts(entries: Iterable[bytes]) -> list[MergeConflict]:
    stages: dict[bytes, list[tuple[int, str]]] = {}
    for entry in entries:
        about, tab, path = entry.partition(b"\t")
        if tab:
            _, name, stage = about.decode().split(" ")
            stages.setdefault(path, []).append((int(stage), name))
    return [_conflict(path, tuple(sorted(found))) for path, found in sorted(stages.items())]


def _conflict(path: bytes, stages: tuple[tuple[int, str], ...]) -> MergeConflict:
    match tuple(stage for stage, _ in stages):
        case (1, 2, 3):
            kind = ConflictKind.BOTH_MODIFIED
        case (2, 3):
            kind = ConflictKind.BOTH_ADDED
        case (1, 2):
            kind = ConflictKind.DELETED_THERE
        case (1, 3):
            kind = ConflictKind.DELETED_HERE
        case _:
            kind = ConflictKind.OTHER
    return MergeConflict(path, kind, _TEXTS[kind], stages)
