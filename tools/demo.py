"""Shows boocoder at work: two turns of one conversation with the real opencode, in a throw-away place.

    python tools/demo.py [--svg FILE]

Everything is real except the language model: a git repository, an embedded PostgreSQL, the service, opencode. The
model is the scripted one, which does what the [[directives]] in a prompt say, so that no account and no key is
needed. All of it lives in one temporary directory and is gone at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from install_agents import InstallError, install_opencode
from rich.console import Console

from boocoder.app import application as app
from boocoder.cli.flows.decide_change import decide
from boocoder.cli.flows.run_task import FinishedTask, show_end, show_task
from boocoder.cli.views.live_turn import LiveView
from boocoder.cli.views.style import duration, show_error
from boocoder.client.http_client import Client
from boocoder.client.task_requests import TaskRequest, enqueue_task
from boocoder.config.load import load_settings
from boocoder.db.conversation.agent_sessions import get_agent_session
from boocoder.db.core.pool import Database
from boocoder.db.server.embedded import EmbeddedPostgres
from boocoder.errors import BoocoderError
from boocoder.model.ids import ChatId
from boocoder.scripted_model.server import ScriptedModel
from boocoder.wire.tasks import EnqueuedTask

WORD_DELAY_S = 0.02  # slow enough to see the stream, quick enough not to wait for it
PICTURE_COLUMNS = 100
FILES = {
    "README.md": "# greeter\n\nSays hello.\n",
    "greeter.py": 'def greet(name):\n    return "Hello " + name\n',
    ".gitignore": "__pycache__/\n",
}
FIRST = """Give greet() a type and a test, please.
[[think A small function: I annotate it and put a test beside it.]]
[[plan read greeter.py; annotate greet(); write a test; run it]]
[[read greeter.py]]
[[write greeter.py|def greet(name: str) -> str:
    return f"Hello, {name}!"
]]
[[write test_greeter.py|from greeter import greet

assert greet("you") == "Hello, you!"
]]
[[bash python3 test_greeter.py && echo passed]]
[[say greet() is annotated now, and test_greeter.py checks it.]]"""
SECOND = """What did I ask you before? Then say it in the README, too.
[[recall]]
[[write README.md|# greeter

Says hello: `greet("you")` is "Hello, you!".
]]
[[say That was it; the README shows the call.]]"""


@dataclass(frozen=True)
class Evidence:
    """What shows that the second turn went on where the first one stopped."""

    agent_session: str
    opencode_port: int
    opencode_pid: int


def git(folder: Path, *args: str) -> str:
    identity = ("-c", "user.name=demo", "-c", "user.email=demo@localhost")
    done = subprocess.run(["git", *identity, *args], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def make_repository(folder: Path) -> Path:
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "Say hello")
    return folder


def opencode_process() -> psutil.Process:
    """The one opencode server among our descendants."""
    for process in psutil.Process().children(recursive=True):
        if "opencode" in process.name() and process.net_connections("tcp"):
            return process
    raise RuntimeError("no opencode server runs")


def listening_port(process: psutil.Process) -> int:
    return int(next(one.laddr.port for one in process.net_connections("tcp") if one.status == psutil.CONN_LISTEN))


async def collect(data_dir: Path, task: EnqueuedTask) -> Evidence:
    """Read the agent session out of the database and the port off the process."""
    postgres = EmbeddedPostgres(data_dir=data_dir)
    database = Database(dsn=await postgres.start(), size=1, relaxed_size=1)
    await database.open()
    try:
        async with database.connection() as conn:
            found = await get_agent_session(conn, ChatId(task.chat_id), "opencode")
    finally:
        await database.close()
        await postgres.stop()
    assert found is not None, "the turn has an agent session"
    process = opencode_process()
    return Evidence(found.native_id, listening_port(process), process.pid)


@asynccontextmanager
async def service(place: Path, program: Path, model: ScriptedModel) -> AsyncIterator[Client]:
    """The whole service inside this process, with nothing of this machine's settings."""
    environ = {"HOME": str(place), "PATH": os.environ.get("PATH", os.defpath)}
    settings = load_settings(
        environ=environ,
        flags={
            "data_dir": str(place / "data"),
            "port": 0,
            "models.base_url": model.base_url,
            "agents.opencode.program": str(program),
            "agents.opencode.use_own_config": False,
            "log_level": "error",
        },
    )
    async with app.running(settings) as info, Client(url=info.url, token=info.token) as client:
        yield client


