"""Resolves the commit that a worktree starts from: the one checked out, or one that a person names."""

from __future__ import annotations

import difflib

from boocoder.errors import GitError, InvalidInput
from boocoder.git.project import Checkout, read_head, user_git
from boocoder.git.refs import check_id
from boocoder.git.shadow.objects import ShadowGit

NAME_MAX_CHARS = 250  # a ref is a file, whose name has at most 255 bytes
NAMES_LOOKED_AT = 10_000  # for near ones
NEAR_MAX = 3
_PLACES = ("refs/heads/", "refs/tags/", "refs/remotes/", "refs/remotes/origin/", "")  # a branch comes first


async def checked_out(checkout: Checkout) -> tuple[str, str]:
    """The commit that the user has checked out, and its tree.

    Raises:
        InvalidInput: `project_without_commit`.
    """
    head = await read_head(user_git(checkout), checkout.object_format)
    if head.commit is None:
        raise InvalidInput(
            "project_without_commit",
            f"{checkout.root} has no commit yet, so there is nothing that a worktree could start from.",
            "Make a first commit: git commit --allow-empty -m start",
        )
    return head.commit, head.tree


async def commit_and_tree(
    shadow: ShadowGit, checkout: Checkout, commit: str, *, borrow: bool = True
) -> tuple[str, str]:
    """A commit by its full id, and its tree.

    Args:
        borrow: whether the user's repository may hold it alone.

    Raises:
        GitError: `commit_missing`.
    """
    asked = f"{check_id(commit)}^{{commit}}\n{commit}^{{tree}}\n".encode()
    found = (await shadow("cat-file", "--batch-check=%(objectname)", stdin=asked, borrow=borrow)).decode().split("\n")
    if found[0].endswith("missing"):
        raise GitError("commit_missing", f"The commit {commit} is not in {checkout.root} any more.")
    return found[0], found[1]


async def named_commit(checkout: Checkout, name: str) -> str:
    """The full id of the commit that a branch, tag or other name resolves to; a branch wins over a tag.

    Raises:
        InvalidInput: `start_unknown`, with names that are near.
    """
    if not name.strip() or len(name) > NAME_MAX_CHARS or not name.isprintable():
        raise InvalidInput("start_unknown", f"{name!r} is no name of a branch, tag or commit.")
    asked = "".join(f"{place}{name}^{{commit}}\n" for place in _PLACES).encode()
    try:
        answer = await user_git(checkout)("cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=asked)
    except GitError as error:  # git gives up at a name such as main@{upstream} that has none
        raise await _unknown(checkout, name) from error
    for line in answer.decode("utf-8", "replace").splitlines():
        found, _, kind = line.rpartition(" ")
        if kind == "commit":
            return check_id(found)
    raise await _unknown(checkout, name)


async def _unknown(checkout: Checkout, name: str) -> InvalidInput:
    listed = await user_git(checkout)(
        "for-each-ref", "--format=%(refname:lstrip=2)", f"--count={NAMES_LOOKED_AT}",
        "refs/heads", "refs/tags", "refs/remotes",
    )  # fmt: skip
    names = listed.decode("utf-8", "replace").splitlines()
    near = difflib.get_close_matches(name, names, n=NEAR_MAX)
    text = f"{checkout.root} has no branch, tag or commit {name!r}."
    cure = f"Near to it: {', '.join(near)}." if near else "Look them up with: git branch --all; git tag"
    return InvalidInput("start_unknown", text, cure)
