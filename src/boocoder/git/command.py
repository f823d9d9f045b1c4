"""Runs git with an argument list, bytes in and out, a clean environment and a deadline."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from boocoder.errors import GitError, GitObjectsMissing, ProcessError, Unavailable
from boocoder.process.environment import agent_environment
from boocoder.process.run import ProcessResult, run

TIMEOUT_S = 120.0  # any one call on a large repository; a call that moves a whole tree names its own
OUTPUT_MAX_BYTES = 256 * 1024 * 1024  # a listing of two million paths; more is not something we can show
STDERR_SHOWN_CHARS = 2_000  # what a person reads of an error
OLDEST_GIT = (2, 38)  # the first with `merge-tree --write-tree`
PARALLEL_CALLS = 8  # per repository: more only wait for the same disk

# Nothing outside the command line may choose a program for git to run, ask a question or reach the network.
SAFE_VARIABLES: Mapping[str, str] = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "false",
    "SSH_ASKPASS": "false",
    "GIT_SSH_COMMAND": "false",
    "GIT_EDITOR": "false",
    "GIT_PAGER": "cat",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_AUTHOR_NAME": "boocoder",
    "GIT_AUTHOR_EMAIL": "boocoder@localhost",
    "GIT_AUTHOR_DATE": "946684800 +0000",
    "GIT_COMMITTER_NAME": "boocoder",
    "GIT_COMMITTER_EMAIL": "boocoder@localhost",
    "GIT_COMMITTER_DATE": "946684800 +0000",
    "LC_ALL": "C",
}
PERSONAL = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM")


# What git says of objects that a promisor remote has and this repository does not (promisor-remote.c, fetch-object)
_MISSING = re.compile(r"from promisor remote|lazy fetching disabled|transport '\w+' not allowed|cannot read object")


def _new_gate() -> asyncio.Semaphore:
    return asyncio.Semaphore(PARALLEL_CALLS)


WriteLimit = Callable[[tuple[str, ...], Path, Path], tuple[str, ...]]
"""Puts a program around a command line, for a directory to run in, that lets it write below one directory alone."""


@dataclass(frozen=True, slots=True)
class Git:
    """Git as run in one directory.

    Args:
        cwd: the directory it runs in.
        options: put between `git` and the subcommand.
        variables: put over the safe environment.
        safe: the safe environment; without the names in PERSONAL, the user's own configuration is read too.
        gate: how many calls run at once.
        around: puts a program around the command line, given the directory to run in.
    """

    cwd: Path
    options: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    safe: Mapping[str, str] = field(default_factory=lambda: SAFE_VARIABLES)
    gate: asyncio.Semaphore = field(default_factory=_new_gate)
    around: Callable[[tuple[str, ...], Path], tuple[str, ...]] | None = None

    async def result(
        self,
        *args: str,
        variables: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stdin: bytes = b"",
        timeout_s: float = TIMEOUT_S,
        max_bytes: int = OUTPUT_MAX_BYTES,
        sink: Callable[[bytes], None] | None = None,
    ) -> ProcessResult:
        """Run a subcommand and accept any exit code.

        Args:
            args: the subcommand and its arguments; file names as `os.fsdecode` gives them.
            variables: more environment for this call.
            cwd: another directory for this call.
            stdin: what it reads.
            timeout_s: seconds until its process group is killed.
            max_bytes: of output, past which it is killed.
            sink: takes the output as it comes, as for `run`.

        Raises:
            GitError: `git_timed_out` or `git_output_too_large`.
            Unavailable: git cannot be started.
        """
        argv = ("git", "--no-pager", *self.options, *args)
        if self.around is not None:
            argv = self.around(argv, cwd or self.cwd)
        env = agent_environment({**self.safe, **self.variables, **(variables or {})})
        try:
            async with self.gate:
                return await run(
                    argv,
                    cwd=cwd or self.cwd,
                    env=env,
                    stdin=stdin,
                    timeout_s=timeout_s,
                    max_bytes=max_bytes,
                    sink=sink,
                )
        except ProcessError as error:
            raise _translated(error, args) from error

    async def __call__(
        self,
        *args: str,
        variables: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stdin: bytes = b"",
        ok: Collection[int] = (0,),
        timeout_s: float = TIMEOUT_S,
        max_bytes: int = OUTPUT_MAX_BYTES,
        sink: Callable[[bytes], None] | None = None,
    ) -> bytes:
        """Run one subcommand and return what it printed. Arguments as for `result`.

        Raises:
            GitError: `git_failed` when the exit code is not in `ok`, or what `result` raises.
        """
        done = await self.result(
            *args, variables=variables, cwd=cwd, stdin=stdin, timeout_s=timeout_s, max_bytes=max_bytes, sink=sink
        )
        if done.returncode not in ok:
            raise failed(args, done)
        return done.stdout


def failed(args: Sequence[str], done: ProcessResult) -> GitError:
    """The error of a git that exited with a code that it should not have."""
    said = done.stderr.strip()[-STDERR_SHOWN_CHARS:]
    if _MISSING.search(said):
        return GitObjectsMissing(
            "git_objects_missing",
            f"git {_shown(args)} needs objects that the repository does not have: {said}",
            "In a partial clone, fetch them first, for instance with `git diff --stat HEAD BRANCH` in your checkout.",
        )
    return GitError("git_failed", f"git {_shown(args)} ended with {done.returncode}: {said or 'it said nothing'}")


def _translated(error: ProcessError, args: Sequence[str]) -> GitError | Unavailable:
    match error.code:
        case "process_timed_out":
            return GitError("git_timed_out", f"git {_shown(args)} was stopped: {error.text}", error.cure)
        case "process_output_too_large":
            return GitError("git_output_too_large", f"git {_shown(args)} was stopped: {error.text}")
        case "program_missing":
            return Unavailable(
                "git_missing", "git was not found on PATH.", f"Install git {_dotted(OLDEST_GIT)} or newer."
            )
        case _:
            return Unavailable("git_not_startable", f"git {_shown(args)}: {error.text}", error.cure)


def _shown(args: Sequence[str]) -> str:
    text = " ".join(args)
    return os.fsencode(text[:300]).decode("utf-8", "replace")


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(str(number) for number in version)


async def git_version(git: Git) -> tuple[int, ...]:
    """The version of the git on PATH, such as (2, 39, 5).

    Raises:
        Unavailable: there is no git, or its version is unreadable.
    """
    said = (await git("--version")).decode("utf-8", "replace")
    match = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", said)
    if match is None:
        raise Unavailable("git_version_unknown", f"git --version said {said.strip()!r}.", "Reinstall git.")
    return tuple(int(number) for number in match.groups() if number is not None)


async def require_git(git: Git) -> tuple[int, ...]:
    """The version of git, if it is one that we can work with.

    Raises:
        Unavailable: `git_missing` or `git_too_old`.
    """
    version = await git_version(git)
    if version[:2] < OLDEST_GIT:
        raise Unavailable(
            "git_too_old",
            f"git {_dotted(version)} is too old: changes are merged with `git merge-tree --write-tree`.",
            f"Install git {_dotted(OLDEST_GIT)} or newer.",
        )
    return version
