"""Description of an agent that is a command, and the limits of driving it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from boocoder.backends.oneshot.formats.registry import FORMATS, KEPT_OPEN_FORMATS
from boocoder.backends.shared.usage_meaning import UsageMeaning
from boocoder.errors import InvalidInput
from boocoder.process.sandbox.profile import SandboxUse


class PromptInput(StrEnum):
    """How an agent gets its prompt."""

    ARGUMENT = "argument"  # in `prompt_args`, for {prompt}
    STDIN = "stdin"  # written to its input, which then ends


class TerminalKind(StrEnum):
    """What an agent's input and output are."""

    PIPE = "pipe"
    PTY = "pty"


@dataclass(frozen=True, slots=True)
class OneShotAgent:
    """One agent that is a command a turn, or (`kept_open`) one that reads prompts as lines of JSON.

    A command is `argv`, then the arguments of what the turn names (model, mode, thinking), of its session, and of the
    prompt. {prompt}, {model}, {mode}, {thinking}, {session} and {worktree} are replaced in all of them.

    Args:
        name: the product's name, as tasks use it.
        argv: the command; the program is a path or a name on PATH.
        format: how its output reads, a name of `formats.registry.FORMATS`.
        prompt: how it gets the prompt.
        prompt_args: arguments for the prompt, last on the command line; with STDIN, those that make it read its input.
        model_args, mode_args, thinking_args: arguments for what a task names; left out when it names nothing.
        new_session_args: arguments that give a new session boocoder's id; empty where the agent makes its own ids.
        mcp_args: arguments that point it at the person's MCP servers in {mcp_file}; empty where it takes none.
        resume_args: arguments that go on with the session {session}; empty where the agent cannot.
        env: added to the usual environment; may hold the same placeholders except {prompt}.
        keep_env: variables that pass from boocoder's environment, such as its API key.
        home: paths below the home directory that it writes: its login and state; a directory ends in a slash.
        home_readable: paths below the home directory that it reads: rules and settings of the person.
        own_sandbox: it confines its own commands, which needs user namespaces.
        terminal: whether it gets a pseudo-terminal.
        kept_open: one process a session takes prompt after prompt on its input.
        images: whether prompts carry attached images; for one that is kept open.
        usage: scope of its token counts.
        models, modes, thinking: ids that a task may name; empty where nothing is known.
        safe_mode: used when the task names no mode; "" leaves it to the agent.
        free_mode: the mode in which it never asks; tasks may call it "yolo".
        error_text: regular expression of errors that it gives as an answer: the end of its last text; a group, if
            there is one, holds the error's own words.
        refusal_text: regular expression of what it says when it does not have the session to resume.
        login_text: regular expression of its text when it needs a login.
        fresh_after_kill: whether a session whose last turn left a command unfinished is not resumed in another process.
        version_args: arguments that make it print its version.
        install, login: commands for a person.

    Raises:
        InvalidInput: the values do not fit together.
    """

    name: str
    argv: tuple[str, ...]
    format: str = "plain"
    prompt: PromptInput = PromptInput.ARGUMENT
    prompt_args: tuple[str, ...] = ("{prompt}",)
    model_args: tuple[str, ...] = ()
    mode_args: tuple[str, ...] = ()
    thinking_args: tuple[str, ...] = ()
    mcp_args: tuple[str, ...] = ()
    new_session_args: tuple[str, ...] = ()
    resume_args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    keep_env: tuple[str, ...] = ()
    home: tuple[str, ...] = ()
    home_readable: tuple[str, ...] = ()
    own_sandbox: bool = False
    terminal: TerminalKind = TerminalKind.PIPE
    kept_open: bool = False
    images: bool = False
    usage: UsageMeaning = UsageMeaning.TURN
    models: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    thinking: tuple[str, ...] = ()
    safe_mode: str = ""
    free_mode: str = ""
    error_text: str = ""
    refusal_text: str = ""
    login_text: str = ""
    fresh_after_kill: bool = False
    version_args: tuple[str, ...] = ("--version",)
    install: str = ""
    login: str = ""

    def __post_init__(self) -> None:
        if not self.argv:
            raise _wrong(self.name, "has no command", "Add argv = [...].")
        by_argument = self.prompt is PromptInput.ARGUMENT and not self.kept_open
        if by_argument and not any("{prompt}" in text for text in (*self.argv, *self.prompt_args)):
            raise _wrong(
                self.name, "never gets its prompt", 'Put "{prompt}" into prompt_args, or set prompt = "stdin".'
            )
        if self.terminal is TerminalKind.PTY and (self.kept_open or self.prompt is PromptInput.STDIN):
            raise _wrong(self.name, "has a terminal for its input", 'Give the prompt by argument, or set "pipe".')
        if self.format not in FORMATS:
            raise _wrong(
                self.name, f"prints {self.format!r}, which boocoder cannot read", f"Use one of: {', '.join(FORMATS)}."
            )
        if self.kept_open and self.format not in KEPT_OPEN_FORMATS:
            raise _wrong(self.name, f"is kept open but prints {self.format!r}", 'Use the format "claude".')
        for text in (self.error_text, self.refusal_text, self.login_text):
            try:
                re.compile(text)
            except re.error as error:
                raise _wrong(self.name, f"has a broken regular expression {text!r}: {error}", "Correct it.") from error

    def sandbox_use(self, worktree: Path | None = None) -> SandboxUse:
        """What the sandbox of a process has to allow.

        Args:
            worktree: the only one that the process works in; None if it works in none yet.
        """
        return SandboxUse(
            self.name, worktree, home=self.home, home_readable=self.home_readable, own_sandbox=self.own_sandbox
        )


@dataclass(frozen=True, slots=True)
class OneShotSettings:
    """Limits of the one-shot backend; durations are in seconds.

    Args:
        start_timeout_s: for a kept-open agent to be ready for its first prompt; 3.4 s were seen on two slow cores.
        write_timeout_s: an agent that takes no input for so long is stuck.
        linger_s: how long a command may run on after its result or the end of its output.
        settle_s: after a result of a kept-open agent, how long late lines are waited for.
        cancel_grace_s: how long the agent may take to end after a cancel, before it is killed.
        close_grace_s: how long a kept-open agent may take to end when its input ends.
        idle_s: a kept-open agent without a turn for so long is ended.
        budget_bytes: all kept-open agents together; the ones idle longest are ended above it.
        sweep_s: between two looks at age and memory.
        line_limit_bytes: longer lines are dropped, counted and reported.
        raw_limit_bytes: of the unchanged output of a plain-text agent that is kept for a turn.
        probe_timeout_s: bound of `probe`.
    """

    start_timeout_s: float = 60.0
    write_timeout_s: float = 15.0
    linger_s: float = 5.0
    settle_s: float = 0.05
    cancel_grace_s: float = 5.0
    close_grace_s: float = 5.0
    idle_s: float = 900.0
    budget_bytes: int = 2 * 1024**3
    sweep_s: float = 30.0
    line_limit_bytes: int = 64 * 1024**2
    raw_limit_bytes: int = 4 * 1024**2
    probe_timeout_s: float = 30.0


def _wrong(name: str, what: str, cure: str) -> InvalidInput:
    return InvalidInput("agent_settings_wrong", f"The agent {name} {what}.", cure)
