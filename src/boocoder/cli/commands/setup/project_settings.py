"""`boocoder projects settings`: shows and changes how a project's worktrees are set up."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import click

from boocoder.cli.client.resolve import is_path, resolve_project
from boocoder.cli.invocation import ask_service
from boocoder.cli.views.style import make_console, print_json
from boocoder.cli.views.terminal_text import plain
from boocoder.client.http_client import Client, Json
from boocoder.wire.projects import Project, ProjectSettings


@click.command("settings")
@click.argument("project", default=".")
@click.option("--copy", "copy", multiple=True, metavar="PATTERN", help="Copy ignored files that match, such as .env.")
@click.option("--copy-nothing", is_flag=True, help="Stop copying files.")
@click.option("--setup", metavar="COMMAND", help='Run this in each new worktree; "" for nothing.')
@click.option("--setup-timeout", type=float, metavar="SECONDS", help="Time limit (default 600).")
@click.option("--teardown", metavar="COMMAND", help='Run this before a worktree is removed; "" for nothing.')
@click.option("--teardown-timeout", type=float, metavar="SECONDS", help="Time limit (default 60).")
@click.option("--redact/--no-redact", default=None, help="Replace known secrets in what agents say (default: yes).")
@click.option(
    "--sign-commits", type=click.Choice(("yes", "no", "default")), help="Sign commits of changes where your git signs."
)
@click.option("--commit-hooks/--no-commit-hooks", default=None, help="Run your git hooks for commits of changes.")
@click.option(
    "--git-hooks/--no-git-hooks", default=None, help="Run your repository's git hooks in new worktrees (default: no)."
)
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@click.pass_context
def settings(
    ctx: click.Context,
    project: str,
    copy: tuple[str, ...],
    copy_nothing: bool,
    setup: str | None,
    setup_timeout: float | None,
    teardown: str | None,
    teardown_timeout: float | None,
    redact: bool | None,
    sign_commits: str | None,
    commit_hooks: bool | None,
    git_hooks: bool | None,
    as_json: bool,
) -> None:
    """Show or change the settings of PROJECT: a name, an id, or a path with a slash (default: this folder).

    Only what is given changes; the patterns that are given replace those that were there.
    """
    given: dict[str, Json] = {
        "copy_patterns": [] if copy_nothing else list(copy) or None,
        "setup": setup,
        "setup_timeout_s": setup_timeout,
        "teardown": teardown,
        "teardown_timeout_s": teardown_timeout,
        "redact": redact,
        "commit_hooks": commit_hooks,
        "git_hooks": git_hooks,
    }
    changes: dict[str, Json | None] = {name: value for name, value in given.items() if value is not None}
    if sign_commits is not None:
        changes["sign_commits"] = {"yes": True, "no": False}.get(sign_commits)
    found = ask_service(ctx, lambda client: _settings(client, project, changes))
    if as_json:
        print_json(found)
    else:
        _show(found)


async def _settings(client: Client, project: str, changes: Mapping[str, Json]) -> ProjectSettings:
    path = f"/api/projects/{await named_project_id(client, project)}/settings"
    known = await client.get(path, ProjectSettings)
    if not changes:
        return known
    before: dict[str, Json] = {
        "copy_patterns": list(known.copy_patterns),
        "setup": known.setup,
        "setup_timeout_s": known.setup_timeout_s,
        "teardown": known.teardown,
        "teardown_timeout_s": known.teardown_timeout_s,
        "redact": known.redact,
        "sign_commits": known.sign_commits,
        "commit_hooks": known.commit_hooks,
        "git_hooks": known.git_hooks,
    }
    return await client.put(path, ProjectSettings, {**before, **changes})


async def named_project_id(client: Client, project: str) -> UUID:
    """The project that an id, a name or a path names; the repository of a path is added."""
    if is_path(project):
        return (await client.post("/api/projects", Project, {"path": str(Path(project).expanduser().absolute())})).id
    return (await resolve_project(client, project)).id


def _show(found: ProjectSettings) -> None:
    console = make_console()
    patterns = "  ".join(plain(pattern) for pattern in found.copy_patterns)
    console.print(f"copy      {patterns or 'nothing'}", markup=False)
    console.print(f"setup     {_command(found.setup, found.setup_timeout_s)}", markup=False)
    console.print(f"teardown  {_command(found.teardown, found.teardown_timeout_s)}", markup=False)
    console.print(
        f"agents    your git hooks {'run' if found.git_hooks else 'do not run'} in new worktrees", markup=False
    )
    console.print(f"secrets   {'replaced in what agents say' if found.redact else 'shown'}", markup=False)

    signed = {None: "as the setting sign_commits says", True: "signed where your git signs", False: "not signed"}
    hooks = "your hooks run" if found.commit_hooks else "your hooks do not run"
    console.print(f"commits   {signed[found.sign_commits]}; {hooks}", markup=False)


def _command(text: str, timeout_s: float) -> str:
    return f"{plain(text)}  (at most {timeout_s:g} s)" if text else "nothing"
