"""The shadow repository of a project: worktrees, snapshots, diffs and merges; nothing of the repository ever runs.

Our own git directory with our own configuration looks at the user's objects and at the worktrees' files. It
never writes the user's checkout, index, refs or configuration.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from boocoder.errors import GitError, InvalidInput
from boocoder.git.command import OUTPUT_MAX_BYTES, TIMEOUT_S, Git, require_git
from boocoder.git.file_list import file_list
from boocoder.git.kept_objects import own_kept
from boocoder.git.linked_worktree import add_linked, admin_of, remove_linked
from boocoder.git.merge import MergeResult, merge
from boocoder.git.objects import ShadowGit, own_difference, own_reachable
from boocoder.git.private_index import copy_index, drop_index, drop_index_lock, signature, with_sound_index
from boocoder.git.project import Checkout, Head, dirty_paths, empty_tree, find_checkout, read_head, user_git
from boocoder.git.refs import check_id, check_ref, delete_ref, read_ref, write_ref
from boocoder.git.settings import UserSettings, settings_or_default
from boocoder.git.shadow_directory import make_shadow_directory
from boocoder.git.snapshot import Snapshot, update_index
from boocoder.git.start_points import checked_out, commit_and_tree, named_commit
from boocoder.git.tree_diff import ChangedFile, changed_files, diff, files_and_diff
from boocoder.git.untracked import untracked_matching
from boocoder.git.write_out import differing, write_out
from boocoder.model.ids import new_id

CHECKOUT_TIMEOUT_S = 1_800.0  # writing every file of a very large repository to a slow disk


@dataclass(frozen=True, slots=True)
class Worktree:
    """A session's worktree.

    Args:
        path: its directory.
        base_commit: full id of the commit that it was made at.
        base_tree: the tree that was written into it; the session's change is measured against it.
    """

    path: Path
    base_commit: str
    base_tree: str


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One file of a tree. `kind` is `blob`, or `commit` for a submodule; `size` is None for a submodule."""

    path: bytes
    mode: str
    kind: str
    id: str
    size: int | None


