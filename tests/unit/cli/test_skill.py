"""The skill for other agents is written where they look for it, and replaces only itself."""

from __future__ import annotations

import json
import re
from pathlib import Path

from click.testing import CliRunner

from boocoder.cli.main import root
from boocoder.cli.skill import skill_text

BOTH = (".claude/skills/boocoder/SKILL.md", ".agents/skills/boocoder/SKILL.md")


def run(home: Path, *arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(root, ["skill", *arguments], env={"HOME": str(home)})
    return result.exit_code, result.stdout, str(result.exception or "") + result.stderr


def test_it_is_written_for_all_repositories_or_one(tmp_path: Path) -> None:
    code, said, _ = run(tmp_path, "install")
    assert (code, said.split()) == (0, [str(tmp_path / path) for path in BOTH])
    assert {(tmp_path / path).read_text() for path in BOTH} == {skill_text()}
    repository = tmp_path / "repository"
    repository.mkdir()
    code, said, _ = run(tmp_path, "install", "--into", "agents", "--folder", str(repository), "--json")
    assert (code, json.loads(said)["path"]) == (0, str(repository / BOTH[1]))
    assert not (repository / BOTH[0]).exists()


def test_an_earlier_version_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / BOTH[0]
    path.parent.mkdir(parents=True)
    path.write_text("---\nname: boocoder\ndescription: old\n---\n")
    assert run(tmp_path, "install")[0] == 0 and path.read_text() == skill_text()
    path.write_text("---\nname: other\n---\nmine")
    code, _, failed = run(tmp_path, "install")
    assert code != 0 and "another skill" in failed and path.read_text().endswith("mine")


def test_it_has_what_agents_read_of_a_skill(tmp_path: Path) -> None:
    code, said, _ = run(tmp_path, "show")
    head = re.match(r"---\nname: ([a-z0-9-]{1,64})\ndescription: (.+)\n---\n", said)
    assert code == 0 and head is not None and head[1] == "boocoder" and len(head[2]) <= 1024
    assert len(said.splitlines()) < 500
