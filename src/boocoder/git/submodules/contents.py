"""Keeps the files inside of submodules beside a snapshot, and writes them again where a worktree is restored.

They are in a tree of their own: for each submodule that has files one entry, named after its path, with its git
directory, its commit, and its files where they differ from that commit. What the agent committed inside stays in the
submodule's git directory, which is in the session's repository and outlives the worktree.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

from boocoder.errors import GitError
from boocoder.git.lfs.checkout import write_files
from boocoder.git.refs import check_id
from boocoder.git.shadow.objects import ShadowGit, own_reachable
from boocoder.git.shadow.private_index import temporary_index, with_sound_index
from boocoder.git.shadow.snapshot import SkippedPath, SkipReason, update_index
from boocoder.git.submodules.links import gitlinks, is_repository, module_directory

REF_SUFFIX = "-submodules"  # after the ref of the snapshot
RESTORE_TIMEOUT_S = 1_800.0  # every file of a very large submodule to a slow disk
_PLACE, _FILES = "place", "files"


@dataclass(frozen=True, slots=True)
class SubmoduleContents:
    """The files inside of a worktree's submodules.

    Args:
        tree: what keeps them; None where no submodule has files.
        skipped: submodules whose files are not part of the change, and files that could not be kept.
        kept: submodules whose git directory is in the session's repository, so that their commits outlive the worktree.
    """

    tree: str | None = None
    skipped: tuple[SkippedPath, ...] = ()
    kept: frozenset[bytes] = frozenset()


@dataclass(frozen=True, slots=True)
class _Module:
    """A submodule with files.

    Args:
        commit: checked out in it.
        place: its git directory, relative to the session's; None where it is elsewhere.
        index: a private one, equal to its files.
        files: tree of its files where they are not as in the commit.
        skipped: paths below the worktree that could not be taken.
    """

    path: bytes
    commit: str
    place: Path | None
    index: Path
    files: str | None
    skipped: tuple[SkippedPath, ...]


async def submodule_contents(
    shadow: ShadowGit, directory: Path, index: Path, *, cache: Path | None = None
) -> SubmoduleContents:
    """Take the files inside of all submodules, also of those inside of others.

    Args:
        index: the private index of the worktree after a snapshot.
        cache: names the private indexes of the submodules, kept between calls; None for those of `index`.

    Raises:
        GitError: git failed for the worktree; what fails inside of a submodule is in `skipped`.
    """
    if not (directory / ".gitmodules").is_file():
        return SubmoduleContents()
    modules: list[_Module] = []
    skipped: list[SkippedPath] = []
    waiting = [(b"", index)]
    while waiting:
        above, listed = waiting.pop()
        for path, commit in gitlinks(await shadow("ls-files", "-s", "-z", index=listed)):
            whole = above + path
            try:
                module = await _take(shadow, directory, whole, commit, cache or index)
            except GitError:
                skipped.append(SkippedPath(whole, SkipReason.SUBMODULE_FILE))
                continue
            if module is not None:
                modules.append(module)
                waiting.append((whole + b"/", module.index))
    skipped += [one for module in modules for one in _skipped(module)]
    own = [one for one in modules if one.place is not None]
    kept = frozenset(one.path for one in own)
    return SubmoduleContents(await _keep(shadow, own) if own else None, tuple(skipped), kept)


def _skipped(module: _Module) -> Iterator[SkippedPath]:
    if module.files is not None:
        yield SkippedPath(module.path, SkipReason.SUBMODULE_EDITS)
    for one in module.skipped:
        yield SkippedPath(module.path + b"/" + one.path, SkipReason.SUBMODULE_FILE)


async def _take(shadow: ShadowGit, directory: Path, path: bytes, commit: str, cache: Path) -> _Module | None:
    """A submodule; None where it has no files.

    Raises:
        GitError: git cannot read it.
    """
    place = directory / os.fsdecode(path)
    git_dir = module_directory(place)
    if git_dir is None or place.resolve() != directory.resolve() / os.fsdecode(path):
        return None
    lending = replace(shadow, lenders=(*shadow.lenders, git_dir / "objects"))
    own = _index_of(shadow, cache, path)

    async def update() -> tuple[SkippedPath, ...]:
        if not own.exists():
            await lending.result("read-tree", commit, index=own)  # quicker where the commit is known
        return await update_index(lending, place, own, own_index=git_dir / "index", follow_submodules=True)

    skipped = await with_sound_index(own, update)
    files = (await lending("write-tree", index=own)).decode().strip()
    known = await lending.result("rev-parse", "-q", "--verify", f"{commit}^{{tree}}")
    edited = known.stdout.decode().strip() != files
    if edited:
        await own_reachable(lending, [files])
    inside = _below_session(shadow, git_dir)
    return _Module(path, commit, inside, own, files if edited else None, skipped)


def _below_session(shadow: ShadowGit, git_dir: Path) -> Path | None:
    """The path of a submodule's git directory below that of its session."""
    sessions = (shadow.git_dir / "sessions").resolve()
    if not git_dir.is_relative_to(sessions):
        return None
    _, *parts = git_dir.relative_to(sessions).parts
    return Path(*parts) if parts[:1] == ["modules"] else None


