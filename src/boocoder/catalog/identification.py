"""Identifies a program by asking it, because several programs may have an agent's name."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from boocoder.catalog.known_agents import Identify
from boocoder.errors import ProcessError, Unavailable
from boocoder.events.clean_text import clean
from boocoder.process.environment import agent_environment
from boocoder.process.host import Command, ProcessHost
from boocoder.process.run import run
from boocoder.process.sandbox.profile import SandboxUse

ANSWER_TIMEOUT_S = 30.0  # `--version` of a node program took 2 s on two idle cores
ANSWER_MAX_BYTES = 64 * 1024  # a help text has a few KiB
_SHOWN_CHARS = 80

Ask = Callable[[Command], Awaitable[str]]
"""Runs a command to its end and gives what it printed, outputs before errors.

Raises:
    ProcessError: it could not be started, or was killed at its deadline.
"""


class WrongProgram(Unavailable):
    """The program has an agent's name but is another one."""

    def __init__(self, program: Path, asked: str, said: str) -> None:
        text = f"{program} is another program of that name: `{asked}` said {said!r}."
        super().__init__("agent_other_program", text)


async def identify(program: Path, how: Identify, ask: Ask, *, env: Mapping[str, str]) -> str:
    """The version of a program that is who it should be.

    Args:
        program: its path.
        how: the question.
        ask: runs it.
        env: added to the usual environment.

    Raises:
        WrongProgram: it is not.
        ProcessError: it gave no answer.
    """
    environment, use = agent_environment(env), SandboxUse(program.name)
    said = (await ask(Command((str(program), *how.args), Path("/"), environment, use))).strip()
    if not re.search(how.expect, said, re.MULTILINE):
        asked = " ".join((program.name, *how.args))
        raise WrongProgram(program, asked, _first_line(said))
    if how.version_args:
        said = (await ask(Command((str(program), *how.version_args), Path("/"), environment, use))).strip()
    found = re.search(how.version, said, re.MULTILINE)
    return found.group(1) if found else "unknown"


def ask_by_host(host: ProcessHost, *, timeout_s: float = ANSWER_TIMEOUT_S) -> Ask:
    """Ask as a child of the service's process host, which sees that it does not outlive us."""

    async def ask(command: Command) -> str:
        child = await host.spawn(command, line_limit_bytes=ANSWER_MAX_BYTES)
        lines: list[bytes] = []
        size_bytes = 0
        try:
            async with asyncio.timeout(timeout_s):
                async for line in child.lines():
                    lines.append(line)
                    size_bytes += len(line) + 1
                    if size_bytes > ANSWER_MAX_BYTES:
                        break
                else:
                    await child.wait()
        except TimeoutError as error:
            raise _no_answer(command, timeout_s) from error
        finally:
            await asyncio.shield(child.close(0.0))
        return b"\n".join(lines).decode("utf-8", "replace") + "\n" + child.stderr_tail()

    return ask


async def ask_alone(command: Command) -> str:
    """Ask without a process host, for a command of a person that waits for it."""
    try:
        done = await run(
            command.argv, cwd=command.cwd, env=command.env, timeout_s=ANSWER_TIMEOUT_S, max_bytes=ANSWER_MAX_BYTES
        )
    except ProcessError as error:
        if error.code == "process_timed_out":
            raise _no_answer(command, ANSWER_TIMEOUT_S) from error
        raise
    return done.stdout.decode("utf-8", "replace") + "\n" + done.stderr


def _no_answer(command: Command, timeout_s: float) -> ProcessError:
    text = f"`{' '.join(command.argv)}` did not end within {timeout_s:g} s."
    return ProcessError("agent_no_answer", text, "Run it by hand to see why.")


def _first_line(said: str) -> str:
    line = next((line.strip() for line in said.splitlines() if line.strip()), "nothing")
    return "".join(letter if letter.isprintable() else " " for letter in clean(line[:_SHOWN_CHARS]))
