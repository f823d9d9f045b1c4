"""Entry point of the command line: loads the command that is called and prints errors with their cure.

It imports little to keep `boocoder --help` quick.
"""

from __future__ import annotations

import importlib
import io
import os
import sys

import click

from boocoder.cli.quick_imports import quick_imports
from boocoder.errors import BoocoderError, Conflict, InvalidInput, NotFound, sentences

GROUPS: dict[str, dict[str, tuple[str, str]]] = {
    "Work": {
        "run": ("work.run", "Give an agent a task, watch it, decide about its change."),
        "watch": ("work.watch", "Show a running or ended task from its beginning."),
        "wait": ("work.watch:wait", "Wait until tasks have ended."),
        "steer": ("work.steer", "Give a message to the turn that runs."),
        "tasks": ("work.tasks", "The queue: list, show, add, edit, move, cancel."),
        "sessions": ("work.sessions", "Sessions: list, show, archive, reopen."),
        "permissions": ("work.permissions", "What agents ask you: list, allow, refuse, answer, rules."),
        "search": ("work.search", "Search the conversations of all sessions."),
        "usage": ("work.search:usage", "Turns, tokens, cost and time by agent, model and project."),
    },
    "Changes": {
        "diff": ("changes.diff", "Show a change, or print it for git apply."),
        "review": ("changes.review", "Decide a change part by part, comment, revert parts."),
        "apply": ("changes.apply", "Apply a change: to the checkout, as a commit, as a branch."),
        "unapply": ("changes.unapply", "Remove an applied change from your checkout."),
        "publish": ("changes.publish", "Push a change as a branch, with a pull request."),
        "changes": ("changes.changes", "Changes: list, show, diff, apply, reject."),
    },
    "Files of sessions": {
        "snapshots": ("files.snapshots", "States of a session's files: list, take, diff."),
        "rewind": ("files.rewind", "Restore a session's files to a snapshot."),
        "update": ("files.update", "Merge the newest commit of its branch into a session."),
        "fork": ("files.fork", "Start a new session from a snapshot of another one."),
        "worktrees": ("files.worktrees", "Where sessions' files are: sizes, remove, restore, pin."),
        "prune": ("files.prune", "Remove unused worktrees."),
    },
    "Setup": {
        "projects": ("setup.projects", "Projects: list, add, relink, remove, settings."),
        "agents": ("setup.agents", "Show the available agents."),
        "models": ("setup.models", "The models of model servers: list, unload."),
        "config": ("setup.config", "Show every setting with its value."),
    },
    "Integrations": {
        "acp": ("service.acp", "Be an agent for an editor, over ACP; the editor starts it."),
        "skill": ("setup.skill", "The skill that tells other agents how to use boocoder: install, show."),
        "mcp": ("service.mcp", "Serve MCP on standard input and output, for other agents."),
    },
    "Service": {
        "serve": ("service.serve", "Start the service and keep it running."),
        "open": ("service.open_page", "Open the page in the browser, signed in."),
        "browsers": ("service.browsers", "Signed-in browsers: list, sign out."),
        "tokens": ("service.tokens", "Tokens for other programs: list, add, revoke."),
        "follows": (
            "changes.follows",
            "Published branches and what their forges say: list, show, stop, resume.",
        ),
        "hooks": (
            "service.hooks",
            "Addresses where other programs start tasks: list, add, enable, disable, remove.",
        ),
        "webhooks": ("service.webhooks", "URLs that are told of events: list, add, test, remove."),
        "status": ("service.status", "Whether the service runs, and its load."),
        "hosts": ("service.hosts", "The machines that work on this database."),
        "stop": ("service.status:stop", "Stop the running service."),
        "logs": ("service.logs", "Print the service's log."),
        "backup": ("service.backup", "Back up everything into one file, even while the service runs."),
        "restore": ("service.backup:restore", "Restore a backup into an empty data directory."),
        "doctor": ("service.doctor", "Check everything that boocoder needs, and how to fix it."),
        "completion": ("service.completion", "Print the completion script for bash, zsh or fish."),
        "man": ("service.completion:man", "Print the manual page."),
        "scripted-model": (
            "boocoder.scripted_model.__main__:main",
            "Run the scripted model server, to try things without a model.",
        ),
    },
}
COMMANDS = {name: found for group in GROUPS.values() for name, found in group.items()}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command out of its module, where it is called `command` unless the table says otherwise."""
        if name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[name][0].partition(":")
        place = module if module.startswith("boocoder.") else f"boocoder.cli.commands.{module}"
        with quick_imports():
            command: click.Command = getattr(importlib.import_module(place), attribute or "command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands by what they are about, without importing them."""
        for title, group in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name, text) for name, (_, text) in group.items()])


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        click.echo(f"boocoder {version('boocoder')}")
        ctx.exit()


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--data-dir", metavar="PATH", help="Where boocoder keeps everything (setting data_dir).")
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
@click.pass_context
def root(ctx: click.Context, data_dir: str | None) -> None:
    """Runs coding agents and shows their work.

    Exit codes: 0 done, 1 failed, 2 usage or refused input, 130 cancelled.
    """
    ctx.obj = {"data_dir": data_dir}


def main() -> None:
    """Run the command line and exit."""
    sys.exit(_run())


def _run() -> int:
    _open_standard_streams()
    try:
        code = root.main(prog_name="boocoder", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        _with_suggestion(error).show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:  # the reader is gone, such as `| head`
        _discard_output()
        return 1
    except OSError as error:
        _discard_output()
        _show(BoocoderError("output_failed", f"The command failed: {error.strerror or error}.", ""))
        return 1
    except BoocoderError as error:
        _show(error)
        return 2 if isinstance(error, InvalidInput | NotFound) and not isinstance(error, Conflict) else 1
    return code if isinstance(code, int) else 0


def _show(error: BoocoderError) -> None:
    from boocoder.cli.views.style import show_error  # most calls end without an error

    show_error(error)


def _with_suggestion(error: click.ClickException) -> click.ClickException:
    """The error, with the nearest command where one is unknown."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is None or not isinstance(context.command, click.Group) or "No such command" not in error.message:
        return error
    import difflib

    typed = error.message.partition("'")[2].partition("'")[0]
    near = difflib.get_close_matches(typed, context.command.list_commands(context), n=1)
    if not near or "Did you mean" in error.message:
        return error
    return click.UsageError(sentences(error.message, f"Did you mean {near[0]}?"), context)


def _open_standard_streams() -> None:
    """Make standard streams that every text can be written to.

    Closed ones (`<&-`) become /dev/null: otherwise the next file opened would take their place. What the output's
    encoding lacks, such as a file name that is not UTF-8, is written with backslashes instead of ending the command.
    """
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        try:
            os.fstat(number)
        except OSError:
            os.dup2(os.open(os.devnull, os.O_RDWR), number)
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, mode, closefd=False))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _discard_output() -> None:
    """Keep what is left in the buffer from failing again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