def _index_of(shadow: ShadowGit, cache: Path, path: bytes) -> Path:
    name = hashlib.sha256(os.fsencode(cache) + b"\0" + path).hexdigest()[:32]
    return shadow.git_dir / "seeds" / f"submodule-{name}.index"


async def _keep(shadow: ShadowGit, modules: Sequence[_Module]) -> str:
    entries: list[bytes] = []
    for one in modules:
        text = f"{one.commit}\n".encode() + os.fsencode(str(one.place))
        place = (await shadow("hash-object", "-w", "--stdin", borrow=False, stdin=text)).decode().strip()
        parts = [f"100644 blob {place}\t{_PLACE}\0"]
        if one.files is not None:
            parts.append(f"040000 tree {one.files}\t{_FILES}\0")
        tree = await _make_tree(shadow, "".join(parts).encode())
        entries.append(b"040000 tree %s\t%s\0" % (tree.encode(), quote(one.path, safe="").encode()))
    return await _make_tree(shadow, b"".join(entries))


async def _make_tree(shadow: ShadowGit, entries: bytes) -> str:
    return (await shadow("mktree", "-z", borrow=False, stdin=entries)).decode().strip()


async def restore_submodules(shadow: ShadowGit, worktree: Path, git_dir: Path, tree: str) -> tuple[bytes, ...]:
    """Write the files of submodules into a worktree that was made again.

    Args:
        worktree: its submodules are empty directories.
        git_dir: of its session.
        tree: as `SubmoduleContents.tree`.

    Returns:
        Submodules that could not be restored.
    """
    failed: list[bytes] = []
    for path in sorted(await _entries(shadow, tree)):
        place = worktree / os.fsdecode(path)
        try:
            await _restore(shadow, place, git_dir, f"{check_id(tree)}:{quote(path, safe='')}")
        except (GitError, OSError):
            failed.append(path)
    return tuple(failed)


async def _entries(shadow: ShadowGit, tree: str) -> list[bytes]:
    listed = await shadow("ls-tree", "-z", "--name-only", check_id(tree))
    return [unquote_to_bytes(name) for name in listed.split(b"\0") if name]


async def _restore(shadow: ShadowGit, place: Path, session: Path, entry: str) -> None:
    text = await shadow("cat-file", "blob", f"{entry}/{_PLACE}")
    commit, _, relative = text.partition(b"\n")
    git_dir = session / os.fsdecode(relative)
    if not is_repository(git_dir) or not git_dir.resolve().is_relative_to(session.resolve() / "modules"):
        raise GitError("submodule_missing", f"{git_dir} is no git directory of a submodule.")
    files = await shadow.result("rev-parse", "-q", "--verify", f"{entry}/{_FILES}")
    source = files.stdout.decode().strip() or check_id(commit.decode())
    lending = replace(shadow, lenders=(*shadow.lenders, git_dir / "objects"))
    await asyncio.to_thread(_place_git_file, place, git_dir)
    with temporary_index(shadow.git_dir) as index:
        await lending("read-tree", source, index=index)
        write = ("checkout-index", "-a", "-u", "-q")
        await write_files(lending, *write, work_tree=place, index=index, timeout_s=RESTORE_TIMEOUT_S)


def _place_git_file(place: Path, git_dir: Path) -> None:
    """Relative, as git writes it, so that it holds where the data directory is moved."""
    if place.is_symlink() or any(place.iterdir()):
        raise GitError("submodule_not_empty", f"There are files in {place} already.")
    (place / ".git").write_bytes(b"gitdir: " + os.fsencode(os.path.relpath(git_dir, place.resolve())) + b"\n")
