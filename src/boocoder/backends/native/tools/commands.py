"""The tools `shell` and `search`: programs under the process host, with a time limit and bounded output."""

from __future__ import annotations

import json
import re
import sys
import warnings
from pathlib import Path

from boocoder.backends.native.tools import search_program
from boocoder.backends.native.tools.arguments import SearchArguments
from boocoder.backends.native.tools.path_policy import SECRET_NAMES, ResolvedPath
from boocoder.backends.native.tools.result import SKIPPED_FOLDERS, ToolResult, shorten, tool_refused
from boocoder.errors import ProcessError
from boocoder.events.agent_event import Location
from boocoder.process.environment import agent_environment
from boocoder.process.host import Command, ProcessHost
from boocoder.process.sandbox.profile import SandboxUse
from boocoder.process.supervised_run import run_supervised

SEARCH_TIMEOUT_S = 30.0
SEARCH_MAX_MATCHES = 200
SEARCH_MAX_BYTES = 1024 * 1024
_QUIET = {
    "TERM": "dumb",
    "PAGER": "cat",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "NO_COLOR": "1",
    "DEBIAN_FRONTEND": "noninteractive",
    "PYTHONUNBUFFERED": "1",
}


async def run_shell(
    command: str, *, processes: ProcessHost, worktree: Path, timeout_s: float, max_chars: int
) -> ToolResult:
    """Run a command with bash. All its descendants, detached or not, have ended when this returns or is cancelled.

    Args:
        command: the command; its standard input is empty.
        processes: starts it.
        worktree: where it runs.
        timeout_s: seconds until it is killed.
        max_chars: limit of its output; beginning and end are kept.
    """
    if not command.strip() or "\x00" in command:
        return tool_refused("command is empty or holds a NUL.")
    # Output and errors in one pipe, in their order: the one whose last 64 KiB are kept however much there is.
    script = f"exec 1>&2\n{command}\n"
    try:
        use = SandboxUse("native", worktree)
        shell = Command(("bash", "-c", script), worktree, agent_environment(_QUIET), use)
        result = await run_supervised(processes, shell, timeout_s=timeout_s, max_bytes=65_536)
    except ProcessError as error:
        if error.code == "process_timed_out":
            said = error.cure.removeprefix("It printed:").strip()
            text = f"The command was killed after {timeout_s:g} s. Run something shorter, or in smaller pieces."
            return tool_refused(f"{text}\nThe end of its output:\n{said}" if said else text)
        return tool_refused(f"The command could not be run: {error.text}")
    output = shorten(result.stderr, max_chars)
    note = "" if result.returncode == 0 else f"\n[exit code {result.returncode}]"
    return ToolResult(True, (output.rstrip("\n") + note).strip("\n") or "[no output]", exit_code=result.returncode)


async def run_search(
    place: ResolvedPath,
    args: SearchArguments,
    *,
    processes: ProcessHost,
    worktree: Path,
    max_chars: int,
    timeout_s: float = SEARCH_TIMEOUT_S,
) -> ToolResult:
    """Search with a regular expression; an invalid one is searched for literally."""
    if not place.path.exists():
        return tool_refused(f"There is no {place.shown}. Use list to see what there is.")
    if not args.pattern:
        return tool_refused("pattern is empty.")
    pattern, note = args.pattern, ""
    try:
        with warnings.catch_warnings():  # a pattern that is only odd is not our matter
            warnings.simplefilter("ignore")
            re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        pattern, note = re.escape(args.pattern), f"[not a regular expression ({error}); searched for as plain text]\n"
    request = {
        "root": str(place.path),
        "base": str(worktree.resolve()),
        "pattern": pattern,
        "glob": args.glob,
        "max_matches": SEARCH_MAX_MATCHES,
        "skipped": sorted(SKIPPED_FOLDERS),
        "hidden": SECRET_NAMES,
    }
    try:
        result = await run_supervised(
            processes,
            Command((sys.executable, "-I", "-S", search_program.__file__), worktree, agent_environment(), None),
            stdin=json.dumps(request).encode(),
            timeout_s=timeout_s,
            max_bytes=SEARCH_MAX_BYTES,
        )
    except ProcessError as error:
        return tool_refused(
            f"The search was given up ({error.text}) Use a simpler pattern, or a narrower path or glob."
        )
    if result.returncode != 0:
        return tool_refused(f"The search failed: {result.stderr.strip()[-300:]}")
    found = result.stdout.decode("utf-8", errors="replace")
    text = shorten(found, max_chars).rstrip("\n") or f"Nothing matches {args.pattern!r}."
    return ToolResult(True, note + text, locations=(Location(place.shown),))
