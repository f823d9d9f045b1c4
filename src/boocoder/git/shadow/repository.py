"""The shadow repository of a project: snapshots, diffs and merges without running anything of the user's repository.

Our own git directory with our own configuration looks at the user's objects and at the worktrees' files. It
never writes the user's checkout, index, refs or configuration.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

from boocoder.errors import GitError
from boocoder.git.command import OUTPUT_MAX_BYTES, TIMEOUT_S, Git, WriteLimit
from boocoder.git.diff.labels import MergeLabels
from boocoder.git.diff.merge import MergeResult, merge
from boocoder.git.diff.tree_diff import ChangedFile, changed_files, diff, files_and_diff
from boocoder.git.lfs.content_filter import DIRECTORY, ContentFilter
from boocoder.git.project import Checkout, Head, empty_tree, read_head, user_git
from boocoder.git.refs import check_id, check_ref, delete_ref, read_ref, write_ref
from boocoder.git.shadow.export import differing, rewrite, write_out
from boocoder.git.shadow.init import make_shadow_directory
from boocoder.git.shadow.object_retention import own_kept
from boocoder.git.shadow.objects import ShadowGit, own_difference, own_reachable
from boocoder.git.shadow.presence import absent_checkout, place_of, project_checkout
from boocoder.git.shadow.private_index import drop_index_lock, signature, with_sound_index
from boocoder.git.shadow.real_directory import require_real_directory
from boocoder.git.shadow.snapshot import TreeSnapshot
from boocoder.git.shadow.snapshot_taker import SnapshotTaker
from boocoder.git.shadow.tree_entries import TreeEntry, tree_entries
from boocoder.git.submodules.contents import REF_SUFFIX
from boocoder.git.user.hooks import remove_left_worktrees
from boocoder.git.user.settings import UserSettings, settings_or_default
from boocoder.git.watch.watches import FileWatches
from boocoder.git.worktree.file_list import file_list
from boocoder.git.worktree.linked import admin_of
from boocoder.git.worktree.session_worktrees import SessionWorktrees, Worktree
from boocoder.git.worktree.start_points import named_commit
from boocoder.git.worktree.untracked import UntrackedFiles, untracked_matching
from boocoder.model.ids import new_id


class ShadowRepository:
    """One project's shadow repository. `open` comes first; then all methods may run side by side.

    Args:
        git_dir: our own git directory, made by `open`.
        project: root of the user's checkout.
        excludes: ignore patterns beside the user's, one a line, also for sessions' own git.
        watches: tells what has not changed; None for watches of its own.
        limit: as for `SessionWorktrees`.
    """

    def __init__(
        self,
        *,
        git_dir: Path,
        project: Path,
        excludes: bytes = b"",
        watches: FileWatches | None = None,
        limit: WriteLimit | None = None,
    ) -> None:
        self.git_dir = git_dir
        self.project = project
        self._excludes = excludes
        self._watches = watches or FileWatches()
        self._limit = limit
        self.settings = UserSettings()
        self._opened: tuple[Checkout, ShadowGit, SessionWorktrees, SnapshotTaker] | None = None
        self._settings_read: tuple[tuple[int, int, int], ...] = ()
        self._opening = asyncio.Lock()
        self._place = (0, 0)
        self._index_locks: dict[Path, asyncio.Lock] = {}
        self._owned: dict[Path, str] = {}  # the newest tree of each index, all of whose own objects are ours

    async def open(self, *, absent: bool = False) -> None:
        """Create the git directory or bring it up to date. Idempotent; may run in several processes at once.

        Args:
            absent: without the user's repository, for what needs only our own objects.

        Raises:
            ProjectMoved: the project is no checkout any more, or was never opened where `absent`.
            Unavailable: git is missing or too old.
        """
        async with self._opening:
            project = self.project.resolve()
            if absent:
                checkout = await absent_checkout(self.git_dir, project)
            else:
                checkout = await project_checkout(self.git_dir, project)
                await self._read_settings(checkout)
                await asyncio.to_thread(remove_left_worktrees, checkout)
            self._place = place_of(checkout)
            git_dir = self.git_dir.resolve()
            contents = ContentFilter(git_dir / DIRECTORY, self.settings.contents_of(checkout.common_dir))
            shadow = ShadowGit(Git(git_dir), git_dir, (checkout.objects,), contents)
            worktrees = SessionWorktrees(shadow=shadow, checkout=checkout, excludes=self._excludes, limit=self._limit)
            taker = SnapshotTaker(git=shadow, checkout=checkout, worktrees=worktrees, watches=self._watches)
            self._opened = checkout, shadow, worktrees, taker

    async def _read_settings(self, checkout: Checkout) -> None:
        self.settings = await settings_or_default(user_git(checkout), checkout.common_dir)
        self._settings_read = _signatures(self.settings)
        await make_shadow_directory(
            self.git_dir,
            object_format=checkout.object_format,
            settings=self.settings,
            more_excludes=self._excludes,
        )

    @property
    def is_present(self) -> bool:
        """Whether the user's repository is where it was when this was opened."""
        return self._opened is not None and self._place != (0, 0) and place_of(self.checkout) == self._place

    def share_locks(self, other: ShadowRepository) -> None:
        """Exclude the other object's work on the same indexes; for one that takes its place."""
        self._index_locks = other._index_locks

    async def follow_settings(self) -> None:
        """Read the user's settings and ignore patterns again if one of their files has changed."""
        if self.is_present and _signatures(self.settings) != self._settings_read:
            async with self._opening:
                await self._read_settings(self.checkout)

    @property
    def checkout(self) -> Checkout:
        """Where the user's checkout and repository are."""
        return self._parts[0]

    @property
    def git(self) -> ShadowGit:
        """Git with this repository."""
        return self._parts[1]

    @property
    def worktrees(self) -> SessionWorktrees:
        """The worktrees of the project's sessions."""
        return self._parts[2]

    @property
    def _taker(self) -> SnapshotTaker:
        return self._parts[3]

    @property
    def _parts(self) -> tuple[Checkout, ShadowGit, SessionWorktrees, SnapshotTaker]:
        if self._opened is None:
            raise GitError("shadow_not_open", f"The shadow repository {self.git_dir} was used before it was opened.")
        return self._opened

    async def head(self) -> Head:
        """What the user has checked out now."""
        return await read_head(user_git(self.checkout), self.checkout.object_format)

    async def dirty_paths(
        self, *, staged: bool, watched: bool = False, timeout_s: float = TIMEOUT_S
    ) -> AbstractSet[bytes]:
        """Files of the user's checkout that differ from its index or are untracked.

        Args:
            staged: also those that differ from its commit in the index alone.
            watched: as for `take_snapshot`, without `staged`.
        """
        await self.follow_settings()
        if watched:
            return await self._taker.dirty_watched(self._settings_read, timeout_s=timeout_s)
        return await self._taker.dirty((await self.head()).tree if staged else None, timeout_s=timeout_s)

    async def untracked_matching(self, patterns: Sequence[str]) -> UntrackedFiles:
        """Ignored and untracked files of the user's checkout that match patterns as in .gitignore."""
        index = self.git_dir / "seeds" / f"dirty-{new_id().hex}.index"
        return await untracked_matching(self.git, self.checkout, patterns, index=index)

    async def file_list(self, directory: Path) -> list[str]:
        """The tracked and untracked files of a worktree, or of the user's checkout."""
        own = self.checkout.root == directory
        index = self.checkout.git_dir / "index" if own else self.worktrees.index_of(real_path(directory))
        return await file_list(self.git, directory, index)

    async def named_commit(self, name: str) -> str:
        """The full id of the commit that a branch, tag or commit of the user's resolves to.

        Raises:
            InvalidInput: `start_unknown`.
        """
        return await named_commit(self.checkout, name)

    async def add_worktree(
        self, path: Path, *, commit: str | None = None, tree: str | None = None, branch: str | None = None
    ) -> Worktree:
        """Make a session's worktree and its repository. Arguments and errors as for `SessionWorktrees.add`."""
        return await self.worktrees.add(real_path(path), commit=commit, tree=tree, branch=branch)

    async def rewrite(self, worktree: Path, *, index: Path, old: str, new: str) -> None:
        """Bring the files of a worktree from one tree to another; ignored files stay, no symbolic link is followed.

        Args:
            index: the private index, which the newest snapshot has left equal to `old`.
            old: the tree that the files are now.

        Raises:
            Conflict: `worktree_missing`, as `take_snapshot`.
            GitError: a file is neither, or one that is not in `old` is in the way (nothing was written); or a
                file could not be written (some may be as in `new`).
        """
        require_real_directory(worktree)
        worktree = real_path(worktree)
        trees = check_id(old), check_id(new)
        async with self._lock_of(index):
            drop_index_lock(index)
            await rewrite(self.git, worktree, index, *trees)

    async def remove_worktree(self, path: Path) -> None:
        """Remove a worktree's files. Idempotent; broken ones too. As `SessionWorktrees.remove`.

        What our refs keep is first copied out of the user's repository where the worktree is a linked one of it, and
        may be all that protected it from being collected.

        Raises:
            GitError: a kept object is missing, or the lock was held too long.
        """
        path = real_path(path)
        if path.exists() and admin_of(self.checkout.common_dir, path) is not None:
            await own_kept(self.git)
        await self.worktrees.remove(path)

    async def snapshot(self, worktree: Path, *, index: Path, ref: str, watched: bool = False) -> str:
        """As `take_snapshot`; returns the tree's id only."""
        return (await self.take_snapshot(worktree, index=index, ref=ref, watched=watched)).tree

    async def take_snapshot(
        self,
        worktree: Path,
        *,
        index: Path,
        ref: str,
        base: str | None = None,
        also: Sequence[bytes] = (),
        watched: bool = False,
    ) -> TreeSnapshot:
        """Take a directory's present content as a tree and keep it by a ref.

        Args:
            worktree: a worktree, or the user's checkout.
            index: a private index, kept between calls to make them quick.
            ref: refs/boocoder/... that keeps the tree.
            base: a tree whose files are followed although patterns ignore them; None for the worktree's base.
            also: files that are taken although patterns ignore them.
            watched: without a look where the kernel reports no change since the last such call; see `git.watch` for
                what it does not report. Without `base` and `also`.

        Raises:
            Conflict: `worktree_missing`, the directory is gone or a symbolic link is in its place.
            GitError: git failed.
        """
        require_real_directory(worktree)
        check_ref(ref)
        worktree = real_path(worktree)
        await self.follow_settings()

        async def take() -> TreeSnapshot:
            if watched:
                return await self._taker.take_watched(worktree, index, self._settings_read)
            return await self._taker.take(worktree, index, base=base, also=also)

        async with self._lock_of(index):
            taken = await with_sound_index(index, take)
        if read_ref(self.git_dir, ref) != taken.tree:
            if self.is_present:
                known = self._owned.get(index) or base or (await self.head()).tree
                await own_difference(self.git, known, taken.tree)
            await asyncio.to_thread(write_ref, self.git_dir, ref, taken.tree)
        self._keep_inside(ref, taken.inside)
        self._owned[index] = taken.tree
        return taken

    def _keep_inside(self, ref: str, tree: str | None) -> None:
        """Keep the files inside of submodules beside the snapshot of a ref."""
        if read_ref(self.git_dir, ref + REF_SUFFIX) != tree:
            delete_ref(self.git_dir, ref + REF_SUFFIX) if tree is None else write_ref(
                self.git_dir, ref + REF_SUFFIX, tree
            )

    def _lock_of(self, index: Path) -> asyncio.Lock:
        return self._index_locks.setdefault(index, asyncio.Lock())

    async def changed_files(
        self, base_tree: str, tree: str, *, counts: bool = True, sizes: bool = True
    ) -> list[ChangedFile]:
        """All files that differ between two trees; with lines (`counts`) and bytes (`sizes` as well) counted."""
        return await changed_files(self.git, check_id(base_tree), check_id(tree), counts=counts, sizes=sizes)

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

    async def merge(self, *, base: str, ours: str, theirs: str, labels: MergeLabels | None = None) -> MergeResult:
        """Merge two trees that come from `base`; touches nothing. `labels` name the sides in conflict markers."""
        check_id(base), check_id(ours), check_id(theirs)
        return await merge(self.git, base=base, ours=ours, theirs=theirs, labels=labels)

    async def keep(self, ref: str, tree: str, *, beside: str | None = None, inside_of: str | None = None) -> None:
        """Keep a tree, and all that it holds, by a ref.

        Args:
            beside: a tree that is kept otherwise; what it holds too is not copied.
            inside_of: a ref that keeps a snapshot with the same files inside of submodules.

        Raises:
            GitError: an object of it is missing.
        """
        check_ref(ref)
        if beside is None:
            await own_reachable(self.git, [check_id(tree)])
        else:
            await own_difference(self.git, check_id(beside), check_id(tree))
        write_ref(self.git_dir, ref, tree)
        if inside_of is not None:
            self._keep_inside(ref, self.kept_inside(inside_of))

    async def write_out(
        self, tree: str, paths: Sequence[bytes], directory: Path, *, pointers_stay: bool = False
    ) -> None:
        """Write files of a tree under `files/` of an empty directory. Arguments as for the function of this name."""
        await write_out(self.git, check_id(tree), paths, directory, pointers_stay=pointers_stay)

    async def differing(self, directory: Path, *, index: Path, tree: str) -> set[bytes]:
        """Those paths of a tree whose file in the directory is not what the tree has."""
        check_id(tree)
        async with self._lock_of(index):
            return await with_sound_index(index, lambda: differing(self.git, directory, index, tree))

    async def drop(self, ref: str) -> None:
        """Forget a ref. Harmless if there is none."""
        delete_ref(self.git_dir, ref)
        delete_ref(self.git_dir, ref + REF_SUFFIX)

    def kept(self, ref: str) -> str | None:
        """The tree of a ref."""
        return read_ref(self.git_dir, ref)

    def kept_inside(self, ref: str) -> str | None:
        """The tree of the files inside of submodules that is kept beside the snapshot of a ref."""
        return read_ref(self.git_dir, ref + REF_SUFFIX)

    def same_inside(self, ref: str, other: str) -> bool:
        """Whether two refs keep snapshots with the same files inside of submodules."""
        return self.kept_inside(ref) == self.kept_inside(other)

    async def blob(self, name: str, *, max_bytes: int = OUTPUT_MAX_BYTES) -> bytes:
        """The content of a file, by its id."""
        return await self.git("cat-file", "blob", check_id(name), max_bytes=max_bytes)

    async def tree_entries(self, tree: str) -> list[TreeEntry]:
        """All files of a tree, in git's order."""
        return await tree_entries(self.git, check_id(tree))

    @property
    def empty_tree(self) -> str:
        """The id of the tree without files."""
        return empty_tree(self.checkout.object_format)


def _signatures(settings: UserSettings) -> tuple[tuple[int, int, int], ...]:
    return tuple(signature(source) for source in settings.sources)


def real_path(path: Path) -> Path:
    """The path with all directories above it resolved, but not itself."""
    return path.absolute().parent.resolve() / path.name
