"""Copies the objects that the shadow repository's refs keep out of the user's repository, and packs them."""

from __future__ import annotations

from boocoder.errors import GitError
from boocoder.git.refs import list_refs, read_ref
from boocoder.git.shadow.objects import PACK_TIMEOUT_S, ShadowGit, own_reachable

LOOSE_MANY = 5_000  # git's own gc begins at 6,700
PACKS_MANY = 50  # as gc.autoPackLimit


async def own_kept(shadow: ShadowGit, *, must: str = "") -> None:
    """Copy all that our refs keep out of the user's repository, as far as it is borrowed from there.

    Args:
        must: the beginning of the refs whose objects have to be there. Other sessions' may be lost already, where
            the user's own git has collected them; such a loss is ignored.

    Raises:
        GitError: an object that must be there is missing.
    """
    kept = {ref: tree for ref in list_refs(shadow.git_dir) if (tree := read_ref(shadow.git_dir, ref)) is not None}
    try:
        await own_reachable(shadow, dict.fromkeys(kept.values()))
    except GitError:
        if not must:
            raise
        await own_reachable(shadow, dict.fromkeys(tree for ref, tree in kept.items() if ref.startswith(must)))


async def pack_objects(shadow: ShadowGit) -> bool:
    """Put what refs keep into one pack where there are LOOSE_MANY single objects or PACKS_MANY packs.

    No object is deleted: unreferenced ones become loose objects again, because database rows may name them.
    """
    counted = dict(line.split(b": ") for line in (await shadow("count-objects", "-v")).splitlines() if b": " in line)
    many = int(counted.get(b"packs", b"0")) > PACKS_MANY
    if int(counted.get(b"count", b"0")) < LOOSE_MANY and not many:
        return False
    await shadow("repack", "-d", "-l", "-q", *(["-A"] if many else []), timeout_s=PACK_TIMEOUT_S)
    return True
