"""Finds the browser that the tests drive, Chromium or Chrome, and installs Debian's where there is none.

    python tools/install_browser.py            find it, or install it
    python tools/install_browser.py --find     only find it; exit with 1 if there is none

It prints the path of the program. BOOCODER_TEST_BROWSER names another one.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ELSEWHERE = (
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
)
PACKAGES = ("chromium", "fonts-dejavu-core")  # without a font, text has no size
ANSWER_S = 60.0
INSTALL_S = 900.0
CURE = (
    "Install Chromium or Google Chrome so that `chromium` or `google-chrome` is on PATH\n"
    "(Debian: apt install chromium; Fedora: dnf install chromium; Ubuntu, macOS: google.com/chrome),\n"
    "or name it: BOOCODER_TEST_BROWSER=/path/to/chrome."
)


class BrowserError(Exception):
    """There is no browser, and none could be installed."""


def find() -> Path | None:
    """The first browser that starts; a stub that only asks for another package does not."""
    return next((path for path in _candidates() if _starts(path)), None)


def install() -> Path:
    """The browser, installed now if there was none.

    Raises:
        BrowserError: with the reason and the cure.
    """
    found = find()
    if found is not None:
        return found
    as_root = _as_root()
    if shutil.which("apt-get") is None or as_root is None:
        problem = "apt-get is not here" if as_root is not None else "installing needs root, or sudo without a password"
        raise BrowserError(f"The tests of the web page need a browser, and {problem}.\n{CURE}")
    print("boocoder: installing Debian's chromium (some 90 MB, once)", file=sys.stderr, flush=True)
    apt = [*as_root, "apt-get", "-o", "DPkg::Lock::Timeout=300", "-qq"]
    _run([*apt, "update"])
    _run([*apt, "install", "--yes", "--no-install-recommends", *PACKAGES])
    found = find()
    if found is None:
        raise BrowserError(f"apt-get installed {', '.join(PACKAGES)}, but no browser starts.\n{CURE}")
    return found


def _candidates() -> Iterator[Path]:
    named = os.environ.get("BOOCODER_TEST_BROWSER")
    if named:
        yield Path(named)
        return
    for name in NAMES:
        path = shutil.which(name)
        if path:
            yield Path(path)
    yield from (path for path in ELSEWHERE if path.is_file())


def _starts(path: Path) -> bool:
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=ANSWER_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and b"Chrom" in done.stdout


def _as_root() -> list[str] | None:
    """What to put before a command so that root runs it; None if that cannot be done unasked."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    asked = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
    return ["sudo", "-n"] if asked.returncode == 0 else None


def _run(argv: list[str]) -> None:
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(argv, env=environ, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise BrowserError(f"{' '.join(argv)} took longer than {INSTALL_S:.0f} s.\n{CURE}") from error
    if done.returncode:
        tail = "\n".join(f"{done.stdout}\n{done.stderr}".strip().splitlines()[-15:])
        raise BrowserError(f"{' '.join(argv)} failed:\n{tail}\n{CURE}")


def main() -> int:
    """Print where the browser is."""
    parser = argparse.ArgumentParser(description="Find or install the browser of the tests.")
    parser.add_argument("--find", action="store_true", help="install nothing")
    try:
        found = find() if parser.parse_args().find else install()
    except BrowserError as error:
        print(f"boocoder: {error}", file=sys.stderr)
        return 1
    print(found or "no browser found")
    return int(found is None)


if __name__ == "__main__":
    raise SystemExit(main())