async def turn(client: Client, console: Console, ask: TaskRequest) -> FinishedTask:
    """One turn as `boocoder run --apply` shows it."""
    console.print()
    console.print(f"$ boocoder run --apply {'--session ... ' if ask.session_id else ''}\\", style="bold")
    for line in f'"{ask.prompt}"'.splitlines():
        console.print(f"    {line}", style="bold")
    view = LiveView(console)
    seen = await show_task(client, await enqueue_task(client, ask), view.show)
    show_end(console, view, seen)
    if seen.outcome != "completed" or seen.change is None:
        raise SystemExit("The turn did not complete; what is written above says why.")
    await decide(client, seen.change, console, apply=True, question=None)
    return seen


def save_picture(console: Console, path: Path) -> None:
    """What was shown so far as an SVG without fonts from elsewhere."""
    path.parent.mkdir(parents=True, exist_ok=True)
    svg = console.export_svg(title="make demo").replace("<svg ", '<svg xml:space="preserve" ', 1)
    path.write_text(re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL).replace("Fira Code, ", ""))


async def demo(console: Console, place: Path, picture: Path | None) -> None:
    console.print("Making a repository, a database and a service in a temporary directory ...", style="dim")
    began = time.monotonic()
    program = install_opencode()
    repository = make_repository(place / "greeter")
    async with ScriptedModel(delay_s=WORD_DELAY_S) as model, service(place, program, model) as client:
        console.print(f"The service is ready after {duration(time.monotonic() - began)}.", style="dim")
        first = await turn(client, console, TaskRequest(FIRST, repository))
        if picture:
            save_picture(console, picture)
        before = await collect(place / "data", first.task)
        second = await turn(client, console, TaskRequest(SECOND, repository, session_id=first.task.session_id))
        after = await collect(place / "data", second.task)
    console.print()
    console.print("What this was", style="bold")
    tell(console, first, second, before, after)
    console.print(f"  your checkout     {git(repository, 'status', '--short').replace(chr(10), ', ')}")
    console.print(f"  its history       {git(repository, 'log', '--oneline')}  (nothing is committed for you)")
    if before != after:
        raise SystemExit("The second turn did not go on in the first one's agent session.")


def tell(console: Console, first: FinishedTask, second: FinishedTask, before: Evidence, after: Evidence) -> None:
    def both(one: str, other: str) -> str:
        return f"{one} in both turns" if one == other else f"{one}, then {other}"

    server = [f"port {turn.opencode_port}, process {turn.opencode_pid}" for turn in (before, after)]
    console.print(f"  agent session     {both(before.agent_session, after.agent_session)}")
    console.print(f"  opencode server   {both(*server)}")
    console.print(f"  first turn        {duration(first.took_s)}, the start of opencode's session included")
    console.print(f"  second turn       {duration(second.took_s)}, it knew the first one's words")


def gone(place: Path) -> bool:
    """Whether no process works in the temporary directory any more."""
    return not psutil.Process().children(recursive=True) and not place.exists()


def main() -> int:
    parser = argparse.ArgumentParser(description="boocoder at work, in a throw-away place")
    parser.add_argument("--svg", type=Path, help="write a picture of the first turn to this file")
    args = parser.parse_args()
    width = PICTURE_COLUMNS if args.svg else None
    console = Console(record=bool(args.svg), highlight=False, markup=False, emoji=False, soft_wrap=True, width=width)
    try:
        with tempfile.TemporaryDirectory(prefix="boocoder-demo-") as folder:
            place = Path(folder)
            asyncio.run(demo(console, place, args.svg))
    except BoocoderError as error:
        show_error(error)
        return 1
    except InstallError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    console.print(f"  left behind       {'nothing' if gone(place) else 'something: please report it'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
