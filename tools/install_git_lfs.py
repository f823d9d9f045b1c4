"""Installs Debian's git-lfs for the test that asks it, where there is none and it can be installed unasked."""

from __future__ import annotations

import shutil
import sys

import debian_packages

CURE = "Install git-lfs (git-lfs.com) so that `git lfs` works, or do without the one test that needs it."


def main() -> int:
    """Install it; where that is impossible, say so and go on without it."""
    if shutil.which("git-lfs") is None:
        try:
            debian_packages.install("git-lfs", cure=CURE)
        except debian_packages.InstallError as error:
            print(f"boocoder: {error}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
