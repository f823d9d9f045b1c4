"""Writes objects, commits and references into the user's repository; a reference moves by compare-and-swap.

No hook, filter or editor runs; a program that signs does where the user wants that. Index and files are not touched.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from boocoder.errors import Conflict, GitError, InvalidInput
from boocoder.git.command import PERSONAL, SAFE_VARIABLES, Git
from boocoder.git.lfs.contents import give_contents
from boocoder.git.project import Checkout, user_git
from boocoder.git.shadow.objects import PACK_TIMEOUT_S, ShadowGit, changed_objects, quoted_directory
from boocoder.git.user.commit_policy import signs_commits
from boocoder.git.user.signing import UTF8, signed_commit
from boocoder.net.backoff import jittered

REF_WAIT_S = 5.0  # another git holds a reference's lock for milliseconds
REF_POLL_S = 0.05
REFLOG_TEXT = "boocoder: apply"
_IDENT = re.compile(r"(.*) <(.*)> (\d+ [+-]\d{4})", re.DOTALL)
UNDER_WAY = {
    "MERGE_HEAD": "a merge",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase or `git am`",
    "sequencer": "a cherry-pick or revert",
}


@dataclass(frozen=True, slots=True)
class UserHead:
    """What the user has checked out.

    Args:
        ref: full name of the branch; "HEAD" where none is checked out.
        commit, tree: ids.
    """

    ref: str
    commit: str
    tree: str


async def identity(checkout: Checkout) -> Mapping[str, str]:
    """Who a commit is by, as the user's git is configured: variables for git, with the time that it is now.

    Raises:
        Conflict: git_identity_missing.
    """
    outside = {key: value for key, value in SAFE_VARIABLES.items() if key not in PERSONAL}
    safe = {key: value for key, value in outside.items() if not key.startswith(("GIT_AUTHOR_", "GIT_COMMITTER_"))}
    git = replace(user_git(checkout), safe=safe)
    made: dict[str, str] = {}
    for role in ("AUTHOR", "COMMITTER"):
        done = await git.result("-c", "user.useConfigOnly=true", "var", f"GIT_{role}_IDENT")
        answer = _IDENT.fullmatch(done.stdout.decode("utf-8", "surrogateescape").strip())
        if done.returncode != 0 or answer is None or not answer[1].strip() or not answer[2].strip():
            raise Conflict(
                "git_identity_missing",
                f"git does not know whose commits these are in {checkout.root}.",
                'Tell it: git config --global user.name "Your Name"; git config --global user.email you@example.org',
            )
        made |= {f"GIT_{role}_NAME": answer[1], f"GIT_{role}_EMAIL": answer[2], f"GIT_{role}_DATE": answer[3]}
    return made


async def user_head(checkout: Checkout) -> UserHead:
    """What the user has checked out now.

    Raises:
        Conflict: `branch_unborn`, there is no commit yet.
    """
    git = user_git(checkout)
    branch = await git.result("symbolic-ref", "-q", "HEAD")
    ref = branch.stdout.decode("utf-8", "surrogateescape").strip() or "HEAD"
    asked = b"HEAD^{commit}\nHEAD^{tree}\n"
    answer = (await git("cat-file", "--batch-check=%(objectname)", stdin=asked)).decode().split("\n")
    if answer[0].endswith("missing"):
        raise Conflict(
            "branch_unborn",
            f"{ref} of {checkout.root} has no commit yet, so there is nothing that a commit could follow.",
            "Make a first commit, or apply the change to the checkout.",
        )
    return UserHead(ref, answer[0], answer[1])


def operation_under_way(checkout: Checkout) -> str | None:
    """The merge, rebase or the like that the user has begun and not ended, in words."""
    return next((what for name, what in UNDER_WAY.items() if (checkout.git_dir / name).exists()), None)


async def give_objects(shadow: ShadowGit, checkout: Checkout, old_tree: str, tree: str) -> None:
    """Put what `tree` holds and `old_tree` does not into the user's object store, where it is not there yet.

    Contents of Git LFS go to the store of git-lfs.

    Raises:
        GitError: an object is missing, or the disk is full.
    """
    if old_tree == tree:
        return
    await give_contents(shadow, old_tree, tree)
    missing = await _missing(checkout, [tree, *await changed_objects(shadow, old_tree, tree)])
    if not missing:
        return
    stdin = "".join(f"{one}\n" for one in missing).encode()
    pack = str(checkout.objects / "pack" / "pack")
    (checkout.objects / "pack").mkdir(exist_ok=True)
    lent = {"GIT_ALTERNATE_OBJECT_DIRECTORIES": quoted_directory(shadow.git_dir / "objects")}
    await user_git(checkout)(
        "pack-objects", "-q", "--non-empty", pack, stdin=stdin, variables=lent, timeout_s=PACK_TIMEOUT_S
    )


async def _missing(checkout: Checkout, ids: Iterable[str]) -> list[str]:
    stdin = "".join(f"{one}\n" for one in sorted(set(ids))).encode()
    answer = await user_git(checkout)("cat-file", "--batch-check=%(objectname)", "--buffer", stdin=stdin)
    return [line.split(" ")[0] for line in answer.decode().splitlines() if line.endswith(" missing")]


async def make_commit(
    checkout: Checkout,
    *,
    tree: str,
    parent: str,
    message: str,
    who: Mapping[str, str],
    merged: str | None = None,
    sign: bool = False,
) -> str:
    """Write a commit into the user's object store; nothing refers to it yet.

    Args:
        tree: is in the user's object store.
        who: as `identity` gives it.
        merged: the second parent of a merge.
        sign: sign it, where the user's git signs every commit.

    Raises:
        Conflict: `commit_not_signed`.
    """
    parents = ("-p", parent, *(() if merged is None else ("-p", merged)))
    text = message.encode("utf-8", "replace").replace(b"\0", b"")
    args = ("commit-tree", *parents, "-F", "-", tree)
    if sign and await signs_commits(checkout):
        return await signed_commit(checkout, args, text, who)
    made = await user_git(checkout)("-c", UTF8, *args, stdin=text, variables=who)
    return made.decode().strip()


async def read_reference(checkout: Checkout, ref: str) -> str | None:
    """The commit that a reference names, None if there is none."""
    done = await user_git(checkout).result("rev-parse", "-q", "--verify", "--end-of-options", f"{ref}^{{commit}}")
    return done.stdout.decode().strip() if done.returncode == 0 else None


async def contains(checkout: Checkout, commit: str, other: str) -> bool:
    """Whether `other` is `commit` or a descendant of it."""
    done = await user_git(checkout).result("merge-base", "--is-ancestor", commit, other)
    return done.returncode == 0


async def merge_base(checkout: Checkout, one: str, two: str) -> str | None:
    """The commit that two commits have in common; None if they have none."""
    done = await user_git(checkout).result("merge-base", one, two)
    return done.stdout.decode().strip() if done.returncode == 0 else None


async def check_branch_name(checkout: Checkout, name: str) -> str:
    """The full name of a branch.

    Raises:
        InvalidInput: branch_name_invalid.
    """
    done = None
    if name and not name.startswith(("-", "@")) and name.isprintable() and len(name) <= 200:
        done = await user_git(checkout).result("check-ref-format", f"refs/heads/{name}")
    if done is None or done.returncode != 0 or name == "HEAD":
        raise InvalidInput(
            "branch_name_invalid", f"{name!r} is not a name that git takes for a branch.", "Give another one."
        )
    return f"refs/heads/{name}"


async def move_reference(
    checkout: Checkout, ref: str, *, old: str | None, new: str, who: Mapping[str, str], reason: str = REFLOG_TEXT
) -> None:
    """Let a reference name another commit, if it still names `old`, with an entry in its reflog.

    Args:
        ref: full name, or "HEAD" for one without a branch.
        old: None: it must not exist.
        who: for the reflog.

    Raises:
        Conflict: `reference_moved` or `branch_exists`; `reference_locked`, another git held it for REF_WAIT_S.
    """
    git, deadline = user_git(checkout), time.monotonic() + REF_WAIT_S
    args = ("update-ref", "--create-reflog", "--no-deref", "-m", reason, ref, new, old or "0" * len(new))
    while True:
        said = await _said(git, args, who)
        now = await read_reference(checkout, ref)
        if now == new:
            return
        if now != old:
            raise _moved(ref, old, now)
        if old is None and "cannot create" in said and "exists" in said and ".lock" not in said:
            raise _moved(ref, old, now)  # refs/heads/a exists where refs/heads/a/b is wanted
        if time.monotonic() > deadline:
            raise Conflict(
                "reference_locked",
                f"{ref} could not be moved: {said.strip()[-300:]}",
                "Wait for the other git command, or remove the lock file that a dead one left, then try again.",
            )
        await asyncio.sleep(jittered(REF_POLL_S, spread=0.5))


async def _said(git: Git, args: Sequence[str], who: Mapping[str, str]) -> str:
    """Run it; what counts is where the reference is afterwards, also if git was too slow."""
    try:
        return (await git.result(*args, variables=who)).stderr
    except GitError as error:
        return error.text


def _moved(ref: str, old: str | None, now: str | None) -> Conflict:
    if old is None:
        return branch_exists(ref.removeprefix("refs/heads/"))
    return Conflict(
        "reference_moved",
        f"{ref} was at {old[:12]} and is at {(now or 'nothing')[:12]} now; nothing was touched.",
        "Apply again.",
    )


def branch_exists(name: str) -> Conflict:
    """The refusal of a name that is taken."""
    return Conflict("branch_exists", f"There is a branch {name} already, or one in its way.", "Give another name.")


async def tree_of(checkout: Checkout, commit: str) -> str:
    """The tree of a commit in the user's repository.

    Raises:
        GitError: commit_missing.
    """
    done = await user_git(checkout).result("rev-parse", "-q", "--verify", "--end-of-options", f"{commit}^{{tree}}")
    if done.returncode != 0:
        raise GitError("commit_missing", f"The commit {commit} is not in {checkout.root} any more.")
    return done.stdout.decode().strip()


async def checked_out(checkout: Checkout) -> set[str]:
    """The full names of the branches that some worktree of the repository has checked out."""
    listed = await user_git(checkout)("worktree", "list", "--porcelain")
    lines = listed.decode("utf-8", "surrogateescape").splitlines()
    return {line.removeprefix("branch ") for line in lines if line.startswith("branch ")}
