"""Makes the pack of a snapshot: what it needs beyond the session's earlier packs, or beyond what other hosts have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from boocoder.db.files.snapshot_store import HostTips, StoredSnapshot, StoredState, UnstoredSnapshot
from boocoder.git.shadow.objects import ShadowGit
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.transfer.packs import existing, known_tips, make_pack, objects_beyond

PACKS_MAX = 64  # of one session; beyond it they become one, which is smaller than their sum


@dataclass(frozen=True, slots=True)
class SnapshotPack:
    """What is stored of a snapshot.

    Args:
        pack: None where it is too large, empty where nothing is new in it.
        trees: those that came with it.
        replaces: snapshots whose packs this one holds the objects of.
    """

    pack: bytes | None
    trees: tuple[str, ...]
    replaces: tuple[StoredSnapshot, ...] = ()


async def pack_snapshot(
    shadow: ShadowRepository,
    git: ShadowGit,
    snapshot: UnstoredSnapshot,
    stored: Sequence[StoredSnapshot],
    tips: Sequence[HostTips],
    *,
    max_bytes: int,
) -> SnapshotPack:
    """The pack of a snapshot.

    Args:
        git: sees the objects of the session's repository, too.
        stored: of this session, oldest first.
        tips: of the other hosts. Without any, they are taken to have what this clone knows of its remotes.
        max_bytes: of the pack.

    Raises:
        GitError: git failed.
    """
    others = await existing(git, snapshot.change_trees)
    trees = tuple(dict.fromkeys([snapshot.base_tree, *others]))
    wanted = [snapshot.tree, *trees, snapshot.base_commit, *([snapshot.head_commit] if snapshot.head_commit else [])]
    here = [one for one in stored if one.state is StoredState.STORED]
    packs = [one for one in here if one.size_bytes > 0]
    if len(packs) >= PACKS_MAX:
        earlier = await existing(git, _ids(here))  # an amended commit may be gone
        whole = await _pack(git, [*wanted, *earlier], await _common(shadow, tips), max_bytes)
        if whole is not None:
            return SnapshotPack(whole, trees, tuple(packs))
    known = [_ids(here)] if here else await _common(shadow, tips)
    return SnapshotPack(await _pack(git, wanted, known, max_bytes), trees)


def _ids(stored: Iterable[StoredSnapshot]) -> list[str]:
    """All that these snapshots brought, by ids that lead to the rest."""
    found: dict[str, None] = {}
    for one in stored:
        found |= dict.fromkeys([one.tree, *one.trees, one.base_commit])
        if one.head_commit is not None:
            found[one.head_commit] = None
    return list(found)


async def _common(shadow: ShadowRepository, tips: Sequence[HostTips]) -> list[list[str]]:
    """What each of the other hosts has; several that have the same count once."""
    if tips:
        return [list(one) for one in dict.fromkeys(tuple(host.tips) for host in tips)]
    return [await known_tips(shadow.checkout, remotes_only=True)] if shadow.is_present else [[]]


async def _pack(git: ShadowGit, wanted: Iterable[str], known: Sequence[Sequence[str]], max_bytes: int) -> bytes | None:
    """What any of those lacks who have `known`."""
    objects: dict[str, None] = {}
    for each in known:
        objects |= dict.fromkeys(await objects_beyond(git, wanted, each))
    return await make_pack(git, objects, max_bytes=max_bytes) if objects else b""
