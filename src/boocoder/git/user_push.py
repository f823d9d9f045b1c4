"""Pushes a branch with the user's own git, configuration, credentials and hooks; the one place that runs git so.

Nothing may ask: there is no terminal. Everything else about the repository is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from boocoder.errors import Conflict, ProcessError, Unavailable
from boocoder.git.project import Checkout
from boocoder.process.environment import person_environment
from boocoder.process.run import ProcessResult, run

PUSH_TIMEOUT_S = 300.0  # a large change over a slow line, and a hook that runs tests
ASK_TIMEOUT_S = 30.0
OUTPUT_SHOWN_CHARS = 4_000
_SCP = re.compile(r"(?:[^@/]+@)?([^/:]+):(?!//)(.+)")
_URL = re.compile(r"(?:https?|ssh|git)://(?:[^@/]*@)?([^/:]+)(?::\d+)?/(.+)")


@dataclass(frozen=True, slots=True)
class Remote:
    """Where a branch is pushed to.

    Args:
        name: of the remote.
        host, path: of its address, such as `github.com` and `owner/name`; empty where it is a directory.
    """

    name: str
    host: str
    path: str


async def as_person(checkout: Checkout, argv: Sequence[str], *, timeout_s: float, stdin: bytes = b"") -> ProcessResult:
    """Run a program of the user's in the checkout, as the user, without a terminal.

    Raises:
        Unavailable: `program_missing`, `program_timed_out` or `program_failed`.
    """
    env = person_environment({"GIT_TERMINAL_PROMPT": "0", "GH_PROMPT_DISABLED": "1", "NO_COLOR": "1", "LC_ALL": "C"})
    try:
        return await run(argv, cwd=checkout.root, env=env, stdin=stdin, timeout_s=timeout_s, max_bytes=4 * 1024 * 1024)
    except ProcessError as error:
        known = {"program_missing": "program_missing", "process_timed_out": "program_timed_out"}
        raise Unavailable(known.get(error.code, "program_failed"), error.text, error.cure) from error


async def choose_remote(checkout: Checkout, wanted: str | None) -> Remote:
    """The remote that is meant: the named one, that of the branch that is checked out, `origin`, or the only one.

    Raises:
        Conflict: remote_missing.
    """
    listed = await as_person(checkout, ("git", "remote"), timeout_s=ASK_TIMEOUT_S)
    names = listed.stdout.decode("utf-8", "replace").split()
    name = wanted or await _of_branch(checkout) or ("origin" if "origin" in names else "")
    name = name or (names[0] if len(names) == 1 else "")
    if name not in names:
        text = f"{checkout.root} has no remote {name}." if name else f"{checkout.root} has {len(names)} remotes."
        raise Conflict("remote_missing", text, "Add one (git remote add origin URL), or name the one that you mean.")
    address = await as_person(checkout, ("git", "config", "--get", f"remote.{name}.url"), timeout_s=ASK_TIMEOUT_S)
    host, path = parse_address(address.stdout.decode("utf-8", "replace").strip())
    return Remote(name, host, path)


async def _of_branch(checkout: Checkout) -> str:
    branch = await as_person(checkout, ("git", "symbolic-ref", "-q", "--short", "HEAD"), timeout_s=ASK_TIMEOUT_S)
    name = branch.stdout.decode("utf-8", "replace").strip()
    if not name:
        return ""
    asked = ("git", "config", "--get", f"branch.{name}.remote")
    told = (await as_person(checkout, asked, timeout_s=ASK_TIMEOUT_S)).stdout.decode("utf-8", "replace").strip()
    return "" if told == "." else told


def parse_address(address: str) -> tuple[str, str]:
    """Host and path of a remote's address; empty for a directory."""
    for pattern in (_URL, _SCP):
        if (found := pattern.fullmatch(address)) is not None:
            return found[1].lower(), found[2].strip("/").removesuffix(".git")
    return "", ""


async def push(checkout: Checkout, remote: Remote, ref: str) -> str:
    """Push a branch under its own name, never by force; returns what git said.

    Raises:
        Conflict: push_failed.
        Unavailable: as `as_person`.
    """
    done = await as_person(checkout, ("git", "push", remote.name, f"{ref}:{ref}"), timeout_s=PUSH_TIMEOUT_S)
    said = shown(done)
    if done.returncode != 0:
        name = ref.removeprefix("refs/heads/")
        raise Conflict(
            "push_failed",
            f"git push {remote.name} {name} ended with {done.returncode}: {said}",
            f"The branch is there. Push it yourself when this is put right: git push {remote.name} {name}",
        )
    return said


def shown(done: ProcessResult) -> str:
    """What a program said, cut to what a person reads."""
    text = f"{done.stderr}\n{done.stdout.decode('utf-8', 'replace')}".strip()
    return text[-OUTPUT_SHOWN_CHARS:]
