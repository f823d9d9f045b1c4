"""Installs Debian's pgbouncer for its tests, where there is none and it can be installed unasked."""

from __future__ import annotations

import shutil
import sys

import debian_packages

CURE = "Install pgbouncer (pgbouncer.org), or do without the tests that need it."


def main() -> int:
    """Install it; where that is impossible, say so and go on without it."""
    if shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin") is None:
        try:
            debian_packages.install("pgbouncer", cure=CURE)
        except debian_packages.InstallError as error:
            print(f"boocoder: {error}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
