"""Installs Debian's packages of programs that the tests run, where root can be had without asking."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

INSTALL_S = 900.0
LOCK = Path(tempfile.gettempdir()) / "boocoder-apt.lock"  # `make` runs several of these at once


class InstallError(Exception):
    """A program is not here, and could not be installed."""


def install(*packages: str, cure: str) -> None:
    """Install packages with apt-get.

    Args:
        cure: what a person can do where this fails.

    Raises:
        InstallError: with the reason and the cure.
    """
    as_root = _as_root()
    if shutil.which("apt-get") is None or as_root is None:
        problem = "apt-get is not here" if as_root is not None else "installing needs root, or sudo without a password"
        raise InstallError(f"The tests need {packages[0]}, and {problem}.\n{cure}")
    apt = [*as_root, "apt-get", "-o", "DPkg::Lock::Timeout=300", "-qq"]
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _run([*apt, "update"], cure)
        _run([*apt, "install", "--yes", "--no-install-recommends", *packages], cure)


def _as_root() -> list[str] | None:
    """What to put before a command so that root runs it; None if that cannot be done unasked."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    asked = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
    return ["sudo", "-n"] if asked.returncode == 0 else None


def _run(argv: list[str], cure: str) -> None:
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(argv, env=environ, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise InstallError(f"{' '.join(argv)} took longer than {INSTALL_S:.0f} s.\n{cure}") from error
    if done.returncode:
        tail = "\n".join(f"{done.stdout}\n{done.stderr}".strip().splitlines()[-15:])
        raise InstallError(f"{' '.join(argv)} failed:\n{tail}\n{cure}")
