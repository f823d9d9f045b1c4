"""Pushes a branch with the user's own git, configuration, credentials and hooks.

No command can ask a question: there is no terminal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from boocoder.errors import Conflict
from boocoder.git.project import Checkout
from boocoder.git.user.person import as_person
from boocoder.process.run import ProcessResult

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


async def choose_remote(checkout: Checkout, wanted: str | None) -> Remote:
    """The remote to push to: the named one, else as `git push` chooses it, else `origin` or the only one.

    As git: `branch.<checked-out branch>.pushRemote`, then `remote.pushDefault`, then `branch.<...>.remote`.

    Raises:
        Conflict: remote_missing.
    """
    listed = await as_person(checkout, ("git", "remote"), timeout_s=ASK_TIMEOUT_S)
    names = listed.stdout.decode("utf-8", "replace").split()
    name = wanted or await _configured(checkout) or ("origin" if "origin" in names else "")
    name = name or (names[0] if len(names) == 1 else "")
    if name not in names:
        text = f"{checkout.root} has no remote {name}." if name else f"{checkout.root} has {len(names)} remotes."
        raise Conflict("remote_missing", text, "Add one (git remote add origin URL), or name the one that you mean.")
    host, path = parse_address(await _said(checkout, "remote", "get-url", "--push", name))  # follows insteadOf
    if not host:  # it leads to a directory, such as a mirror: the configured address may still name the forge
        host, path = parse_address(await _said(checkout, "config", "--get", f"remote.{name}.url"))
    return Remote(name, host, path)


async def _configured(checkout: Checkout) -> str:
    branch = await _said(checkout, "symbolic-ref", "-q", "--short", "HEAD")
    keys = [f"branch.{branch}.pushRemote"] if branch else []
    keys += ["remote.pushDefault"] + ([f"branch.{branch}.remote"] if branch else [])
    for key in keys:
        name = await _said(checkout, "config", "--get", key)
        if name and name != ".":
            return name
    return ""


async def _said(checkout: Checkout, *args: str) -> str:
    done = await as_person(checkout, ("git", *args), timeout_s=ASK_TIMEOUT_S)
    return done.stdout.decode("utf-8", "replace").strip()


def parse_address(address: str) -> tuple[str, str]:
    """Host and path of a remote's address; empty for a directory."""
    for pattern in (_URL, _SCP):
        if (found := pattern.fullmatch(address)) is not None:
            return found[1].lower(), found[2].strip("/").removesuffix(".git")
    return "", ""


async def push(checkout: Checkout, remote: Remote, ref: str) -> str:
    """Push a branch under its own name, never by force; returns git's output.

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


async def fetch_branch(checkout: Checkout, remote: Remote, ref: str) -> str | None:
    """Fetch a branch from the remote; its commit, None if it is not there or cannot be fetched.

    Raises:
        Unavailable: as `as_person`.
    """
    listed = await as_person(checkout, ("git", "ls-remote", remote.name, ref), timeout_s=PUSH_TIMEOUT_S)
    commit = listed.stdout.decode("utf-8", "replace").partition("\t")[0]
    if listed.returncode != 0 or not commit:
        return None
    fetch = ("git", "fetch", "-q", "--no-tags", "--no-write-fetch-head", remote.name, ref)
    fetched = await as_person(checkout, fetch, timeout_s=PUSH_TIMEOUT_S)
    return commit if fetched.returncode == 0 else None


def shown(done: ProcessResult) -> str:
    """What a program said, cut to what a person reads."""
    text = f"{done.stderr}\n{done.stdout.decode('utf-8', 'replace')}".strip()
    return text[-OUTPUT_SHOWN_CHARS:]
