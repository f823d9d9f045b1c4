"""Takes snapshots of one shadow repository's directories; one that still holds is not taken again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from boocoder.errors import GitError
from boocoder.git.lfs.raw_files import with_raw_files
from boocoder.git.project import Checkout, dirty_paths
from boocoder.git.shadow.objects import ShadowGit
from boocoder.git.shadow.private_index import copy_index, signature
from boocoder.git.shadow.snapshot import TreeSnapshot, update_index
from boocoder.git.submodules.contents import SubmoduleContents, submodule_contents
from boocoder.git.user.sparse import mark_sparse
from boocoder.git.watch.watches import FileWatches, WatchMoment
from boocoder.git.worktree.session_worktrees import SessionWorktrees
from boocoder.model.ids import new_id

Signature = tuple[int, int, int]
T = TypeVar("T")
_ABSENT: Signature = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class _Known(Generic[T]):
    """What was found at a moment, and the signatures of the files outside of the tree that it depends on."""

    since: WatchMoment
    outside: tuple[Signature, ...]
    found: T


class SnapshotTaker:
    """Turns the files of directories into trees.

    Args:
        git: with the shadow repository.
        watches: tells that nothing has changed.
    """

    def __init__(
        self, *, git: ShadowGit, checkout: Checkout, worktrees: SessionWorktrees, watches: FileWatches
    ) -> None:
        self._git = git
        self._checkout = checkout
        self._worktrees = worktrees
        self._watches = watches
        self._written: dict[Path, tuple[Signature, str]] = {}
        self._forced_seen: dict[Path, Signature] = {}
        self._known: dict[Path, _Known[TreeSnapshot]] = {}
        self._dirty: _Known[frozenset[bytes]] | None = None

    async def take_watched(self, worktree: Path, index: Path, settings: Sequence[Signature]) -> TreeSnapshot:
        """As `take`, without git where nothing has changed since the last time.

        Args:
            settings: of the files with the user's ignore patterns and the like.
        """
        own = self._worktrees.index_of(worktree)
        before = (*settings, signature(own) if own is not None else _ABSENT)
        known = self._known.get(index)
        if known is not None and self._holds(known, (*before, signature(index))):
            return known.found
        self._known.pop(index, None)
        since = await self._watches.moment(worktree)
        taken = await self.take(worktree, index)
        if since is not None and not self._depends_on_more(worktree):
            self._known[index] = _Known(since, (*before, signature(index)), taken)
        return taken

    def _holds(self, known: _Known[T], outside: Sequence[Signature]) -> bool:
        return known.outside == tuple(outside) and self._watches.unchanged(known.since)

    def _depends_on_more(self, worktree: Path) -> bool:
        """Whether a snapshot depends on more than the files: on submodules' repositories, on kept contents."""
        lfs = self._git.contents is not None and self._git.contents.is_used
        return lfs or (worktree / ".gitmodules").exists()

    async def dirty_watched(self, settings: Sequence[Signature], *, timeout_s: float) -> frozenset[bytes]:
        """Files of the user's checkout that differ from its index or are untracked; without git where nothing has
        changed since the last time."""
        root, own = self._checkout.root, self._checkout.git_dir / "index"
        outside = (signature(own), *settings)
        if self._dirty is None or not self._holds(self._dirty, outside):
            since = await self._watches.moment(root)
            dirty = frozenset(await self.dirty(None, timeout_s=timeout_s))
            self._dirty = _Known(since, outside, dirty) if since and not self._depends_on_more(root) else None
            return dirty
        return self._dirty.found

    async def dirty(self, tree: str | None, *, timeout_s: float) -> set[bytes]:
        """Files of the user's checkout that differ from its index or are untracked.

        Args:
            tree: also those that differ from this tree in the index alone; None for not.
        """
        index = self._git.git_dir / "seeds" / f"dirty-{new_id().hex}.index"
        return await dirty_paths(self._git, self._checkout, tree, index=index, timeout_s=timeout_s)

    async def take(
        self, worktree: Path, index: Path, *, base: str | None = None, also: Sequence[bytes] = ()
    ) -> TreeSnapshot:
        """Arguments as for `ShadowRepository.take_snapshot`; the caller holds the lock of the index."""
        await self._prepare(worktree, index, base)
        also = [*await self._forced(worktree, index, base), *also]
        own = self._worktrees.index_of(worktree)
        skipped = await update_index(
            self._git, worktree, index, also=also, own_index=own, follow_submodules=base is None
        )
        inside = await submodule_contents(self._git, worktree, index) if base is None else SubmoduleContents()
        tree = await self._tree_of(index)
        if self._git.contents is not None and self._git.contents.is_used:
            seed = self._worktrees.seed_of(worktree)
            known = base or (await self._tree_of(seed) if seed.exists() else tree)
            tree = await with_raw_files(self._git, known, tree)
        return TreeSnapshot(tree, skipped + inside.skipped, inside.tree, inside.kept)

    async def _tree_of(self, index: Path) -> str:
        known = self._written.get(index)
        if known is None or known[0] != signature(index):
            tree = (await self._git("write-tree", index=index)).decode().strip()
            known = self._written[index] = signature(index), tree
        return known[1]

    async def _forced(self, worktree: Path, index: Path, base: str | None) -> list[bytes]:
        """Ignored files that are in the directory's own index all the same (`git add --force`)."""
        own = self._checkout.git_dir / "index" if base is not None else self._worktrees.index_of(worktree)
        if own is None:
            return []
        now = signature(own)
        if now[0] == 0 or (base is None and self._forced_seen.get(index) == now):
            return []
        args = ("ls-files", "-z", "-c", "-i", "--exclude-standard")
        listed = await self._git.result(*args, work_tree=worktree, index=own)
        if listed.returncode != 0:  # an index that only its own repository can read
            return []
        self._forced_seen[index] = now
        return [path for path in listed.stdout.split(b"\0") if path]

    async def _prepare(self, worktree: Path, index: Path, base: str | None) -> None:
        if base is not None:
            await self._git("read-tree", "--reset", "-i", base, index=index)
            await mark_sparse(self._git, self._checkout, index)
        elif not index.exists():
            seed = self._worktrees.seed_of(worktree)
            if not seed.exists():
                raise GitError("worktree_unknown", f"{worktree} was not made by this shadow repository.")
            copy_index(seed, index)
