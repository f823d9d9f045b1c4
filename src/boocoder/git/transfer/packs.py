"""Packs of objects for other hosts: which objects a snapshot needs beyond what others have, made and taken in again."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from boocoder.errors import GitError
from boocoder.git.project import Checkout, user_git
from boocoder.git.refs import check_id
from boocoder.git.shadow.object_store import STORE
from boocoder.git.shadow.objects import PACK_TIMEOUT_S, ShadowGit
from boocoder.git.shadow.store_cleanup import KEPT_SUFFIX

TIPS_MAX = 60  # branches of a clone, the newest first: an older one is most often contained in a newer one
TOO_LARGE = "git_output_too_large"


async def known_tips(checkout: Checkout, *, remotes_only: bool = False) -> list[str]:
    """Commits that a clone has, with all that is behind them: what is checked out, then its newest branches.

    Args:
        remotes_only: only what it knows of its remotes.

    Raises:
        GitError: git failed.
    """
    git = user_git(checkout)
    head = await git.result("rev-parse", "-q", "--verify", "HEAD^{commit}")
    listed = await git(
        "for-each-ref", f"--count={TIPS_MAX}", "--sort=-committerdate", "--format=%(objectname) %(objecttype)",
        "refs/remotes", *([] if remotes_only else ["refs/heads"]),
    )  # fmt: skip
    branches = [line.split() for line in listed.decode("utf-8", "replace").splitlines()]
    commits = [found for found, kind in branches if kind == "commit"]
    return list(dict.fromkeys([*([] if remotes_only else head.stdout.decode().split()), *commits]))


async def existing(shadow: ShadowGit, ids: Iterable[str]) -> list[str]:
    """Those of the objects that are here, in their order.

    Raises:
        GitError: git failed.
    """
    asked = list(dict.fromkeys(ids))
    if not asked:
        return []
    stdin = "".join(f"{check_id(one)}\n" for one in asked).encode()
    answer = await shadow("cat-file", "--batch-check=%(objectname)", "--buffer", stdin=stdin)
    return [line.decode() for line in answer.splitlines() if not line.endswith(b" missing")]


async def objects_beyond(shadow: ShadowGit, wanted: Iterable[str], known: Iterable[str]) -> list[str]:
    """All objects of commits and trees that others do not have.

    Args:
        wanted: full ids of commits and trees that are here.
        known: of commits and trees that the others have whole; those that are not here are ignored.

    Raises:
        GitError: git failed.
    """
    have = await existing(shadow, known)
    stdin = "".join(f"{one}\n" for one in wanted) + "".join(f"^{one}\n" for one in have)
    listed = await shadow(
        "rev-list", "--objects", "--no-object-names", "--stdin", stdin=stdin.encode(), timeout_s=PACK_TIMEOUT_S
    )
    return listed.decode().split()


async def make_pack(shadow: ShadowGit, objects: Collection[str], *, max_bytes: int) -> bytes | None:
    """A pack of these objects that needs no other object to be read; None where it would be larger.

    Raises:
        GitError: git failed.
    """
    stdin = "".join(f"{one}\n" for one in objects).encode()
    try:
        return await shadow(
            "pack-objects", "-q", "--stdout", "--delta-base-offset",
            stdin=stdin, timeout_s=PACK_TIMEOUT_S, max_bytes=max_bytes,
        )  # fmt: skip
    except GitError as error:
        if error.code != TOO_LARGE:
            raise
        return None


async def take_in_pack(shadow: ShadowGit, pack: bytes) -> None:
    """Put a pack into the project's object store, where sessions' repositories and snapshots find its objects.

    Raises:
        GitError: the pack is damaged, or git failed.
    """
    store = shadow.git_dir / STORE
    printed = await shadow(
        "index-pack", "--stdin", stdin=pack, timeout_s=PACK_TIMEOUT_S,
        variables={"GIT_OBJECT_DIRECTORY": str(store)}, borrow=False,
    )  # fmt: skip
    name = printed.decode().split()[-1]
    (store / "pack" / f"pack-{name}{KEPT_SUFFIX}").touch()  # the user's repository has no such pack to replace it


async def require_whole(shadow: ShadowGit, checkout: Checkout, *, trees: Iterable[str], commits: Iterable[str]) -> None:
    """Check that every file of the trees and the history of the commits are here.

    Raises:
        GitError: `objects_missing`.
    """
    done = await shadow.result(
        "rev-list", "--objects", "--no-object-names", "--quiet", "--no-walk=unsorted", "--stdin",
        stdin="".join(f"{check_id(one)}\n" for one in trees).encode(), timeout_s=PACK_TIMEOUT_S,
    )  # fmt: skip
    if done.returncode == 0:
        have = await existing(shadow, await known_tips(checkout))
        stdin = "".join(f"{check_id(one)}\n" for one in commits) + "".join(f"^{one}\n" for one in have)
        done = await shadow.result("rev-list", "--quiet", "--stdin", stdin=stdin.encode(), timeout_s=PACK_TIMEOUT_S)
    if done.returncode != 0:
        raise GitError(
            "objects_missing",
            f"The clone at {checkout.root} lacks commits that the session is based on, and they are not stored.",
            f"Bring the clone up to date, then try again: git -C {checkout.root} fetch",
        )


def marker_of(git_dir: Path, name: str) -> Path:
    """The file that says that a stored pack was taken in."""
    return git_dir / "stored" / name
