"""`boocoder run`: runs one task from prompt to decision."""

from __future__ import annotations

import fcntl
import os
import stat
import sys
import termios
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import click
import msgspec

from boocoder import service
from boocoder.cli.client.connect import any_service, running_service
from boocoder.cli.client.resolve import resolve_id
from boocoder.cli.flows.follow_task import EXIT_FAILED, exit_code
from boocoder.cli.flows.prompts import ask_line
from boocoder.cli.flows.run_task import (
    FinishedTask,
    run_shown,
    show_task,
    warn_of_waiting,
)
from boocoder.cli.invocation import settings_of
from boocoder.cli.views.service_notices import OwnServiceNotices
from boocoder.cli.views.style import make_console, print_json
from boocoder.client.decisions import APPLY_TIMEOUT_S
from boocoder.client.http_client import ChangeRefused, Client
from boocoder.client.task_frames import AnswerText
from boocoder.client.task_requests import TaskRequest, enqueue_task
from boocoder.config.settings import Settings
from boocoder.errors import BoocoderError, InvalidInput
from boocoder.events import frames
from boocoder.git.project import require_checkout
from boocoder.model.limits import PROMPT_MAX_CHARS
from boocoder.wire.search import IdKind
from boocoder.wire.tasks import TaskInfo


@click.command("run")
@click.argument("prompt")
@click.option("--project", "-p", default=".", metavar="PATH", help="A folder in the git repository; default: this one.")
@click.option("--session", "-s", metavar="ID", help="Continue this session: same files, same conversation.")
@click.option("--new-chat", is_flag=True, help="With --session: a new conversation on the same files.")
@click.option("--from", "start_from", metavar="REF", help="Start a new session from this branch, tag or commit.")
@click.option(
    "--dirty", "start_dirty", is_flag=True, help="Start a new session from your checkout with its uncommitted files."
)
@click.option("--agent", "-a", help="Which agent; default: the setting default_agent, else the first that is ready.")
@click.option("--model", "-m", help="Which model, as the agent lists it.")
@click.option("--mode", help="Which of the agent's modes.")
@click.option("--thinking", help="Which of the agent's thinking options.")
@click.option("--attach", multiple=True, metavar="FILE", help="A file to send with the prompt; may be repeated.")
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
    ask = TaskRequest(
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
    _notice_unread_input(prompt)
    ctx.exit(service.run(_run(settings_of(ctx), ask, session, apply, as_json, detach)))


def _prompt(text: str) -> str:
    if text == "-":
        text = sys.stdin.read(PROMPT_MAX_CHARS + 1)
    if not text.strip():
        raise InvalidInput("prompt_empty", "The prompt is empty.", 'Say what to do: boocoder run "add a test for ..."')
    return text


def _notice_unread_input(prompt: str) -> None:
    """Say so when text waits on standard input beside a prompt that does not ask for it."""
    try:
        found = os.fstat(sys.stdin.fileno())
    except (OSError, ValueError):
        return
    waiting = found.st_size if stat.S_ISREG(found.st_mode) else 0
    if stat.S_ISFIFO(found.st_mode):
        waiting = int.from_bytes(fcntl.ioctl(sys.stdin.fileno(), termios.FIONREAD, b"\0" * 4), sys.byteorder)
    if prompt != "-" and waiting:
        text = "Standard input is not read: give - as the prompt to send it, or --attach FILE to send a file."
        make_console(stderr=True).print(text, style="yellow")


async def _run(
    settings: Settings, ask: TaskRequest, session: str | None, apply: bool | None, as_json: bool, detach: bool
) -> int:
    if session is None and not detach:  # before a service is started, which takes seconds
        await require_checkout(ask.project)
    async with AsyncExitStack() as stack:
        if detach:
            client = await stack.enter_async_context(running_service(settings))
        else:
            client = await stack.enter_async_context(any_service(settings, OwnServiceNotices("for this task")))
        if session is not None:
            ask = replace(ask, session_id=await resolve_id(client, IdKind.SESSION, session))
        if detach:
            return await _detach(client, ask, as_json)
        if as_json:
            return await _run_json(client, ask, apply)
        question = ask_line if sys.stdin.isatty() and sys.stdout.isatty() else None
        return await run_shown(client, ask, make_console(), apply=apply, question=question)


async def _detach(client: Client, ask: TaskRequest, as_json: bool) -> int:
    task = await enqueue_task(client, ask)
    if as_json:
        print_json({"type": "task", **msgspec.structs.asdict(task)})
    else:
        click.echo(f"task {task.task_id}  session {task.session_id}")
    warn_of_waiting(task, make_console(stderr=True))
    return 0


async def _run_json(client: Client, ask: TaskRequest, apply: bool | None) -> int:
    """The task's ids, its frames as they come, and at last its result; one JSON object a line."""
    task = await enqueue_task(client, ask)
    print_json({"type": "task", **msgspec.structs.asdict(task)})
    answer = AnswerText()

    def print_frame(frame: frames.Frame) -> None:
        answer.add(frame)
        sys.stdout.write(frames.encode(frame).decode() + "\n")
        sys.stdout.flush()

    seen = await show_task(client, task, print_frame)
    refused = await _apply(client, seen) if apply and seen.outcome == "completed" else None
    ended = await client.get(f"/api/tasks/{task.task_id}", TaskInfo)
    print_json(
        {
            "type": "result",
            "outcome": seen.outcome,
            "change_id": seen.change.id if seen.change else None,
            "applied": bool(apply and seen.change and seen.outcome == "completed" and refused is None),
            "text": answer.text,
            "usage": ended.usage,
            "error": _error(refused) or _task_error(ended),
            "conflicts": refused.conflicts if isinstance(refused, ChangeRefused) else (),
        }
    )
    return exit_code(seen.outcome) or (EXIT_FAILED if refused is not None else 0)


async def _apply(client: Client, finished: FinishedTask) -> BoocoderError | None:
    """Apply the change if there is one; the error that refused it."""
    if finished.change is None:
        return None
    try:
        await client.post(f"/api/changes/{finished.change.id}/apply", msgspec.Raw, timeout_s=APPLY_TIMEOUT_S)
    except BoocoderError as error:
        return error
    return None


def _error(error: BoocoderError | None) -> dict[str, str] | None:
    return None if error is None else {"code": error.code, "text": error.text, "cure": error.cure}


def _task_error(task: TaskInfo) -> dict[str, str] | None:
    if task.error_code is None:
        return None
    return {"code": task.error_code, "text": task.error_text or "", "cure": task.error_cure or ""}
