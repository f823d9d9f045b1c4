"""Creates, checks and removes the worktrees of sessions, each with its own git directory."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from boocoder.errors import Conflict, GitError
from boocoder.git.command import Git, WriteLimit
from boocoder.git.lfs.checkout import write_files
from boocoder.git.lfs.lending import lend_contents
from boocoder.git.project import Checkout, user_git
from boocoder.git.refs import check_id
from boocoder.git.shadow.object_store import STORE, link_objects
from boocoder.git.shadow.objects import ShadowGit
from boocoder.git.shadow.private_index import copy_index, drop_index, signature, temporary_index
from boocoder.git.shadow.real_directory import is_empty_directory
from boocoder.git.shadow.store_cleanup import StoreCleanup, clean_store
from boocoder.git.worktree.head_file import read_head
from boocoder.git.worktree.linked import admin_of, remove_files, remove_linked
from boocoder.git.worktree.linked_conversion import copy_linked_state, earlier_seed_name, move_submodules
from boocoder.git.worktree.session_repository import (
    RepositoryTemplate,
    config_files,
    is_sound,
    make_git_directory,
    place_git_file,
    points_to,
    read_template,
    repair_config,
    repair_git_directory,
    require_itself,
)
from boocoder.git.worktree.start_points import checked_out, commit_and_tree

CHECKOUT_TIMEOUT_S = 1_800.0  # writing every file of a very large repository to a slow disk
BRANCH_PREFIX = "boocoder/"
_ATTEMPTS = 3  # a `git gc` of the user's may take a pack away while its objects are linked


@dataclass(frozen=True, slots=True)
class Worktree:
    """A session's worktree.

    Args:
        path: its directory.
        base_commit: full id of the commit that it was made at.
        base_tree: the tree that was written into it; the session's change is measured against it.
        pointers: files of Git LFS that were written as pointers, because their contents are not here.
    """

    path: Path
    base_commit: str
    base_tree: str
    pointers: tuple[bytes, ...] = ()


class RepairKind(StrEnum):
    """What had to be done to a worktree before a turn."""

    CONVERTED = "converted"  # it was a linked worktree of the user's repository
    GIT_FILE = "git_file"  # its `.git` was gone or named another place
    REPOSITORY = "repository"  # parts of its git directory were missing
    CONFIG = "config"  # its configuration named another work tree, or could not be read


@dataclass(frozen=True, slots=True)
class Repair:
    """What had to be done to a worktree, and where that went which was in the way."""

    kind: RepairKind
    moved: Path | None = None


class SessionWorktrees:
    """The worktrees of one project's sessions.

    Args:
        shadow: writes their files; its directory holds their git directories and the object store.
        checkout: the user's.
        excludes: ignore patterns of their repositories beside the user's, one a line.
        limit: keeps git that writes into a session's repository inside of it, whatever links its agent puts there.
    """

    def __init__(
        self, *, shadow: ShadowGit, checkout: Checkout, excludes: bytes = b"", limit: WriteLimit | None = None
    ) -> None:
        self._shadow = shadow
        self._checkout = checkout
        self.excludes = excludes
        self._limit = limit
        self.run_hooks = False  # the project's setting: git of agents runs the user's hooks
        self._linking = asyncio.Lock()
        self._configs: dict[Path, tuple[int, int, int]] = {}  # as they were when they were read last
        self._heads: dict[Path, str] = {}  # commits that git found there

    def git_dir_of(self, worktree: Path) -> Path:
        """The session's git directory, there or not."""
        return self._shadow.git_dir / "sessions" / worktree.name

    def index_of(self, worktree: Path) -> Path | None:
        """The index that an agent's git uses in the worktree, as far as it is known."""
        git_dir = self.git_dir_of(worktree)
        place = git_dir if git_dir.is_dir() else admin_of(self._checkout.common_dir, worktree)
        return None if place is None else place / "index"

    def seed_of(self, worktree: Path) -> Path:
        """The index of the files as they were written."""
        seeds = self._shadow.git_dir / "seeds"
        seed = seeds / f"{worktree.name}.index"
        if not seed.exists():
            with suppress(FileNotFoundError):
                (seeds / earlier_seed_name(worktree)).rename(seed)
        return seed

    def writing_git(self, git_dir: Path) -> Git:
        """Git that writes into a session's repository, and nowhere else."""
        limit, git = self._limit, session_git(git_dir)
        if limit is None:
            return git
        return replace(git, around=lambda argv, cwd: limit(argv, cwd, git_dir))

    async def link_objects(self) -> int:
        """Bring the object store up to what the user's repository holds.

        Raises:
            GitError: `objects_restless`, or `objects_unreadable`.
        """
        async with self._linking:
            try:
                return await asyncio.to_thread(link_objects, self._shadow.git_dir / STORE, self._checkout.objects)
            except OSError as error:
                raise GitError(
                    "objects_unreadable",
                    f"The objects of {self._checkout.root} could not be linked: {error}.",
                    "Make room on the disk, or make them readable.",
                ) from error

    async def clean_objects(self) -> StoreCleanup:
        """Give back the space of packs that the user's repository has replaced.

        Raises:
            GitError: git failed.
        """
        await self.link_objects()
        async with self._linking:
            return await clean_store(self._shadow, self._shadow.git_dir / STORE, self._checkout.objects)

    async def add(
        self,
        path: Path,
        *,
        commit: str | None = None,
        tree: str | None = None,
        branch: str | None = None,
        spare: Worktree | None = None,
    ) -> Worktree:
        """Make a worktree with all files of a tree, and its repository where the session has none yet.

        Nothing is left of it where this fails or is cancelled.

        Args:
            path: its directory; must not exist, or be empty.
            commit: full id of where the branch of a new repository begins; None for what the user has checked out.
            tree: what is written into it, as changes that are not staged; None for the commit's own.
            branch: such as `boocoder/fix-login-4f1c`; None names it after the directory.
            spare: made at this commit by an earlier call, and nobody's; its files stay, its repository is made anew.

        Raises:
            InvalidInput: `project_without_commit`.
            Conflict: `worktree_path_taken`.
            GitError: git failed.
        """
        if spare is None and os.path.lexists(path) and not is_empty_directory(path):
            raise Conflict("worktree_path_taken", f"There is something at {path} already.")
        base_commit, commit_tree = await self._start(commit)
        base_tree = commit_tree if tree is None else check_id(tree)
        git_dir = self.git_dir_of(path)
        kept = spare is None and is_sound(git_dir)
        try:
            path.mkdir(parents=True, exist_ok=True)
            if not kept:
                await asyncio.to_thread(remove_files, git_dir)
                template = await self._template()
                name = template.branch(branch or BRANCH_PREFIX + path.name)
                await asyncio.to_thread(make_git_directory, git_dir, template, branch=name, commit=base_commit)
            await asyncio.to_thread(place_git_file, path, git_dir)
            await require_itself(path, git_dir)
            seed = self.seed_of(path)
            pointers = spare.pointers if spare is not None else await self._check_out(path, base_tree, seed)
            await self._lend_contents(git_dir)
            await self._fill_index(git_dir, seed, base_tree, None if kept else commit_tree)
            if not kept:
                self._configs[git_dir / "config"] = signature(git_dir / "config")
        except BaseException:
            await asyncio.shield(self.discard(path, git_dir=not kept))
            raise
        return Worktree(path, base_commit, base_tree, pointers)

    async def _template(self) -> RepositoryTemplate:
        return await read_template(self._checkout, excludes=self.excludes, hooks=self.run_hooks)

    async def _start(self, commit: str | None) -> tuple[str, str]:
        """The commit and its tree, with the object store holding both."""
        if commit is None:
            commit, _ = await checked_out(self._checkout)
        for attempt in range(1, _ATTEMPTS + 1):
            await self.link_objects()
            try:
                return await commit_and_tree(self._shadow, self._checkout, commit, borrow=False)
            except GitError as error:
                if error.code != "commit_missing" or attempt == _ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

    async def _check_out(self, path: Path, tree: str, index: Path) -> tuple[bytes, ...]:
        """Write a tree's files, and an index that knows them; no filter but ours for Git LFS, and no hook, has a say.

        Returns:
            Files of Git LFS whose contents are not here.
        """
        index.parent.mkdir(parents=True, exist_ok=True)
        drop_index(index)
        await self._shadow("read-tree", tree, index=index)
        checkout = ("checkout-index", "-a", "-u", "-q")
        return await write_files(self._shadow, *checkout, work_tree=path, index=index, timeout_s=CHECKOUT_TIMEOUT_S)

    async def _fill_index(self, git_dir: Path, seed: Path, tree: str, head_tree: str | None) -> None:
        """The index that an agent finds: HEAD's tree, or what was staged when the worktree was removed."""
        index = git_dir / "index"
        if index.exists():
            return
        if head_tree is None:
            head_tree = await self.head_tree(git_dir) or tree
        made = seed.with_name(f"{seed.name}.own")
        copy_index(seed, made)
        try:
            if head_tree != tree:
                await self.lending(git_dir)("read-tree", "--reset", "-i", head_tree, index=made)
            made.replace(index)
        finally:
            drop_index(made)

    def lending(self, git_dir: Path) -> ShadowGit:
        """The shadow repository, which sees the objects of a session as well."""
        return replace(self._shadow, lenders=(*self._shadow.lenders, git_dir / "objects"))

    async def head_tree(self, git_dir: Path) -> str | None:
        """The tree of what a session has checked out; None where it has no commit."""
        done = await session_git(git_dir).result("rev-parse", "-q", "--verify", "HEAD^{tree}")
        return done.stdout.decode().strip() if done.returncode == 0 else None

    async def head_commit(self, path: Path) -> str | None:
        """What a session has checked out; None where it has no commit, or no repository of its own.

        It starts git only where HEAD has moved since the last call.
        """
        git_dir = self.git_dir_of(path)
        if not git_dir.is_dir():
            return None
        held = read_head(git_dir)
        if held is not None and self._heads.get(git_dir) == held:
            return held
        done = await session_git(git_dir).result("rev-parse", "-q", "--verify", "HEAD^{commit}")
        if done.returncode != 0:
            return None
        self._heads[git_dir] = done.stdout.decode().strip()
        return self._heads[git_dir]

    async def in_order(self, path: Path) -> bool:
        """Whether `prepare` would find nothing to do. It costs a few looks at small files."""
        return await asyncio.to_thread(self._in_order, path)

    def _in_order(self, path: Path) -> bool:
        git_dir = self.git_dir_of(path)
        seen = all(self._configs.get(config) == signature(config) for config in config_files(git_dir))
        return seen and points_to(path, git_dir) and is_sound(git_dir) and not self.is_linked(path)

    def is_linked(self, path: Path) -> bool:
        """Whether an earlier version made it as a linked worktree of the user's repository."""
        return admin_of(self._checkout.common_dir, path) is not None

    async def prepare(self, path: Path, *, commit: str, branch: str | None = None) -> list[Repair]:
        """Check that the worktree belongs to its own repository, or repair it, before anything runs in it.

        Args:
            commit: where its branch begins if its repository has to be made.
            branch: as for `add`.

        Raises:
            GitError: git failed, or `worktree_not_itself`.
        """
        git_dir = self.git_dir_of(path)
        admin = await asyncio.to_thread(admin_of, self._checkout.common_dir, path)
        repairs: list[Repair] = []
        if admin is not None:
            await self._convert(path, git_dir, admin, commit=commit, branch=branch or BRANCH_PREFIX + path.name)
            repairs.append(Repair(RepairKind.CONVERTED))
        if not is_sound(git_dir):
            await self.link_objects()
            template = await self._template()
            name = template.branch(branch or BRANCH_PREFIX + path.name)
            whole = not os.path.lexists(git_dir)
            make = make_git_directory if whole else repair_git_directory
            await asyncio.to_thread(make, git_dir, template, branch=name, commit=commit)
            repairs.append(Repair(RepairKind.REPOSITORY))
        if await self._repair_config(git_dir):
            repairs.append(Repair(RepairKind.CONFIG))
        if not points_to(path, git_dir):
            repairs.append(Repair(RepairKind.GIT_FILE, await asyncio.to_thread(place_git_file, path, git_dir)))
        await self._lend_contents(git_dir)
        if repairs:
            await require_itself(path, git_dir)
            if not (git_dir / "index").exists():
                await self._read_index(git_dir)
        return repairs

    async def _lend_contents(self, git_dir: Path) -> None:
        if self._shadow.contents is not None:
            with suppress(OSError):  # git-lfs of the agent then needs the network
                await asyncio.to_thread(lend_contents, git_dir, self._shadow.git_dir / STORE, self._shadow.contents)

    async def _read_index(self, git_dir: Path) -> None:
        head_tree = await self.head_tree(git_dir)
        if head_tree is not None:
            with temporary_index(self._shadow.git_dir) as made:  # git would write where a link in its place leads
                await self.lending(git_dir)("read-tree", head_tree, index=made)
                made.replace(git_dir / "index")

    async def _repair_config(self, git_dir: Path) -> bool:
        """Take out what makes git look at other files than the worktree's; looked for when the file has changed."""
        repaired = False
        for config in config_files(git_dir):
            now = signature(config)
            if self._configs.get(config) != now:
                repaired = await repair_config(config, self.writing_git(git_dir), self._template) or repaired
                self._configs[config] = signature(config)
        return repaired

    async def _convert(self, path: Path, git_dir: Path, admin: Path, *, commit: str, branch: str) -> None:
        """Convert a linked worktree of the user's repository into one with its own repository.

        Replacing `.git` is the turning point: what was done before it can be done again.
        """
        if not (points_to(path, git_dir) and is_sound(git_dir)):
            await self.link_objects()
            template = await self._template()
            stash = await user_git(self._checkout).result("rev-parse", "-q", "--verify", "refs/stash")
            await asyncio.to_thread(remove_files, git_dir)
            own = template.branch(branch)
            fill = _filling(admin, self._checkout.common_dir, own, stash.stdout.decode().strip() or None)
            await asyncio.to_thread(make_git_directory, git_dir, template, branch=own, commit=commit, fill=fill)
            await asyncio.to_thread(place_git_file, path, git_dir)
        await move_submodules(path, admin, git_dir)
        await require_itself(path, git_dir)
        await remove_linked(self._checkout.common_dir, path, files=False)

    async def remove(self, path: Path) -> None:
        """Remove a worktree's files. The session's repository stays, with its branches, commits and stash. Idempotent.

        An index that holds nothing but HEAD is removed, too.
        """
        git_dir = self.git_dir_of(path)
        if git_dir.is_dir():
            await self._drop_plain_index(git_dir)
        await self.discard(path, git_dir=False)

    async def _drop_plain_index(self, git_dir: Path) -> None:
        index, head_tree = git_dir / "index", await self.head_tree(git_dir)
        with suppress(GitError):  # one that cannot be compared stays
            if head_tree is not None and index.exists():
                same = await self.lending(git_dir).result("diff-index", "--cached", "--quiet", head_tree, index=index)
                if same.returncode == 0:
                    drop_index(index)

    async def discard(self, path: Path, *, git_dir: bool = True) -> None:
        """Remove the files of a worktree that no session has, and its repository where `git_dir`. Idempotent."""
        await remove_linked(self._checkout.common_dir, path)
        drop_index(self.seed_of(path))
        self._heads.pop(self.git_dir_of(path), None)
        if git_dir:
            await asyncio.to_thread(remove_files, self.git_dir_of(path))


def session_git(git_dir: Path) -> Git:
    """Git in a session's repository, whose configuration an agent may have written: no hook, no monitor, no files."""
    return Git(git_dir, ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"), {"GIT_DIR": str(git_dir)})


def _filling(admin: Path, common_dir: Path, own_branch: str, stash: str | None) -> Callable[[Path], None]:
    return lambda made: copy_linked_state(admin, common_dir, made, own_branch=own_branch, stash=stash)
