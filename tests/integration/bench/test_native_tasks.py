"""The tasks for local models: solved by their own scripts, and by nothing that does nothing."""

from __future__ import annotations

from pathlib import Path

from bench.native.runner import passes, run_tasks, summary
from bench.native.tasks import TASKS

from boocoder.scripted_model.server import ScriptedModel

SLICE = TASKS[::6]
NOTHING_TO_CHANGE = {"answer only"}


async def test_the_scripted_model_solves_a_slice() -> None:
    async with ScriptedModel() as model:
        results = await run_tasks(SLICE, base_url=model.base_url, scripted=True)
    assert [one.task for one in results if not one.solved] == []
    whole = summary(results)
    assert whole["solved"] == whole["tasks"] == len(SLICE)
    assert all(one.outcome == "completed" and one.calls and one.output_tokens and one.seconds for one in results)


async def test_a_model_that_only_talks_solves_none() -> None:
    async with ScriptedModel() as model:
        results = await run_tasks(SLICE, base_url=model.base_url)
    assert [one.task for one in results if one.solved] == [] and all(one.outcome == "completed" for one in results)


def test_no_task_is_solved_before_it_is_begun(tmp_path: Path) -> None:
    assert len({task.name for task in TASKS}) == len(TASKS) == 30
    for number, task in enumerate(TASKS):
        for path, text in task.files.items():
            (tmp_path / str(number) / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / str(number) / path).write_text(text)
        (tmp_path / str(number)).mkdir(exist_ok=True)
        assert passes(task, tmp_path / str(number)) == (task.name in NOTHING_TO_CHANGE), task.name
