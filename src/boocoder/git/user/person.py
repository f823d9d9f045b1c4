"""Runs programs as the user: with the user's own environment, configuration and credentials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from boocoder.errors import ProcessError, Unavailable
from boocoder.git.project import Checkout
from boocoder.process.environment import person_environment
from boocoder.process.run import ProcessResult, run


async def as_person(
    checkout: Checkout,
    argv: Sequence[str],
    *,
    timeout_s: float,
    stdin: bytes = b"",
    variables: Mapping[str, str] | None = None,
) -> ProcessResult:
    """Run a program of the user's in the checkout, as the user, without a terminal.

    Args:
        variables: more environment.

    Raises:
        Unavailable: `program_missing`, `program_timed_out` or `program_failed`.
    """
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GH_PROMPT_DISABLED": "1", "NO_COLOR": "1", "LC_ALL": "C"}
    env = person_environment({**quiet, **(variables or {})})
    try:
        return await run(argv, cwd=checkout.root, env=env, stdin=stdin, timeout_s=timeout_s, max_bytes=4 * 1024 * 1024)
    except ProcessError as error:
        known = {"program_missing": "program_missing", "process_timed_out": "program_timed_out"}
        raise Unavailable(known.get(error.code, "program_failed"), error.text, error.cure) from error
