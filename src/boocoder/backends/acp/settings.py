"""Description of an ACP agent, and the limits of driving it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from boocoder.backends.shared.usage_meaning import UsageMeaning
from boocoder.process.sandbox.profile import SandboxUse


@dataclass(frozen=True, slots=True)
class AcpAgent:
    """One agent that speaks the Agent Client Protocol.

    Args:
        name: the product's name, as tasks use it.
        argv: the command; the program is a path or a name on PATH.
        env: added to the usual environment.
        keep_env: variables that pass from boocoder's environment, such as its API key.
        home: paths below the home directory that it writes: its login and state; a directory ends in a slash.
        home_readable: paths below the home directory that it reads: rules and settings of the person.
        own_sandbox: it confines its own commands, which needs user namespaces.
        usage: scope of its token counts.
        safe_mode: set in a new session when the task names no mode; "" keeps the agent's own.
        free_mode: the mode in which it never asks; tasks may call it "yolo".
        error_text: regular expression of errors that it gives as an answer: the end of its last text; a group, if there
            is one, holds the error's own words.
        login_first: whether it opens no session before its person has signed in.
        obeys_cwd: whether it works in the directory that session/new names, wherever its process was started. Others
            are started in the worktree, and none is kept in reserve.
        images: whether it gets attached images where it announces that it takes them; turned off for a model that sees
            none, which may refuse the prompt.
        fresh_after_kill: whether a session whose last turn left a command unfinished is not resumed in another process:
            the agent would run it again. The new one gets the conversation so far.
        models_late: whether its first session offers a built-in list of models while it queries its model server.
        install, login: commands for a person.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    keep_env: tuple[str, ...] = ()
    home: tuple[str, ...] = ()
    home_readable: tuple[str, ...] = ()
    own_sandbox: bool = False
    usage: UsageMeaning = UsageMeaning.TURN
    safe_mode: str = ""
    free_mode: str = ""
    error_text: str = ""
    login_first: bool = False
    obeys_cwd: bool = False
    images: bool = True
    fresh_after_kill: bool = False
    models_late: bool = False
    install: str = ""
    login: str = ""

    def sandbox_use(self, worktree: Path | None = None) -> SandboxUse:
        """What the sandbox of a process has to allow.

        Args:
            worktree: the only one that the process works in; None if it works in none yet.
        """
        return SandboxUse(
            self.name, worktree, home=self.home, home_readable=self.home_readable, own_sandbox=self.own_sandbox
        )


@dataclass(frozen=True, slots=True)
class AcpSettings:
    """Limits of the ACP backend; durations are in seconds.

    Args:
        start_timeout_s: from spawn to the answer to `initialize`; a cold opencode took 5.5 s on two slow cores.
        open_timeout_s: of opening a session; 7 s were seen.
        request_timeout_s: of any other call but a prompt, which has none.
        write_timeout_s: an agent that takes no input for so long is stuck.
        replay_quiet_s: after a load, so long without an update means that the replay is over.
        replay_limit_s: and it is taken for over after so long.
        settle_s: after a prompt's answer, how long late updates are waited for.
        cancel_grace_s: how long the agent may take to answer a cancelled prompt before it is killed.
        close_grace_s: how long it may take to end when its input ends.
        idle_s: a process without a turn for so long is ended.
        budget_bytes: all warm processes together; the ones idle longest are ended above it.
        sweep_s: between two looks at age and memory.
        spare: whether to keep one initialized process in reserve.
        probe_timeout_s: bound of `probe`.
        commands_s: how long `probe` waits for an agent's slash commands; they come 0.05 to 0.5 s after a session opens.
    """

    start_timeout_s: float = 60.0
    open_timeout_s: float = 45.0
    request_timeout_s: float = 15.0
    write_timeout_s: float = 15.0
    replay_quiet_s: float = 0.25
    replay_limit_s: float = 10.0
    settle_s: float = 0.05
    cancel_grace_s: float = 5.0
    close_grace_s: float = 5.0
    idle_s: float = 900.0
    budget_bytes: int = 2 * 1024**3
    sweep_s: float = 30.0
    spare: bool = True
    probe_timeout_s: float = 55.0
    commands_s: float = 1.0
