"""The demo as `make demo` runs it: no terminal, the real opencode, nothing left behind."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import ROOT

DEMO = ROOT / "tools" / "demo.py"
LIMIT_S = 250.0


@pytest.mark.opencode
def test_the_demo_does_what_it_says(opencode_program: Path, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("BOOCODER_", "XDG_"))}
    environment |= {"TMPDIR": str(tmp_path), "HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [sys.executable, str(DEMO)],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\x1b" not in done.stdout
    assert len(re.findall(r"^✓ completed in", done.stdout, re.MULTILINE)) == 2
    assert re.search(r"agent session +ses_\w+ in both turns", done.stdout)
    assert re.search(r"opencode server +port \d+, process \d+ in both turns", done.stdout)
    assert "users=2: Give greet() a type" in done.stdout, "the second turn knew the first one's words"
    assert "M README.md" in done.stdout and "?? test_greeter.py" in done.stdout
    assert re.search(r"left behind +nothing", done.stdout)
    assert list(tmp_path.glob("boocoder-demo-*")) == []
