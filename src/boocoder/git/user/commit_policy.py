"""Reports which of the user's rules for commits boocoder's own commits pass over: signing and hooks."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from boocoder.git.project import Checkout, user_git
from boocoder.git.user.settings import personal

COMMIT_HOOKS = ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit")


@dataclass(frozen=True, slots=True)
class CommitPolicy:
    """Which of the user's rules for commits our own commits follow.

    Args:
        sign: they are signed where the user's git signs its own.
        run_hooks: the user's hooks run for them.
    """

    sign: bool = False
    run_hooks: bool = False


async def commit_warnings(checkout: Checkout, policy: CommitPolicy) -> tuple[str, ...]:
    """One sentence for each rule that our commits do not follow; nothing of the repository runs."""
    warnings = []
    if not policy.sign and await signs_commits(checkout):
        warnings.append("The commit is not signed, although commit.gpgsign is set; the setting sign_commits signs it.")
    hooks = await hooks_directory(checkout)
    found = [name for name in COMMIT_HOOKS if _runs(hooks / name)]
    if found and not policy.run_hooks:
        warnings.append(f"Hooks did not run: {', '.join(found)}; the project's setting commit_hooks runs them.")
    return tuple(warnings)


async def hooks_directory(checkout: Checkout) -> Path:
    """Where the user's git finds the hooks of a checkout."""
    configured = await _setting(checkout, "core.hooksPath", "path")
    return checkout.root / configured if configured else checkout.common_dir / "hooks"


async def signs_commits(checkout: Checkout) -> bool:
    """Whether the user's git signs every commit."""
    return await _setting(checkout, "commit.gpgsign", "bool") == "true"


async def _setting(checkout: Checkout, key: str, kind: str) -> str:
    """The user's own value; ours, from the command line, does not count."""
    git = personal(user_git(checkout))
    listed = await git.result("config", f"--type={kind}", "--show-scope", "--get-all", key)
    lines = listed.stdout.decode("utf-8", "surrogateescape").splitlines()
    pairs = [line.partition("\t") for line in lines]
    return next((value for scope, _, value in reversed(pairs) if scope != "command"), "")


def _runs(hook: Path) -> bool:
    return hook.is_file() and os.access(hook, os.X_OK)
