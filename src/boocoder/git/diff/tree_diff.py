"""Compares two trees: the changed files and the exact diff. Reads objects only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from boocoder.git.command import OUTPUT_MAX_BYTES
from boocoder.git.diff.headings import heading_options
from boocoder.git.diff.patch import PatchedFile, RawChange, parse_raw
from boocoder.git.diff.patch_stream import PatchStream, PatchWatcher
from boocoder.git.shadow.objects import ShadowGit

Status = Literal["A", "M", "D", "T"]
NO_MODE = "000000"
SUBMODULE_MODE = "160000"
SYMLINK_MODE = "120000"
EXECUTABLE_MODE = "100755"
_PATCH = (
    "--full-index", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color", "--src-prefix=a/", "--dst-prefix=b/"
)  # fmt: skip
RENAMES_MAX = 500  # files on either side; past it (a quarter of a million comparisons) only exact renames are found
NEAR_LINES = 2  # unchanged lines between edits that are shown as one


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """One path that differs between two trees.

    Args:
        path: its bytes, relative to the tree's root.
        status: A added, M modified, D deleted, T changed its type.
        old_mode, new_mode: as git writes them; "000000" where there is no file.
        old_id, new_id: ids of the contents; all zeros where there is no file.
        additions, deletions: lines; None for binary files.
        old_size, new_size: bytes; None where there is no file, or it is a submodule.
        old_path: always None: renames are shown as a deletion and an addition.
    """

    path: bytes
    status: Status
    old_mode: str
    new_mode: str
    old_id: str
    new_id: str
    additions: int | None = None
    deletions: int | None = None
    old_size: int | None = None
    new_size: int | None = None
    old_path: bytes | None = None

    @property
    def binary(self) -> bool:
        """Whether the contents have no lines to count."""
        return self.additions is None

    @property
    def is_submodule(self) -> bool:
        """Whether either side is the commit of another repository."""
        return SUBMODULE_MODE in (self.old_mode, self.new_mode)


async def changed_files(
    shadow: ShadowGit, base_tree: str, tree: str, *, counts: bool = True, sizes: bool = True
) -> list[ChangedFile]:
    """All paths that differ, in git's order.

    Args:
        base_tree, tree: ids of two trees.
        counts: also count lines and bytes, for which every content is read.
        sizes: with `counts`, whether bytes are counted.
    """
    forms = ("--raw", "--numstat") if counts else ("--raw",)
    printed = await shadow(
        "diff-tree", "-r", "-z", *forms, "--no-renames", "--no-ext-diff", "--no-textconv", "--full-index",
        "--no-abbrev", "--end-of-options", base_tree, tree,
    )  # fmt: skip
    raw, numbers = _split(printed)
    if not counts:
        return list(_files(raw, {}, {}))
    ids = {one for old_mode, new_mode, *both, _, _ in raw for one in both}
    return list(_files(raw, _counts(numbers), await blob_sizes(shadow, ids) if sizes else {}))


async def blob_sizes(shadow: ShadowGit, ids: Iterable[str]) -> dict[str, int]:
    """The sizes in bytes of those of the objects that exist."""
    stdin = "".join(f"{one}\n" for one in sorted(set(ids)) if one.strip("0")).encode()
    if not stdin:
        return {}
    answer = await shadow("cat-file", "--batch-check=%(objectname) %(objectsize)", "--buffer", stdin=stdin)
    pairs = (line.split(" ") for line in answer.decode().splitlines())
    return {name: int(size) for name, size in pairs if size.isdigit()}


async def files_and_diff(
    shadow: ShadowGit, base_tree: str, tree: str, *, max_bytes: int = OUTPUT_MAX_BYTES
) -> tuple[list[ChangedFile], bytes]:
    """All paths that differ with their lines, but without sizes, and the exact difference, in one pass over both trees.

    Raises:
        GitError: `git_output_too_large`; both together are bounded.
    """
    async with heading_options(shadow, tree) as headings:
        printed = await shadow(
            *headings, "diff-tree", "-r", "-z", "--raw", "-p", "--binary", "--no-abbrev", *_PATCH,
            "--end-of-options", base_tree, tree,
            max_bytes=max_bytes,
        )  # fmt: skip
    at = 0  # of a record; an empty one separates the list from the diff
    while printed[at : at + 1] not in (b"\0", b""):
        at = printed.index(b"\0", at) + 1
    raw, _ = _split(printed[:at])
    patch = printed[at + 1 :]
    counts = _counts_of_patch(raw, patch)
    if counts is None:
        return await changed_files(shadow, base_tree, tree), patch
    return list(_files(raw, counts, {})), patch


def _counts_of_patch(raw: Sequence[_Raw], patch: bytes) -> dict[bytes, tuple[int | None, int | None]] | None:
    """The lines of each file, counted in the diff: asking git for them as well makes it compare every file twice.

    In a hunk every line begins with a sign, so only a file's head begins with these words, and only lines
    that were added begin with a plus, in addition to the one in the head.

    Returns:
        None where the diff has not one piece for each file of the list, two for one that changed its type.
    """
    pieces = patch.split(b"\ndiff --git ")
    counted: dict[bytes, tuple[int | None, int | None]] = {}
    at = 0
    for *_, status, path in raw:
        end = at + (2 if status == "T" else 1)
        counted[path] = _lines_of(pieces[at:end])
        at = end
    return counted if at == len(pieces) or (at == 0 and not patch) else None


def _lines_of(pieces: Iterable[bytes]) -> tuple[int | None, int | None]:
    added = deleted = 0
    for piece in pieces:
        if b"\nGIT binary patch\n" in piece or b"\nBinary files " in piece:
            return None, None
        if b"\n@@ " in piece:
            added += piece.count(b"\n+") - 1
            deleted += piece.count(b"\n-") - 1
    return added, deleted


_Raw = tuple[str, str, str, str, str, bytes]


def _split(printed: bytes) -> tuple[list[_Raw], list[bytes]]:
    """The `--raw` records and what follows them."""
    fields = printed.split(b"\0")
    raw: list[_Raw] = []
    at = 0
    while at + 1 < len(fields) and fields[at].startswith(b":"):
        old_mode, new_mode, old_id, new_id, status = fields[at][1:].decode().split(" ")
        raw.append((old_mode, new_mode, old_id, new_id, status[:1], fields[at + 1]))
        at += 2
    return raw, fields[at:]


def _counts(numbers: Sequence[bytes]) -> dict[bytes, tuple[int | None, int | None]]:
    counted: dict[bytes, tuple[int | None, int | None]] = {}
    for record in numbers:
        added, _, rest = record.partition(b"\t")
        deleted, _, path = rest.partition(b"\t")
        if path:
            counted[path] = (None, None) if added == b"-" else (int(added), int(deleted))
    return counted


def _files(
    raw: Iterable[_Raw], counts: dict[bytes, tuple[int | None, int | None]], sizes: dict[str, int]
) -> Iterator[ChangedFile]:
    for old_mode, new_mode, old_id, new_id, status, path in raw:
        additions, deletions = counts.get(path, (None, None))
        yield ChangedFile(
            path,
            _status(status),
            old_mode,
            new_mode,
            old_id,
            new_id,
            additions,
            deletions,
            sizes.get(old_id),
            sizes.get(new_id),
        )


def _status(letter: str) -> Status:
    match letter:
        case "A" | "M" | "D" | "T":
            return letter
        case _:
            raise AssertionError(f"diff-tree between two trees with renames off printed the status {letter!r}")


async def diff(
    shadow: ShadowGit,
    base_tree: str,
    tree: str,
    *,
    paths: Sequence[bytes] = (),
    max_bytes: int = OUTPUT_MAX_BYTES,
) -> bytes:
    """The exact difference, as `git apply` takes it.

    Args:
        base_tree, tree: ids of two trees.
        paths: only these files or directories; all if empty.
        max_bytes: of the diff.

    Raises:
        GitError: `git_output_too_large`.
    """
    async with heading_options(shadow, tree) as headings:
        return await shadow(
            *headings, "diff-tree", "-r", "-p", "--binary", *_PATCH, "--end-of-options", base_tree, tree,
            "--", *(path.decode("utf-8", "surrogateescape") for path in paths),
            max_bytes=max_bytes,
        )  # fmt: skip


async def patched_files(
    shadow: ShadowGit,
    base_tree: str,
    tree: str,
    *,
    paths: Sequence[bytes] = (),
    text_max_bytes: int,
    as_text: bool = False,
    max_bytes: int = OUTPUT_MAX_BYTES,
    watcher: PatchWatcher | None = None,
) -> list[PatchedFile]:
    """All paths that differ with their hunks, renames found, in git's order.

    Args:
        base_tree, tree: ids of two trees.
        paths: only these files or directories; all if empty. A rename is found only if both its paths are in it.
        text_max_bytes: larger files count as binary.
        as_text: show the lines of every file, regardless of its content and attributes.
        max_bytes: of what git prints.
        watcher: works on the files that are read while git goes on.

    Raises:
        GitError: `git_output_too_large`, `diff_not_understood`, or git failed.
    """
    stream = PatchStream(watcher)
    await shadow(
        "-c", f"core.bigFileThreshold={text_max_bytes}", "diff-tree", *_RENAMED, "--raw", "-p", "-U0",
        f"--inter-hunk-context={NEAR_LINES}", "--diff-algorithm=myers", "--indent-heuristic", "--no-ext-diff",
        "--no-textconv", "--no-color", "--submodule=short", "--src-prefix=a/", "--dst-prefix=b/",
        *(("--text",) if as_text else ()), "--end-of-options", base_tree, tree,
        "--", *(path.decode("utf-8", "surrogateescape") for path in paths),
        max_bytes=max_bytes, sink=stream.feed,
    )  # fmt: skip
    return stream.close()


async def renamed_files(shadow: ShadowGit, base_tree: str, tree: str) -> list[RawChange]:
    """All paths that differ, as `patched_files` finds them, without their hunks."""
    printed = await shadow("diff-tree", *_RENAMED, "--raw", "--end-of-options", base_tree, tree)
    return parse_raw(printed)[0]


_RENAMED = (
    "-r", "-z", "-M50%", f"-l{RENAMES_MAX}", "--no-rename-empty", "--full-index", "--no-abbrev",
    "--ignore-submodules=none",
)  # fmt: skip
