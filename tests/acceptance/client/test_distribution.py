"""The distribution `boocoder-client` holds all that the client needs, and works without the service's packages."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

from tests.fixtures.service import Installation
from tests.paths import ROOT

PROGRAM = """
import sys
sys.path += [{wheel!r}, {packages!r}]
import boocoder.client
assert boocoder.client.__file__.startswith({wheel!r}), boocoder.client.__file__
with boocoder.client.connect() as b:
    print(b.health().status, len(b.projects()) >= 0)
"""


def test_the_wheel_works_by_itself(shared_service: Installation, tmp_path: Path) -> None:
    build = [ROOT / ".tools/bin/uv", "build", "--quiet", "--wheel", ROOT / "packages/client", "--out-dir", tmp_path]
    subprocess.run(build, check=True, timeout=300)
    (wheel,) = tmp_path.glob("boocoder_client-*.whl")
    with zipfile.ZipFile(wheel) as content:
        content.extractall(tmp_path / "unpacked")
    program = PROGRAM.format(wheel=str(tmp_path / "unpacked"), packages=sysconfig.get_paths()["purelib"])
    # -S: no .pth file, so that this checkout, which the environment has as a link, is not found.
    argv = [sys.executable, "-S", "-c", program]
    done = subprocess.run(
        argv, env=shared_service.environment(), cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.stdout, done.stderr) == ("ok True\n", "")


def test_its_version_and_requirements_are_those_of_the_service() -> None:
    whole = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    part = tomllib.loads((ROOT / "packages/client/pyproject.toml").read_text("utf-8"))["project"]
    assert part["version"] == whole["version"]
    assert set(part["dependencies"]) <= set(whole["dependencies"])
