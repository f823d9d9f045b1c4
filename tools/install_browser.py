"""Finds the browser that the tests drive, Chromium or Chrome, and installs Debian's where there is none.

Best is its headless shell, which has no windows: the same pages take two thirds of the processor's time. It is
installed beside a browser where that can be done unasked.

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
from collections.abc import Iterator, Sequence
from pathlib import Path

import debian_packages

SHELLS = ("chromium-headless-shell", "chrome-headless-shell", "headless_shell")
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ELSEWHERE = (
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
)
FONT = "fonts-dejavu-core"  # without a font, text has no size
ANSWER_S = 60.0
CURE = (
    "Install Chromium or Google Chrome so that `chromium` or `google-chrome` is on PATH\n"
    "(Debian: apt install chromium; Fedora: dnf install chromium; Ubuntu, macOS: google.com/chrome),\n"
    "or name it: BOOCODER_TEST_BROWSER=/path/to/chrome."
)


def find(*, windows: bool = False) -> Path | None:
    """The first browser that starts; a stub that only asks for another package does not.

    Args:
        windows: rather one with windows, as people use, than the headless shell.
    """
    names = (*NAMES, *SHELLS) if windows else (*SHELLS, *NAMES)
    return next((path for path in _candidates(names) if _starts(path)), None)


def install() -> Path:
    """The browser, installed now if there was none.

    Raises:
        debian_packages.InstallError: with the reason and the cure.
    """
    found = find()
    if found is not None and (found.name in SHELLS or "BOOCODER_TEST_BROWSER" in os.environ):
        return found
    print("boocoder: installing Debian's headless chromium (some 90 MB, once)", file=sys.stderr, flush=True)
    try:
        debian_packages.install(SHELLS[0], FONT, cure=CURE)
    except debian_packages.InstallError:
        if found is not None:
            return found
        debian_packages.install("chromium", FONT, cure=CURE)
    found = find()
    if found is None:
        raise debian_packages.InstallError(f"apt-get installed a browser, but none starts.\n{CURE}")
    return found


def _candidates(names: Sequence[str]) -> Iterator[Path]:
    named = os.environ.get("BOOCODER_TEST_BROWSER")
    if named:
        yield Path(named)
        return
    for name in names:
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


def main() -> int:
    """Print where the browser is."""
    parser = argparse.ArgumentParser(description="Find or install the browser of the tests.")
    parser.add_argument("--find", action="store_true", help="install nothing")
    try:
        found = find() if parser.parse_args().find else install()
    except debian_packages.InstallError as error:
        print(f"boocoder: {error}", file=sys.stderr)
        return 1
    print(found or "no browser found")
    return int(found is None)


if __name__ == "__main__":
    raise SystemExit(main())
