"""Names the two sides of a merge in its conflict markers by words that a person knows, in place of commit ids."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from boocoder.git.shadow.objects import ShadowGit, read_blobs
from boocoder.git.shadow.tree_build import TreeEdit, build_tree, write_blobs

LABEL_MAX_CHARS = 80  # of a marker line; a session's title may be a whole prompt
_NO_MODE = "000000"


@dataclass(frozen=True, slots=True)
class MergeLabels:
    """What the sides are called.

    Args:
        ours, theirs: a few words each.
    """

    ours: str
    theirs: str

    def lines(self) -> tuple[bytes, bytes]:
        """Both as part of a line of a file."""
        return _one_line(self.ours), _one_line(self.theirs)


async def with_labels(
    shadow: ShadowGit, tree: str, paths: Collection[bytes], commits: tuple[str, str], labels: MergeLabels
) -> str:
    """The tree of a merge with names for its sides.

    Args:
        tree: with conflict markers.
        paths: the conflicting files.
        commits: ids that git wrote to the markers, and to names of files that it moved aside: ours and theirs.

    Raises:
        GitError: git failed, or the files are too large to be read at once.
    """
    words = [(one.encode(), label) for one, label in zip(commits, labels.lines(), strict=True)]
    entries = []
    for entry in (await shadow("ls-tree", "-r", "-z", tree)).split(b"\0")[:-1]:
        about, _, path = entry.partition(b"\t")
        mode, kind, name = about.decode().split(" ")
        if kind == "blob" and (path in paths or any(b"~" + one in path for one, _ in words)):
            entries.append((path, mode, name))
    contents = await read_blobs(shadow, {name for _, _, name in entries})
    names = await write_blobs(shadow, [_named(contents[name], words) for _, _, name in entries])
    edits: list[TreeEdit] = []
    for (path, mode, old), new in zip(entries, names, strict=True):
        moved = _renamed(path, words)
        edits += [TreeEdit(path, _NO_MODE, old)] if moved != path else []
        edits += [TreeEdit(moved, mode, new)] if moved != path or new != old else []
    return await build_tree(shadow, tree, edits)


def _named(content: bytes, words: list[tuple[bytes, bytes]]) -> bytes:
    (ours, our_label), (theirs, their_label) = words
    content = content.replace(b"<<<<<<< " + ours, b"<<<<<<< " + our_label)
    return content.replace(b">>>>>>> " + theirs, b">>>>>>> " + their_label)


def _renamed(path: bytes, words: list[tuple[bytes, bytes]]) -> bytes:
    for one, label in words:
        path = path.replace(b"~" + one, b"~" + label.replace(b"/", b"_"))
    return path


def _one_line(label: str) -> bytes:
    text = " ".join(label.split())
    return (text if len(text) <= LABEL_MAX_CHARS else text[: LABEL_MAX_CHARS - 1] + "\u2026").encode(
        "utf-8", "surrogateescape"
    )
