"""Confines commands as the settings say, with the best mechanism that this machine supports."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from boocoder.errors import ProcessError, sentences
from boocoder.process.environment import agent_environment
from boocoder.process.sandbox.bubblewrap import bubblewrap_argv
from boocoder.process.sandbox.build_caches import BuildCache, build_caches, cache_root
from boocoder.process.sandbox.cache_cleanup import note_use
from boocoder.process.sandbox.file_view import SHARED_MEMORY, FileView, OwnState, PrivateDirectories, file_view
from boocoder.process.sandbox.home_paths import git_identity, make_home_entries
from boocoder.process.sandbox.network.allowed_hosts import AllowedHosts
from boocoder.process.sandbox.network.egress import egress_argv, egress_view, proxy_variables
from boocoder.process.sandbox.profile import SandboxMechanism, SandboxProfile, SandboxUse, WorktreeReach
from boocoder.process.sandbox.reach import git_directory, session_directories, worktree_reach
from boocoder.process.sandbox.support import SandboxSupport, find_support, landlock_argv
from boocoder.process.sandbox.system_calls import system_call_filter
from boocoder.process.sandbox.variables import variables_inside

log = logging.getLogger(__name__)

ATTACHMENTS = "attachments"  # a warm process gets a person's files long after its start
WORKTREES = "worktrees"
PRIVATE_TMP = "/tmp"  # noqa: S108 -- a private one inside


@dataclass(frozen=True, slots=True)
class SandboxPolicy:
    """What the settings say.

    Args:
        profile: the default; None: `files` if the machine supports it, else `off`.
        off_agents: agents that run without a sandbox.
        off_projects: repositories whose sessions run without a sandbox.
        writable, readable: further paths for all commands.
        hosts: what `files+network` allows.
    """

    profile: SandboxProfile | None = None
    off_agents: frozenset[str] = frozenset()
    off_projects: frozenset[Path] = frozenset()
    writable: tuple[Path, ...] = ()
    readable: tuple[Path, ...] = ()
    hosts: AllowedHosts = field(default_factory=AllowedHosts)


@dataclass(frozen=True, slots=True)
class ConfinedCommand:
    """A command as it is started.

    Args:
        argv, env: with the sandbox around it.
        wrapped: whether the first process is bwrap, which does not forward signals.
        system_calls: the filter that bwrap reads from a descriptor; empty for none.
        view: the files that it sees; None without a sandbox.
        hosts: what it may reach; None with a network.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str]
    wrapped: bool = False
    system_calls: bytes = b""
    view: FileView | None = None
    hosts: AllowedHosts | None = None


