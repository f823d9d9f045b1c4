"""Failpoints do nothing unless armed, and refuse names that do not exist."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from boocoder.errors import InvalidInput
from boocoder.failpoints import NAMES, Failpoints


def test_unarmed_failpoints_do_nothing() -> None:
    for name in NAMES:
        Failpoints().hit(name)


@pytest.mark.parametrize("armed", ["nowhere", "claim.after=0", "claim.after=x"])
def test_bad_failpoints_are_refused(armed: str) -> None:
    with pytest.raises(InvalidInput, match="No failpoint"):
        Failpoints(armed)


def test_the_process_dies_at_the_hit_that_was_armed() -> None:
    program = (
        "from boocoder.failpoints import Failpoints\n"
        "points = Failpoints('claim.after=2')\n"
        "for n in range(3):\n    print(n, flush=True)\n    points.hit('claim.after')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=30, check=False)
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.split() == [b"0", b"1"]
