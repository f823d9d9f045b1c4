"""Runs the user's hooks for a commit that is not made yet, in a temporary linked worktree that holds its files.

Hooks run as the user and outside any sandbox, so only where a person's setting asks for them. The folder with the hooks
is the checkout's, not one that the commit brings.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from boocoder.errors import Conflict, Unavailable
from boocoder.events.clean_text import clean
from boocoder.git.project import Checkout, user_git
from boocoder.git.user.commit_policy import hooks_directory
from boocoder.git.user.person import as_person
from boocoder.process.exit_watch import gone

HOOK_TIMEOUT_S = 600.0  # a pre-commit hook may run a project's tests
SHOWN_CHARS = 3_000
SHOWN_PATHS = 10
MESSAGE_MAX_BYTES = 1024 * 1024
_PREFIX = "boocoder-commit-"
_OWNER = re.compile(rf"{_PREFIX}([1-9]\d{{0,9}})-")  # the id of its process


@dataclass(frozen=True, slots=True)
class CommitDraft:
    """A commit, or several on top of each other, before they are made.

    Args:
        ref: the branch that will have them, if it is there; None for a new one.
        parent: the commit that they follow.
        tree: of the last one; it is in the user's object store.
        messages: of each, oldest first.
    """

    ref: str | None
    parent: str
    tree: str
    messages: tuple[str, ...]


async def run_commit_hooks(checkout: Checkout, draft: CommitDraft) -> tuple[str, ...]:
    """Run pre-commit on the last tree, and prepare-commit-msg and commit-msg on each message.

    Returns:
        The messages as the hooks left them.

    Raises:
        Conflict: `commit_hook_failed`, a hook refused the commit, took too long or left no message;
            `commit_hook_changed_files`. Nothing of the user's was touched.
        GitError: git failed.
    """
    hooks = await hooks_directory(checkout)
    async with _commit_worktree(checkout, draft) as place:
        await _must_pass(place, hooks, "pre-commit")
        await _refuse_changes(place, draft.tree)
        return tuple([await _message(place, hooks, text) for text in draft.messages])


async def run_post_commit(checkout: Checkout) -> tuple[str, ...]:
    """Run post-commit in the checkout; returns a warning if it failed: the commit stays."""
    said = await _run_hook(checkout, await hooks_directory(checkout), "post-commit")
    return () if said is None else (f"The hook post-commit failed. {said}",)


@asynccontextmanager
async def _commit_worktree(checkout: Checkout, draft: CommitDraft) -> AsyncIterator[Checkout]:
    """A linked worktree with the draft's files staged; below the git directory, so that it finds what the checkout has.

    Programs of node look for their packages in all folders above.
    """
    root = checkout.git_dir / f"{_PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
    git = user_git(checkout)
    try:
        await git("worktree", "add", "-q", "--detach", "--no-checkout", str(root), draft.parent)
        place = replace(checkout, root=root, git_dir=checkout.common_dir / "worktrees" / root.name)
        inside = user_git(place)
        if draft.ref is not None and draft.ref != "HEAD":
            await inside("symbolic-ref", "HEAD", draft.ref)
        await inside("read-tree", draft.tree)
        await inside("checkout-index", "-a", "-q")
        yield place
    finally:
        await asyncio.shield(asyncio.to_thread(_remove, root, checkout.common_dir / "worktrees" / root.name))


def remove_left_worktrees(checkout: Checkout) -> None:
    """Remove the temporary worktrees of processes that were killed; to git their branch is in use. It blocks."""
    for root in checkout.git_dir.glob(f"{_PREFIX}*"):
        owner = _OWNER.match(root.name)
        if owner is None or gone(int(owner[1])):
            _remove(root, checkout.common_dir / "worktrees" / root.name)


def _remove(root: Path, admin: Path) -> None:
    for directory in (root, admin):
        shutil.rmtree(directory, ignore_errors=True)
    with suppress(OSError):  # others are there
        admin.parent.rmdir()


async def _run_hook(place: Checkout, hooks: Path, name: str, *arguments: str) -> str | None:
    """Run a hook if it is there; what it said if it failed, else None."""
    argv = ("git", "-c", f"core.hooksPath={hooks}", "hook", "run", "--ignore-missing", name, "--", *arguments)
    variables = {"GIT_INDEX_FILE": str(place.git_dir / "index"), "GIT_EDITOR": ":"}
    try:
        done = await as_person(place, argv, timeout_s=HOOK_TIMEOUT_S, variables=variables)
    except Unavailable as error:
        return error.text
    if done.returncode == 0:
        return None
    said = clean(f"{done.stderr}\n{done.stdout.decode('utf-8', 'replace')}").strip()
    return f"It said: {said[-SHOWN_CHARS:]}" if said else f"Its exit code is {done.returncode}."


async def _must_pass(place: Checkout, hooks: Path, name: str, *arguments: str) -> None:
    if (said := await _run_hook(place, hooks, name, *arguments)) is not None:
        raise _failed(name, said)


async def _refuse_changes(place: Checkout, tree: str) -> None:
    git = user_git(place)
    await git.result("update-index", "-q", "--refresh")  # times alone are no change
    listed = await git("diff-index", "-z", "--name-only", "--ignore-submodules", tree)
    paths = [path for path in listed.decode("utf-8", "replace").split("\0") if path]
    if paths:
        shown = ", ".join(paths[:SHOWN_PATHS]) + f" and {len(paths) - SHOWN_PATHS} more" * (len(paths) > SHOWN_PATHS)
        text = f"The hook pre-commit changed files of the commit: {shown}; nothing was touched."
        raise Conflict("commit_hook_changed_files", text, "Let the agent run what the hook runs, then apply again.")


async def _message(place: Checkout, hooks: Path, text: str) -> str:
    file = place.git_dir / "COMMIT_EDITMSG"
    await asyncio.to_thread(file.write_bytes, text.encode("utf-8", "replace").replace(b"\0", b""))
    await _must_pass(place, hooks, "prepare-commit-msg", str(file), "message")
    await _must_pass(place, hooks, "commit-msg", str(file))
    written = await asyncio.to_thread(_read, file)
    if not written.strip():
        raise _failed("commit-msg", "It left no message.")
    return written


def _read(file: Path) -> str:
    with file.open("rb") as opened:
        return opened.read(MESSAGE_MAX_BYTES).decode("utf-8", "replace")


def _failed(name: str, reason: str) -> Conflict:
    return Conflict(
        "commit_hook_failed",
        f"The hook {name} refused the commit; nothing was touched. {reason}",
        "Let the agent mend what it names and apply again, or turn the project's setting commit_hooks off.",
    )
