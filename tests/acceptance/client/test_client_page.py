"""The programs of docs/client.md run as they stand there; only what the agent is asked is a script."""

from __future__ import annotations

import re

import pytest

from tests.fixtures.repository import Repository
from tests.fixtures.service import Installation
from tests.paths import DOCS

PROGRAMS = re.findall(r"^```python\n(.*?)^```", (DOCS / "client.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
SCRIPTS = {
    '"Add a greeting"': '"[[write greeting.txt|hello]] [[say It says hello.]]"',
    '"Run the tests"': '"[[permission bash|true]] [[question Really?|yes; no]] [[say They pass.]]"',
}
PRINTS = ["It says hello.", "completed", "completed", r"\['greeting.txt'\]\n[0-9a-f]{40}"]


def test_every_program_is_tried() -> None:
    assert len(PROGRAMS) == len(PRINTS)


@pytest.mark.parametrize("number", range(len(PRINTS)))
def test_a_program_runs(
    number: int,
    shared_service: Installation,
    project: Repository,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("BOOCODER_DATA_DIR", str(shared_service.data_dir))
    monkeypatch.chdir(project.path)
    program = PROGRAMS[number]
    for asked, script in SCRIPTS.items():
        program = re.sub(rf"(run|start)\({re.escape(asked)}", lambda m, s=script: f"{m[1]}({s}", program)
    exec(compile(program, "client.md", "exec"), {"__name__": "__main__"})
    assert re.search(PRINTS[number], capsys.readouterr().out)
