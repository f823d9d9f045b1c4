"""`boocoder run`: one task from prompt to decision. The work is in run_task; this reads the command line."""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import click
import msgspec

from boocoder import service
from boocoder.cli.client import Client
from boocoder.cli.connect import any_service, running_service
from boocoder.cli.decide import ask_line
from boocoder.cli.follow import exit_code
from boocoder.cli.run_task import Ask, enqueue_task, run_shown, show_task
from boocoder.cli.service_call import full_id, settings_of
from boocoder.cli.style import make_console, print_json
from boocoder.config.settings import Settings
from boocoder.errors import InvalidInput
from boocoder.events import frames
from boocoder.model.limits import PROMPT_MAX_CHARS


@click.command("run")
@click.argument("prompt")
@click.option("--project", "-p", default=".", metavar="PATH", help="A folder in the git repository; default: this one.")
@click.option("--session", "-s", metavar="ID", help="Go on in this session: same files, same conversation.")
@click.option("--new-chat", is_flag=True, help="With --session: a fresh conversation over the same files.")
@click.option("--from", "start_from", metavar="REF", help="A new session starts from this branch, tag or commit.")
@click.option("--dirty", "start_dirty", is_flag=True, help="A new session starts from your uncommitted files too.")
@click.option("--agent", "-a", help="Which agent; default: the setting default_agent, else the first that is ready.")
@click.option("--model", "-m", help="Which model, as the agent lists it.")
@click.option("--mode", help="Which of the agent's modes.")
@click.option("--thinking", help="Which of the agent's thinking options.")
@click.option("--attach", multiple=True, metavar="FILE", help="A file that goes with the prompt; may be given again.")
@click.option("--apply/--no-apply", default=None, help="Apply the change, or leave it, without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print the frames, one JSON object a line.")
@click.option("--detach", is_flag=True, help="Queue it in the running service and return at once.")
@click.pass_context
def command(
    ctx: click.Context,
    prompt: str,
    project: str,
    session: str | None,
    new_chat: bool,
    start_from: str | None,
    start_dirty: bool,
    agent: str | None,
    model: str | None,
    mode: str | None,
    thinking: str | None,
    attach: tuple[str, ...],
    apply: bool | None,
    as_json: bool,
    detach: bool,
) -> None:
    """Give an agent the task PROMPT ("-": read it from standard input), watch it, decide on its change.

    Uses the running service, or starts one for the time of the task. Ctrl-C cancels the task; a second Ctrl-C
    leaves at once and loses nothing. Exit codes: 0 completed, 1 failed, 2 usage, 130 cancelled.
    """
    ask = Ask(
        prompt=_prompt(prompt),
        project=Path(project).expanduser(),
        new_chat=new_chat,
        agent=agent,
        model=model,
        mode=mode,
        thinking=thinking,
        start_from=start_from,
        start_dirty=start_dirty,
        attach=tuple(Path(file).expanduser() for file in attach),
    )
    ctx.exit(service.run(_run(settings_of(ctx), ask, session, apply, as_json, detach)))


def _prompt(text: str) -> str:
    if text == "-":
        text = sys.stdin.read(PROMPT_MAX_CHARS + 1)
    if not text.strip():
        raise InvalidInput("prompt_empty", "The prompt is empty.", 'Say what to do: boocoder run "add a test for ..."')
    return text


async def _run(
    settings: Settings, ask: Ask, session: str | None, apply: bool | None, as_json: bool, detach: bool
) -> int:
    async with AsyncExitStack() as stack:
        if detach:
            client = await stack.enter_async_context(running_service(settings))
        else:
            client = await stack.enter_async_context(any_service(settings, _say_starting))
        if session is not None:
            ask = replace(ask, session_id=await full_id(client, "/api/sessions", session))
        if detach:
            return await _detach(client, ask, as_json)
        if as_json:
            return await _run_json(client, ask, apply)
        question = ask_line if sys.stdin.isatty() and sys.stdout.isatty() else None
        return await run_shown(client, ask, make_console(), apply=apply, question=question)


def _say_starting() -> None:
    make_console(stderr=True).print("No service runs; starting one for this task ...", style="dim")


async def _detach(client: Client, ask: Ask, as_json: bool) -> int:
    task = await enqueue_task(client, ask)
    if as_json:
        print_json({"type": "task", **msgspec.structs.asdict(task)})
    else:
        click.echo(f"task {task.task_id}  session {task.session_id}")
    return 0


async def _run_json(client: Client, ask: Ask, apply: bool | None) -> int:
    """The task's ids, its frames as they come, and at last its result; one JSON object a line."""
    task = await enqueue_task(client, ask)
    print_json({"type": "task", **msgspec.structs.asdict(task)})
    seen = await show_task(client, task, _print_frame)
    applied = bool(apply and seen.change and seen.outcome == "completed")
    if applied and seen.change:
        await client.post(f"/api/changes/{seen.change.id}/apply", msgspec.Raw)
    change_id = seen.change.id if seen.change else None
    print_json({"type": "result", "outcome": seen.outcome, "change_id": change_id, "applied": applied})
    return exit_code(seen.outcome)


def _print_frame(frame: frames.Frame) -> None:
    sys.stdout.write(frames.encode(frame).decode() + "\n")
    sys.stdout.flush()