class Sandbox:
    """Chooses and applies profiles.

    Args:
        policy: the settings.
        home: the person's home directory.
        data_dir: boocoder's.
        hidden: further directories to hide, such as the runtime directory.
        support: what this machine supports; `start` finds out if None.
    """

    def __init__(
        self,
        *,
        policy: SandboxPolicy,
        home: Path,
        data_dir: Path,
        hidden: tuple[Path, ...] = (),
        support: SandboxSupport | None = None,
    ) -> None:
        self._policy = policy
        self._home = home
        self._data_dir = data_dir
        self._places = PrivateDirectories(home, (data_dir, *hidden))
        self._projects: dict[Path, Path] = {}
        self._temporary = data_dir / "sandbox-tmp"  # shared by all, where each cannot have a /tmp of its own
        self.support = support or SandboxSupport(SandboxMechanism.NONE, reason="Nobody has tried it yet.")
        self._tried = support is not None

    async def start(self) -> None:
        """Probe what this machine supports, unless the sandbox is off."""
        shutil.rmtree(self._temporary, ignore_errors=True)
        if self._policy.profile is SandboxProfile.OFF or self._tried:
            return
        self.support = await self.find_support()
        self._tried = True
        found = self.support
        extra = {"mechanism": found.mechanism, "reason": found.reason, "cure": found.cure}
        if found.mechanism is SandboxMechanism.NONE:
            what = (
                "agents run without a sandbox" if self._policy.profile is None else "no agent starts without a sandbox"
            )
            log.warning(what, extra=extra)
        elif found.reason:
            log.warning("the sandbox is weaker than it could be", extra=extra)

    async def find_support(self, programs: Sequence[Path] | None = None) -> SandboxSupport:
        """Try what confines agents of this home and data directory here.

        Args:
            programs: of bubblewrap, if not those of this machine.
        """
        own_network = self._policy.profile is SandboxProfile.NETWORK
        return await find_support(programs, own_network=own_network, view=self._sample())

    def _sample(self) -> FileView:
        """The view of an agent without a session, made of what is there."""
        env = agent_environment()
        caches = build_caches(self._data_dir, self._home, env) if self._data_dir.is_dir() else ()
        return file_view(
            self._places,
            argv=(),
            env=env,
            writable=(self._data_dir / WORKTREES, *self._policy.writable),
            readable=(self._data_dir / ATTACHMENTS, *self._policy.readable),
            caches=(replace(cache, source=self._data_dir) for cache in caches),
        )

    def register(self, worktree: Path, project: Path) -> None:
        """Record which project a worktree belongs to."""
        self._projects[worktree] = project

    def project_of(self, worktree: Path) -> Path | None:
        """Whose worktree it is, None if it was not registered."""
        return self._projects.get(worktree)

    def profile_of(self, use: SandboxUse) -> SandboxProfile:
        """The profile that a command gets."""
        project = self._project_of(use)
        if use.agent in self._policy.off_agents or project in self._policy.off_projects:
            return SandboxProfile.OFF
        if self._policy.profile is None:
            works = self.support.mechanism is not SandboxMechanism.NONE
            return SandboxProfile.FILES if works else SandboxProfile.OFF
        return self._policy.profile

    def hides(self, path: Path, shown: Iterable[Path]) -> bool:
        """Whether the profile `files` keeps a path from processes to which `shown` is opened."""
        real = Path(os.path.realpath(path))
        seen = (*shown, *self._policy.writable, *self._policy.readable)
        if any(real.is_relative_to(os.path.realpath(one)) for one in seen):
            return False
        return any(real.is_relative_to(one) for one in self._places.hidden())

    def is_outgrown(self, view: FileView, worktree: Path) -> bool:
        """Whether a server of all sessions was started before the worktree's project came, and cannot commit there."""
        git_dir = git_directory(worktree)
        if git_dir is None or any(git_dir.is_relative_to(os.path.realpath(path)) for path in view.writable):
            return False
        now = session_directories(self._data_dir).writable
        return any(git_dir.is_relative_to(os.path.realpath(path)) for path in now)

    def exemption(self, use: SandboxUse) -> str:
        """The setting that exempts a command from the sandbox, with what it names; "" for none."""
        if use.agent in self._policy.off_agents:
            return f"sandbox.off_agents, which names {use.agent}"
        project = self._project_of(use)
        return f"sandbox.off_projects, which names {project}" if project in self._policy.off_projects else ""

    def missing(self, use: SandboxUse) -> str:
        """Why a command runs without the sandbox that it would have on another machine, and the cure; "" otherwise."""
        lacks = self._policy.profile is None and self.support.mechanism is SandboxMechanism.NONE
        return sentences(self.support.reason, self.support.cure) if lacks and not self.exemption(use) else ""

    @property
    def wanted(self) -> SandboxProfile | None:
        """The profile of the settings, None for `files` where the machine can enforce it."""
        return self._policy.profile

    def confine(self, argv: tuple[str, ...], *, cwd: Path, env: Mapping[str, str], use: SandboxUse) -> ConfinedCommand:
        """The command inside its sandbox, or unchanged if its profile is off.

        Raises:
            ProcessError: `sandbox_unavailable`; this machine cannot enforce the required profile.
        """
        profile = self.profile_of(use)
        if profile is SandboxProfile.OFF:
            return ConfinedCommand(argv, env)
        support = self.support
        if support.mechanism is SandboxMechanism.NONE:
            text = f"{argv[0]} is to run in a sandbox, and none works here: {support.reason}"
            cure = f'{support.cure} Or set sandbox.profile = "off".'
            raise ProcessError("sandbox_unavailable", text, cure.strip())
        hosts = self._policy.hosts if profile is SandboxProfile.NETWORK else None
        if hosts is not None and use.every_session:
            text = f"The server of {use.agent} serves all sessions by the network that {profile} takes away."
            cure = 'Set agents.opencode.server = "session", or use the profile files.'
            raise ProcessError("sandbox_unavailable", text, cure)
        view = self._view(argv, cwd, env, use)
        identity = None if self._has_own_home(env) else git_identity(self._home, env)
        calls = system_call_filter(namespaces=use.own_sandbox)
        if support.bwrap is not None:
            temporary = PRIVATE_TMP if "TMPDIR" in env else ""
            inside = variables_inside(env, temporary=temporary, git_identity=identity)
            if hosts is not None:
                argv, view, inside = (
                    (*egress_argv(hosts, serves=use.serves), *argv),
                    egress_view(view),
                    {**inside, **proxy_variables(hosts)},
                )
            wrapped = bubblewrap_argv(
                support.bwrap, view, argv, cwd=cwd, user_namespace=support.user_namespace, network=hosts is None
            )
            return ConfinedCommand(wrapped, inside, wrapped=True, system_calls=calls, view=view, hosts=hosts)
        inside = variables_inside(env, temporary=str(self._temporary), caches=view.caches, git_identity=identity)
        seen = replace(view, writable=(*view.writable, SHARED_MEMORY))  # none can have its own
        return ConfinedCommand((*landlock_argv(view, calls), *argv), inside, view=seen)

    def limit_writes(self, argv: tuple[str, ...], cwd: Path, writable: Path) -> tuple[str, ...]:
        """A command of boocoder's own that writes below one directory alone, whatever links an agent puts there.

        It is unchanged where no sandbox works or is wanted.
        """
        support = self.support
        view = FileView(writable=(writable,), readable=(self._data_dir, cwd), hidden=(SHARED_MEMORY,))
        if self._policy.profile is SandboxProfile.OFF or support.mechanism is SandboxMechanism.NONE:
            return argv
        if support.bwrap is not None:
            return bubblewrap_argv(support.bwrap, view, argv, cwd=cwd, user_namespace=support.user_namespace)
        return (*landlock_argv(view), *argv)

    def _view(self, argv: tuple[str, ...], cwd: Path, env: Mapping[str, str], use: SandboxUse) -> FileView:
        reach = self._reach(use)
        inside = Path(os.path.realpath(cwd)).is_relative_to(os.path.realpath(self._data_dir))
        own = [cwd] if inside else []
        state = OwnState(use.home, use.home_readable)
        own_home = self._has_own_home(env)
        if own_home:
            own.append(Path(env["HOME"]))
            state = OwnState()
        make_home_entries(self._home, env, state.writable)
        if use.worktree is not None:
            own.append(use.worktree)
        if self.support.mechanism is SandboxMechanism.LANDLOCK:
            self._temporary.mkdir(mode=0o700, parents=True, exist_ok=True)
            own.append(self._temporary)
        attached = self._data_dir / ATTACHMENTS
        if self._data_dir.is_dir():
            attached.mkdir(mode=0o700, exist_ok=True)
        program = shutil.which(argv[0], path=env.get("PATH", os.defpath)) or argv[0]
        project = (reach.project,) if reach.project else ()
        return file_view(
            self._places,
            argv=(program, *argv[1:]),
            env=env,
            writable=(*own, *use.writable, *reach.writable, *self._policy.writable),
            readable=(*project, attached, *use.readable, *reach.readable, *self._policy.readable),
            own_state=state,
            caches=self._caches(use, env, own_home=own_home),
        )

    def _has_own_home(self, env: Mapping[str, str]) -> bool:
        """Whether a person has given the command a home directory of its own."""
        return os.path.realpath(env.get("HOME", self._home)) != os.path.realpath(self._home)

    def _caches(self, use: SandboxUse, env: Mapping[str, str], *, own_home: bool) -> tuple[BuildCache, ...]:
        """Those of the project, or of a server of all projects; an agent with a home of its own has them there."""
        owner = use.agent if use.every_session else self._project_of(use)
        if owner is None or own_home:
            return ()
        root = cache_root(self._data_dir, owner)
        note_use(root, owner)
        caches = build_caches(root, self._home, env)
        for cache in caches:
            cache.source.mkdir(mode=0o700, parents=True, exist_ok=True)
        return caches

    def _project_of(self, use: SandboxUse) -> Path | None:
        return use.project or (self._projects.get(use.worktree) if use.worktree is not None else None)

    def _reach(self, use: SandboxUse) -> WorktreeReach:
        if use.every_session:
            return session_directories(self._data_dir)
        project = self._project_of(use)
        if use.worktree is None or project is None:
            return WorktreeReach()
        return worktree_reach(use.worktree, project, self._data_dir)
