"""Merges into a published branch what others pushed to it. Neither files nor index are touched."""

from __future__ import annotations

from boocoder.changes.diff.statistics import path_text
from boocoder.errors import Conflict
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.user import commit as user_commit

SHOWN_FILES = 10  # in one sentence


async def merge_pushed(shadow: ShadowRepository, ref: str, theirs: str, *, remote: str, sign: bool) -> str | None:
    """Bring a local branch up to the commit that the remote has: fast-forward, else by a merge commit.

    Args:
        ref: full name of the branch.
        theirs: a commit in the user's object store.
        remote: its name, for texts.

    Returns:
        The branch's new commit; None where the branch has everything.

    Raises:
        Conflict: `branch_diverged`, both sides changed the same places; `branch_checked_out`; `reference_moved`.
    """
    checkout, branch = shadow.checkout, ref.removeprefix("refs/heads/")
    ours = await user_commit.read_reference(checkout, ref)
    if ours is None or await user_commit.contains(checkout, theirs, ours):
        return None
    if ref in await user_commit.checked_out(checkout):
        text = f"Others pushed to {remote}/{branch}, and {branch} is checked out here."
        raise Conflict("branch_checked_out", text, f"Run git pull {remote} {branch} there, then publish again.")
    who = await user_commit.identity(checkout)
    new = theirs
    if not await user_commit.contains(checkout, ours, theirs):
        tree = await _merged_tree(shadow, ours, theirs, f"{remote}/{branch}")
        await user_commit.give_objects(shadow.git, checkout, await user_commit.tree_of(checkout, ours), tree)
        message = f"Merge {remote}/{branch} into {branch}\n"
        new = await user_commit.make_commit(
            checkout, tree=tree, parent=ours, merged=theirs, message=message, who=who, sign=sign
        )
    await user_commit.move_reference(checkout, ref, old=ours, new=new, who=who, reason="boocoder: merge pushed commits")
    return new


async def merge_base(shadow: ShadowRepository, ref: str, base_commit: str, *, tree: str, sign: bool) -> None:
    """Move a local branch to a merge commit of itself and of a commit of its base; nothing where it has that commit.

    Args:
        ref: full name of the branch.
        tree: the merge of both, in the shadow repository.

    Raises:
        Conflict: `branch_missing`; `reference_moved`.
    """
    checkout, branch = shadow.checkout, ref.removeprefix("refs/heads/")
    ours = await user_commit.read_reference(checkout, ref)
    if ours is None:
        raise Conflict("branch_missing", f"There is no branch {branch} any more.", "Publish the change again.")
    if await user_commit.contains(checkout, base_commit, ours):
        return
    who = await user_commit.identity(checkout)
    await user_commit.give_objects(shadow.git, checkout, await user_commit.tree_of(checkout, ours), tree)
    message = f"Merge {base_commit[:12]} into {branch}\n"
    new = await user_commit.make_commit(
        checkout, tree=tree, parent=ours, merged=base_commit, message=message, who=who, sign=sign
    )
    await user_commit.move_reference(checkout, ref, old=ours, new=new, who=who, reason="boocoder: merge the base")


async def _merged_tree(shadow: ShadowRepository, ours: str, theirs: str, name: str) -> str:
    checkout = shadow.checkout
    base = await user_commit.merge_base(checkout, ours, theirs)
    if base is None:
        raise _diverged(f"{name} has no history in common with this branch.")
    base_tree, our_tree, their_tree = [await user_commit.tree_of(checkout, one) for one in (base, ours, theirs)]
    merged = await shadow.merge(base=base_tree, ours=our_tree, theirs=their_tree)
    if merged.tree is None:
        names = list(dict.fromkeys(path_text(one.path)[0] for one in merged.conflicts))
        more = f" and {len(names) - SHOWN_FILES} more" * (len(names) > SHOWN_FILES)
        shown = ", ".join(names[:SHOWN_FILES])
        raise _diverged(f"{name} and this branch change the same places in {shown}{more}.")
    return merged.tree


def _diverged(text: str) -> Conflict:
    return Conflict("branch_diverged", text, "Merge the two with your own git, then publish again.")