class ShadowRepository:
    """One project's shadow repository. `open` comes first; then all methods may run side by side.

    Args:
        git_dir: our own git directory, made by `open`.
        project: root of the user's checkout.
    """

    def __init__(self, *, git_dir: Path, project: Path) -> None:
        self.git_dir = git_dir
        self.project = project
        self.settings = UserSettings()
        self._opened: tuple[Checkout, ShadowGit] | None = None
        self._opening = asyncio.Lock()
        self._index_locks: dict[Path, asyncio.Lock] = {}
        self._written: dict[Path, tuple[tuple[int, int, int], str]] = {}
        self._forced_seen: dict[Path, tuple[int, int, int]] = {}
        self._owned: dict[Path, str] = {}  # the newest tree of each index, all of whose own objects are ours

    async def open(self) -> None:
        """Create the git directory or bring it up to date. Idempotent; may run in several processes at once.

        Raises:
            InvalidInput: the project is no checkout any more.
            Unavailable: git is missing or too old.
        """
        async with self._opening:
            project = self.project.resolve()
            if not project.is_dir():
                raise InvalidInput(
                    "project_path_missing", f"The project {self.project} is gone.", "Move it back, or add it anew."
                )
            await require_git(Git(project))
            checkout = await find_checkout(Git(project), project)
            self.settings = await settings_or_default(user_git(checkout), checkout.common_dir)
            await make_shadow_directory(self.git_dir, object_format=checkout.object_format, settings=self.settings)
            git_dir = self.git_dir.resolve()
            self._opened = checkout, ShadowGit(Git(git_dir), git_dir, checkout.objects)

    @property
    def checkout(self) -> Checkout:
        """Where the user's checkout and repository are."""
        return self._parts[0]

    @property
    def git(self) -> ShadowGit:
        """Git with this repository."""
        return self._parts[1]

    @property
    def _parts(self) -> tuple[Checkout, ShadowGit]:
        if self._opened is None:
            raise GitError("shadow_not_open", f"The shadow repository {self.git_dir} was used before it was opened.")
        return self._opened

    async def head(self) -> Head:
        """What the user has checked out now."""
        return await read_head(user_git(self.checkout), self.checkout.object_format)

    async def dirty_paths(self, *, staged: bool, timeout_s: float = TIMEOUT_S) -> set[bytes]:
        """Files of the user's checkout that differ from its index or are untracked.

        Args:
            staged: also those that differ from its commit in the index alone.
        """
        tree = (await self.head()).tree if staged else None
        index = self.git_dir / "seeds" / f"dirty-{new_id().hex}.index"
        return await dirty_paths(self.git, self.checkout, tree, index=index, timeout_s=timeout_s)

    async def untracked_matching(self, patterns: Sequence[str]) -> list[bytes]:
        """Ignored and untracked files of the user's checkout that match patterns as in .gitignore."""
        index = self.git_dir / "seeds" / f"dirty-{new_id().hex}.index"
        return await untracked_matching(self.git, self.checkout, patterns, index=index)

    async def file_list(self, directory: Path) -> list[str]:
        """The tracked and untracked files of a worktree, or of the user's checkout."""
        own = self.checkout.root == directory
        place = self.checkout.git_dir if own else admin_of(self.checkout.common_dir, directory)
        return await file_list(self.git, directory, None if place is None else place / "index")

    async def named_commit(self, name: str) -> str:
        """The full id of the commit that a branch, tag or commit of the user's stands for.

        Raises:
            InvalidInput: `start_unknown`.
        """
        return await named_commit(self.checkout, name)

    async def add_worktree(self, path: Path, *, commit: str | None = None, tree: str | None = None) -> Worktree:
        """Make a linked worktree of the user's repository, with all files of a tree.

        Nothing is left of it where this fails or is cancelled.

        Args:
            path: its directory; must not exist, or be empty.
            commit: full id of what its HEAD is detached at; None for what the user has checked out.
            tree: what is written into it, as changes that are not staged; None for the commit's own.

        Raises:
            InvalidInput: `project_without_commit`.
            Conflict: `worktree_path_taken`.
            GitError: git failed.
        """
        path = real_path(path)
        if commit is None:
            base_commit, commit_tree = await checked_out(self.checkout)
        else:
            base_commit, commit_tree = await commit_and_tree(self.git, self.checkout, commit)
        base_tree = commit_tree if tree is None else check_id(tree)
        admin = await add_linked(user_git(self.checkout), self.checkout, path, base_commit)
        try:
            seed = self._seed(path)
            await self._check_out(path, base_tree, seed)
            copy_index(seed, admin / "index")
            if base_tree != commit_tree:
                await self.git("read-tree", "--reset", "-i", commit_tree, index=admin / "index")
        except BaseException:
            await asyncio.shield(self._discard(path))
            raise
        return Worktree(path, base_commit, base_tree)

    async def _check_out(self, path: Path, tree: str, index: Path) -> None:
        """Write a tree's files, and an index that knows them; no filter and no hook has a say."""
        index.parent.mkdir(parents=True, exist_ok=True)
        drop_index(index)
        await self.git("read-tree", tree, index=index)
        await self.git("checkout-index", "-a", "-u", "-q", work_tree=path, index=index, timeout_s=CHECKOUT_TIMEOUT_S)

    def _seed(self, path: Path) -> Path:
        name = hashlib.sha256(str(path).encode("utf-8", "surrogateescape")).hexdigest()[:32]
        return self.git_dir / "seeds" / f"{name}.index"

    async def rewrite(self, worktree: Path, *, index: Path, old: str, new: str) -> None:
        """Bring the files of a worktree from one tree to another; ignored files stay, no symbolic link is followed.

        Args:
            index: the private index, which the newest snapshot has left equal to `old`.
            old: the tree that the files are now.

        Raises:
            GitError: a file is neither, or one that is not in `old` stands in the way (nothing was written); or a
                file could not be written (some may be as in `new`).
        """
        worktree = worktree.resolve()
        trees = check_id(old), check_id(new)
        async with self._lock_of(index):
            drop_index_lock(index)
            await self.git(
                "read-tree", "-m", "-u", *trees, work_tree=worktree, index=index, timeout_s=CHECKOUT_TIMEOUT_S
            )

    async def remove_worktree(self, path: Path) -> None:
        """Remove a worktree and what the user's repository knows of it. Idempotent; broken ones too.

        What our refs keep is first copied out of the user's repository, where the worktree may be all that
        protected it from being collected.

        Raises:
            GitError: a kept object is missing, or the lock was held too long.
        """
        path = real_path(path)
        if path.exists():
            await own_kept(self.git)
        await self._discard(path)

    async def _discard(self, path: Path) -> None:
        await remove_linked(self.checkout.common_dir, path)
        drop_index(self._seed(path))

    async def snapshot(self, worktree: Path, *, index: Path, ref: str) -> str:
        """As `take_snapshot`; returns the tree's id only."""
        return (await self.take_snapshot(worktree, index=index, ref=ref)).tree

    async def take_snapshot(
        self, worktree: Path, *, index: Path, ref: str, base: str | None = None, also: Sequence[bytes] = ()
    ) -> Snapshot:
        """Take a directory's present content as a tree and keep it by a ref.

        Args:
            worktree: a worktree, or the user's checkout.
            index: a private index, kept between calls to make them quick.
            ref: refs/boocoder/... that keeps the tree.
            base: a tree whose files are followed although patterns ignore them; None for the worktree's base.
            also: files that are taken although patterns ignore them.

        Raises:
            GitError: the directory is gone (`worktree_missing`), or git failed.
        """
        if worktree.is_symlink() or not worktree.is_dir():
            raise GitError("worktree_missing", f"There is no directory {worktree}.")
        check_ref(ref)
        worktree = worktree.resolve()
        async with self._lock_of(index):
            taken = await with_sound_index(index, lambda: self._take(worktree, index, base, also))
        if read_ref(self.git_dir, ref) != taken.tree:
            known = self._owned.get(index) or base or (await self.head()).tree
            await own_difference(self.git, known, taken.tree)
            write_ref(self.git_dir, ref, taken.tree)
        self._owned[index] = taken.tree
        return taken

    async def _take(self, worktree: Path, index: Path, base: str | None, also: Sequence[bytes]) -> Snapshot:
        await self._prepare(worktree, index, base)
        forced = await self._forced(worktree, index, base)
        skipped = await update_index(self.git, worktree, index, also=[*forced, *also])
        known = self._written.get(index)
        if known is not None and known[0] == signature(index):
            return Snapshot(known[1], skipped)
        tree = (await self.git("write-tree", index=index)).decode().strip()
        self._written[index] = signature(index), tree
        return Snapshot(tree, skipped)

    async def _forced(self, worktree: Path, index: Path, base: str | None) -> list[bytes]:
        """Ignored files that somebody put into the directory's own index all the same (`git add --force`)."""
        place = self.checkout.git_dir if base is not None else admin_of(self.checkout.common_dir, worktree)
        if place is None:
            return []
        own = place / "index"
        now = signature(own)
        if now[0] == 0 or (base is None and self._forced_seen.get(index) == now):
            return []
        args = ("ls-files", "-z", "-c", "-i", "--exclude-standard")
        listed = await self.git.result(*args, work_tree=worktree, index=own)
        if listed.returncode != 0:  # an index that only its own repository can read
            return []
        self._forced_seen[index] = now
        return [path for path in listed.stdout.split(b"\0") if path]

    async def _prepare(self, worktree: Path, index: Path, base: str | None) -> None:
        if base is not None:
            await self.git("read-tree", "--reset", "-i", base, index=index)
        elif not index.exists():
            seed = self._seed(worktree)
            if not seed.exists():
                raise GitError("worktree_unknown", f"{worktree} was not made by this shadow repository.")
            copy_index(seed, index)

    def _lock_of(self, index: Path) -> asyncio.Lock:
        return self._index_locks.setdefault(index, asyncio.Lock())

    async def changed_files(self, base_tree: str, tree: str, *, counts: bool = True) -> list[ChangedFile]:
        """All files that differ between two trees; with lines and bytes counted unless `counts` is false."""
        return await changed_files(self.git, check_id(base_tree), check_id(tree), counts=counts)

    async def files_and_diff(self, base_tree: str, tree: str, *, max_bytes: int) -> tuple[list[ChangedFile], bytes]:
        """Both of `changed_files`, without sizes, and `diff`, for the price of one.

        Raises:
            GitError: `git_output_too_large` past `max_bytes`.
        """
        return await files_and_diff(self.git, check_id(base_tree), check_id(tree), max_bytes=max_bytes)

    async def diff(
        self, base_tree: str, tree: str, *, paths: Sequence[bytes] = (), max_bytes: int = OUTPUT_MAX_BYTES
    ) -> bytes:
        """The exact difference between two trees, as `git apply` takes it.

        Raises:
            GitError: `git_output_too_large` past `max_bytes`.
        """
        return await diff(self.git, check_id(base_tree), check_id(tree), paths=paths, max_bytes=max_bytes)

    async def merge(self, *, base: str, ours: str, theirs: str) -> MergeResult:
        """Merge two trees that come from `base`; touches nothing."""
        return await merge(self.git, base=check_id(base), ours=check_id(ours), theirs=check_id(theirs))

    async def keep(self, ref: str, tree: str, *, beside: str | None = None) -> None:
        """Keep a tree, and all that it holds, by a ref.

        Args:
            beside: a tree that is kept otherwise; what it holds too is not copied.

        Raises:
            GitError: an object of it is missing.
        """
        check_ref(ref)
        if beside is None:
            await own_reachable(self.git, [check_id(tree)])
        else:
            await own_difference(self.git, check_id(beside), check_id(tree))
        write_ref(self.git_dir, ref, tree)

    async def write_out(self, tree: str, paths: Sequence[bytes], directory: Path) -> None:
        """Write files of a tree into an empty directory of ours, under `files/`, as a checkout would have them."""
        await write_out(self.git, check_id(tree), paths, directory)

    async def differing(self, directory: Path, *, index: Path, tree: str) -> set[bytes]:
        """Those paths of a tree whose file in the directory is not what the tree has."""
        check_id(tree)
        async with self._lock_of(index):
            return await with_sound_index(index, lambda: differing(self.git, directory, index, tree))

    async def drop(self, ref: str) -> None:
        """Forget a ref. Harmless if there is none."""
        delete_ref(self.git_dir, ref)

    def kept(self, ref: str) -> str | None:
        """The tree that a ref keeps."""
        return read_ref(self.git_dir, ref)

    async def blob(self, name: str, *, max_bytes: int = OUTPUT_MAX_BYTES) -> bytes:
        """The content of a file, by its id."""
        return await self.git("cat-file", "blob", check_id(name), max_bytes=max_bytes)

    async def tree_entries(self, tree: str) -> list[TreeEntry]:
        """All files of a tree, in git's order."""
        printed = await self.git("ls-tree", "-r", "-l", "-z", "--full-tree", check_id(tree))
        entries: list[TreeEntry] = []
        for record in printed.split(b"\0")[:-1]:
            about, _, path = record.partition(b"\t")
            mode, kind, name, size = about.decode().split()
            entries.append(TreeEntry(path, mode, kind, name, int(size) if size.isdigit() else None))
        return entries

    @property
    def empty_tree(self) -> str:
        """The id of the tree without files."""
        return empty_tree(self.checkout.object_format)


def real_path(path: Path) -> Path:
    """The path with all directories above it resolved, but not itself."""
    return path.absolute().parent.resolve() / path.name
