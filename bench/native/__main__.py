"""`python -m bench.native --base-url URL`: runs the tasks with a model server and writes what came of them."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from datetime import UTC, datetime
from pathlib import Path

from bench.native.runner import TaskResult, run_tasks, summary
from bench.native.tasks import TASKS

OUT = Path(__file__).resolve().parent.parent / "out"


def main() -> None:
    """Read the command line, run, print, write."""
    parser = argparse.ArgumentParser(prog="bench.native", description="Thirty small tasks for the native agent.")
    parser.add_argument("--base-url", required=True, help="of the model server, with /v1")
    parser.add_argument("--model", default="", help="the server's name of the model (default: its first)")
    parser.add_argument("--key-env", default="", help="variable that holds the server's key")
    parser.add_argument("--task", action="append", help="this task alone; may be repeated")
    given = parser.parse_args()
    tasks = [task for task in TASKS if not given.task or task.name in given.task]
    key = os.environ.get(given.key_env, "") if given.key_env else ""
    results = asyncio.run(run_tasks(tasks, base_url=given.base_url, model=given.model, api_key=key))
    for result in results:
        print(row(result))
    whole = summary(results) | {"model": given.model, "at": datetime.now(UTC).isoformat(timespec="seconds")}
    OUT.mkdir(exist_ok=True)
    path = OUT / f"native-{datetime.now(UTC):%Y%m%dT%H%M%S}.json"
    path.write_text(json.dumps(whole, indent=1) + "\n")
    tokens = f"{whole['input_tokens']} + {whole['cached_tokens']} cached in, {whole['output_tokens']} out"
    print(
        f"{whole['solved']} of {whole['tasks']} solved, {whole['calls']} calls, tokens {tokens}, {whole['seconds']} s"
    )
    print(path)


def row(result: TaskResult) -> str:
    """One line of a table."""
    tokens = f"{result.input_tokens:>7} in {result.output_tokens:>6} out"
    solved = "solved" if result.solved else "  -   "
    return f"{solved} {result.task:<22} {result.calls:>3} calls {tokens} {result.seconds:>7.1f} s  {result.outcome}"


if __name__ == "__main__":
    main()
