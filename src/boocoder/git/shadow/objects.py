"""Git in the shadow repository: which object directory a call writes to and which it may borrow from.

The user's objects are lent by the environment and not by `objects/info/alternates`, so that a call can also be
made without them. This distinguishes an object that only the user's repository holds from one that the shadow
repository or the project's object store keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from boocoder.errors import GitError
from boocoder.git.command import OUTPUT_MAX_BYTES, TIMEOUT_S, Git
from boocoder.git.lfs.content_filter import ContentFilter
from boocoder.process.run import ProcessResult

PACK_TIMEOUT_S = 1_800.0  # copying a whole tree of a very large repository


@dataclass(frozen=True, slots=True)
class ShadowGit:
    """Runs git with the shadow repository as its repository.

    Args:
        git: runs in the shadow repository's directory.
        git_dir: the shadow repository.
        lenders: object directories that it reads from: the user's repository's, and a session's where that is needed.
        contents: of Git LFS; None takes its files as they are.
    """

    git: Git
    git_dir: Path
    lenders: tuple[Path, ...]
    contents: ContentFilter | None = None

    async def result(
        self,
        *args: str,
        work_tree: Path | None = None,
        index: Path | None = None,
        borrow: bool = True,
        stdin: bytes = b"",
        timeout_s: float = TIMEOUT_S,
        max_bytes: int = OUTPUT_MAX_BYTES,
    ) -> ProcessResult:
        """Run a subcommand and accept any exit code.

        Args:
            args: the subcommand and its arguments.
            work_tree: the directory whose files it looks at; none for calls on objects only.
            index: the index file it uses.
            borrow: whether it sees the lenders' objects; the object store's it sees always.
            stdin, timeout_s, max_bytes: as for Git.
        """
        return await self._git(work_tree).result(
            *args,
            variables=self._variables(work_tree, index, borrow),
            cwd=work_tree or self.git_dir,
            stdin=stdin,
            timeout_s=timeout_s,
            max_bytes=max_bytes,
        )

    async def __call__(
        self,
        *args: str,
        work_tree: Path | None = None,
        index: Path | None = None,
        borrow: bool = True,
        stdin: bytes = b"",
        timeout_s: float = TIMEOUT_S,
        max_bytes: int = OUTPUT_MAX_BYTES,
        sink: Callable[[bytes], None] | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> bytes:
        """Run a subcommand and return what it printed. Arguments as for `result`; `sink` and `variables` as for Git.

        Raises:
            GitError: it ended with another exit code than 0, too late, or printed too much.
        """
        return await self._git(work_tree)(
            *args,
            variables={**self._variables(work_tree, index, borrow), **(variables or {})},
            cwd=work_tree or self.git_dir,
            stdin=stdin,
            timeout_s=timeout_s,
            max_bytes=max_bytes,
            sink=sink,
        )

    def _git(self, work_tree: Path | None) -> Git:
        """Git with the filter for files of Git LFS, where it looks at files."""
        if work_tree is None or self.contents is None:
            return self.git
        return replace(self.git, options=(*self.git.options, *self.contents.options()))

    def _variables(self, work_tree: Path | None, index: Path | None, borrow: bool) -> Mapping[str, str]:
        made = {"GIT_DIR": str(self.git_dir)}
        if work_tree is not None:
            made["GIT_WORK_TREE"] = str(work_tree)
        if index is not None:
            made["GIT_INDEX_FILE"] = str(index)
        if borrow:
            made["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = ":".join(quoted_directory(one) for one in self.lenders)
        return made


def quoted_directory(path: Path) -> str:
    """A path as one entry of a colon-separated list of object directories; git reads C-style quotes there."""
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


async def own_objects(shadow: ShadowGit, ids: Iterable[str]) -> int:
    """Copy those of the objects that only the user's repository holds into the shadow repository.

    After that no garbage collection of the user's can take them away.

    Returns:
        How many objects were copied.

    Raises:
        GitError: an object is in neither repository.
    """
    wanted = sorted(set(ids))
    if not wanted:
        return 0
    listed = "".join(f"{one}\n" for one in wanted).encode()
    answer = await shadow("cat-file", "--batch-check=%(objectname)", "--buffer", borrow=False, stdin=listed)
    borrowed = [line.split(b" ")[0] for line in answer.splitlines() if line.endswith(b" missing")]
    if borrowed:
        pack = str(shadow.git_dir / "objects" / "pack" / "pack")
        stdin = b"".join(one + b"\n" for one in borrowed)
        await shadow("pack-objects", "-q", "--non-empty", pack, stdin=stdin, timeout_s=PACK_TIMEOUT_S)
    return len(borrowed)


async def own_reachable(shadow: ShadowGit, revisions: Iterable[str]) -> int:
    """As `own_objects`, for all that the given trees or commits hold."""
    stdin = "".join(f"{one}\n" for one in revisions).encode()
    if not stdin:
        return 0
    listed = await shadow(
        "rev-list",
        "--objects",
        "--no-object-names",
        "--no-walk=unsorted",
        "--stdin",
        stdin=stdin,
        timeout_s=PACK_TIMEOUT_S,
    )
    return await own_objects(shadow, listed.decode().split())


async def own_difference(shadow: ShadowGit, old_tree: str, tree: str) -> int:
    """As `own_objects`, for all that `tree` holds and `old_tree` does not."""
    if old_tree == tree:
        return 0
    return await own_objects(shadow, [tree, *await changed_objects(shadow, old_tree, tree)])


async def changed_objects(shadow: ShadowGit, old_tree: str, tree: str) -> list[str]:
    """The trees and files below `tree` that `old_tree` does not have at the same place."""
    printed = await shadow(
        "diff-tree", "-r", "-t", "-z", "--raw", "--no-renames", "--no-abbrev", "--end-of-options", old_tree, tree
    )
    records = [record.decode().split(" ") for record in printed.split(b"\0")[::2] if record]
    return [new_id for _, new_mode, _, new_id, _ in records if new_mode not in ("000000", "160000")]


async def read_blobs(shadow: ShadowGit, ids: Iterable[str], *, max_bytes: int = OUTPUT_MAX_BYTES) -> dict[str, bytes]:
    """The contents of blobs.

    Args:
        ids: full ids.
        max_bytes: of all contents together.

    Raises:
        GitError: `object_missing`, or `git_output_too_large`.
    """
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    stdin = "".join(f"{one}\n" for one in wanted).encode()
    answer = await shadow("cat-file", "--batch", "--buffer", stdin=stdin, max_bytes=max_bytes)
    found: dict[str, bytes] = {}
    at = 0
    for one in wanted:
        end = answer.index(b"\n", at)
        about = answer[at:end].split(b" ")
        if about[1:2] != [b"blob"]:
            raise GitError("object_missing", f"The content {one} is not in the repository: {answer[at:end]!r}.")
        size = int(about[2])
        found[one] = answer[end + 1 : end + 1 + size]
        at = end + size + 2
    return found
