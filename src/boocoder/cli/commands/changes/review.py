"""`boocoder review`: decides on the parts of a change interactively or by options; comments, sends, undoes."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from uuid import UUID, uuid4

import click

from boocoder.cli.client.ids import id_argument
from boocoder.cli.client.resolve import resolve_change
from boocoder.cli.flows.prompts import ask_line
from boocoder.cli.flows.review_walk import ReviewWalk, line_range, show_review
from boocoder.cli.invocation import ask_service
from boocoder.cli.views.style import make_console, print_json
from boocoder.cli.views.terminal_text import plain
from boocoder.client.http_client import Client
from boocoder.client.review_client import NamedParts, ReviewClient
from boocoder.errors import InvalidInput, NotFound
from boocoder.wire.search import IdKind

VERDICTS = {"accept": "accepted", "reject": "rejected", "open": "open"}


@dataclass(frozen=True, slots=True)
class _ReviewOptions:
    """What the options ask for; done in this order."""

    every: str | None
    accept: tuple[str, ...]
    reject: tuple[str, ...]
    reopen: tuple[str, ...]
    comments: tuple[tuple[str, str], ...]
    undo: bool
    send: bool

    @property
    def any(self) -> bool:
        """Whether there is something to do without asking."""
        return bool(self.every or self.accept or self.reject or self.reopen or self.comments or self.undo or self.send)


@click.command("review")
@id_argument("change", IdKind.CHANGE, IdKind.SESSION, required=False)
@click.option("--all", "every", type=click.Choice(list(VERDICTS)), help="Decide all parts of the change.")
@click.option("--accept", multiple=True, metavar="PATH|UNIT", help="Accept a file, a directory or a part.")
@click.option("--reject", multiple=True, metavar="PATH|UNIT", help="Reject a file, a directory or a part.")
@click.option("--open", "reopen", multiple=True, metavar="PATH|UNIT", help="Withdraw a decision.")
@click.option(
    "--comment", "comments", type=(str, str), multiple=True, metavar="PATH[:LINES] TEXT",
    help="Comment on lines (12 or 12-14) or a whole file.",
)  # fmt: skip
@click.option("--send-comments", "send", is_flag=True, help="Send all unsent comments to the agent as a task.")
@click.option("--undo", is_flag=True, help="Remove rejected parts from the agent's worktree, after a snapshot.")
@click.option("--again", is_flag=True, help="Also walk through decided parts.")
@click.option("--json", "as_json", is_flag=True, help="The verdict counts, as one JSON object.")
@click.pass_context
def command(
    ctx: click.Context,
    change: str | None,
    every: str | None,
    accept: tuple[str, ...],
    reject: tuple[str, ...],
    reopen: tuple[str, ...],
    comments: tuple[tuple[str, str], ...],
    send: bool,
    undo: bool,
    again: bool,
    as_json: bool,
) -> None:
    """Review a CHANGE, or the pending change of a session; without an id that of the project in this folder.

    At a terminal and without options it asks part by part. Decisions outlive the agent's next turns: a part that it
    leaves alone stays decided, one that it changes is open again.
    """
    orders = _ReviewOptions(every, accept, reject, reopen, comments, undo, send)

    async def ask(client: Client) -> None:
        reviewed = ReviewClient(client, await resolve_change(client, change))
        if not orders.any and not as_json and sys.stdin.isatty() and sys.stdout.isatty():
            await ReviewWalk(reviewed, make_console(), question=ask_line, again=again).walk()
            return
        said = await _carry_out(client, reviewed, orders)
        review = await ReviewClient(client, await _now(client, reviewed)).review()
        if as_json:
            print_json(review)
            return
        for line in said:
            click.echo(plain(line))
        show_review(make_console(), review)

    ask_service(ctx, ask)


async def _carry_out(client: Client, reviewed: ReviewClient, orders: _ReviewOptions) -> list[str]:
    said: list[str] = []
    if orders.every:
        await reviewed.decide(VERDICTS[orders.every], everything=True)
    for verdict, named in (("accepted", orders.accept), ("rejected", orders.reject), ("open", orders.reopen)):
        if named:
            chosen = await reviewed.choose(named)
            done = await reviewed.decide(verdict, units=chosen.units, files=chosen.files)
            said += [f"{len(done.gone)} parts were changed by the agent since and are left open."] if done.gone else []
    for where, text in orders.comments:
        await _comment(reviewed, where, text)
    session_id = (await reviewed.review()).session_id
    if orders.send:
        sent = await reviewed.send(session_id, rejected=bool((await reviewed.review()).rejected), key=str(uuid4()))
        said.append(f"task {sent.task_id}  session {sent.session_id}")
    if orders.undo:
        undone = await reviewed.undo()
        said.append(f"Taken back: {', '.join(undone.paths)}. The files as they were: snapshot {undone.snapshot_id}")
    return said


async def _now(client: Client, reviewed: ReviewClient) -> UUID:
    """What to show at the end: the change that took the place of the one that was decided on, if there is one."""
    review = await reviewed.review()
    if review.state != "superseded":
        return review.change_id
    try:
        return await resolve_change(client, str(review.session_id))
    except NotFound:  # nothing waits in the session any more
        return review.change_id


async def _comment(reviewed: ReviewClient, where: str, text: str) -> None:
    """Comment on `path` or `path:12-14`; a path that holds a colon wins over one with lines."""
    path, colon, lines = where.rpartition(":")
    chosen: NamedParts | None = None
    try:
        chosen = await reviewed.choose([where])
    except (NotFound, InvalidInput):
        if not colon:
            raise
    if chosen is None or not chosen.files:
        chosen = await reviewed.choose([path])
    else:
        lines = ""
    if len(chosen.files) != 1:
        raise InvalidInput("file_ambiguous", f"{where!r} is not one file.", "Name one file of the change.")
    first, last = line_range(lines) if lines else (0, 0)
    await reviewed.comment(chosen.files[0], text, first=first, last=last)
