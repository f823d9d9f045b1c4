"""The demo project: made once, a sound repository, and its prompt is one that the scripted agent can do."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

from boocoder.scripted_model.script import Verb, parse
from tests.fixtures.api import Api


async def test_the_demo_is_made_once_however_often_it_is_asked_for(api: Api, tmp_path: Path) -> None:
    answers = await asyncio.gather(*(api.http.post("/api/demo", json={}) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({answer.json()["project"]["id"] for answer in answers}) == 1
    made = answers[0].json()
    root = Path(made["project"]["path"])
    assert root.is_relative_to(tmp_path.resolve())
    git = ["git", "-C", str(root)]
    assert subprocess.run([*git, "status", "--porcelain"], capture_output=True, check=True).stdout == b""
    assert subprocess.run([*git, "rev-list", "--count", "HEAD"], capture_output=True, check=True).stdout == b"1\n"
    assert sorted(path.name for path in root.parent.iterdir()) == [root.name]


async def test_its_prompt_edits_what_stands_in_the_repository(api: Api) -> None:
    made = (await api.http.post("/api/demo", json={})).json()
    assert made["agent"] == "scripted"
    steps = parse(made["prompt"])
    edits = [step.split(3) for step in steps if step.verb is Verb.EDIT]
    assert edits
    for path, old, new in edits:
        assert old in (Path(made["project"]["path"]) / path).read_text() and old != new
    assert not [step for step in steps if step.verb is Verb.SAY and "cannot" in step.argument]
