"""The command line's entry: finds the command, loads it only then, and shows errors as text and cure.

It imports little, so that `boocoder --help` is quick.
"""

from __future__ import annotations

import importlib
import os
import sys

import click

from boocoder.cli.style import show_error
from boocoder.errors import BoocoderError, Conflict, InvalidInput, NotFound

COMMANDS = {
    "serve": ("boocoder.cli.serve", "Start the service and keep it running."),
    "open": ("boocoder.cli.open_page", "Open the page in the browser, with a fresh sign-in link."),
    "run": ("boocoder.cli.run", "Give an agent a task, watch it, decide on its change."),
    "tasks": ("boocoder.cli.tasks", "The queue: list, show, add, edit, move, cancel."),
    "sessions": ("boocoder.cli.sessions", "Sessions: list, show, archive, reopen."),
    "diff": ("boocoder.cli.diff", "Show a change, or print it for git apply."),
    "review": ("boocoder.cli.review", "Decide a change part by part, comment, take parts back."),
    "apply": ("boocoder.cli.apply", "Apply a change: to the checkout, as a commit, as a branch."),
    "publish": ("boocoder.cli.publish", "Push a change as a branch, with a pull request."),
    "changes": ("boocoder.cli.changes", "Changes: list, show, diff, apply, reject."),
    "snapshots": ("boocoder.cli.snapshots", "States of a session's files: list, take, diff."),
    "rewind": ("boocoder.cli.rewind", "Set a session's files back to a snapshot."),
    "fork": ("boocoder.cli.fork", "Make a new session out of a point of another one."),
    "worktrees": ("boocoder.cli.worktrees", "Where sessions' files are: sizes, remove, restore, pin."),
    "prune": ("boocoder.cli.prune", "Remove worktrees that nobody needs."),
    "permissions": ("boocoder.cli.permissions", "What agents ask you: list, allow, refuse, answer, rules."),
    "projects": ("boocoder.cli.projects", "Projects: list, add, settings."),
    "agents": ("boocoder.cli.agents", "Which agents work here."),
    "doctor": ("boocoder.cli.doctor", "Check everything that boocoder needs, with cures."),
    "scripted-model": ("boocoder.cli.scripted_model", "Run the scripted model server, for trials without a model."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command's own module holds it under the name `command`."""
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


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
    """Gives coding agents their work and shows you what came of it.

    Exit codes: 0 done, 1 failed, 2 usage or refused input, 130 cancelled.
    """
    ctx.obj = {"data_dir": data_dir}


def main() -> None:
    """Run the command line and exit."""
    sys.exit(_run())


def _run() -> int:
    try:
        code = root.main(standalone_mode=False)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        # The reader is gone (`| head`); what is left in the buffer must not raise again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except BoocoderError as error:
        show_error(error)
        return 2 if isinstance(error, InvalidInput | NotFound) and not isinstance(error, Conflict) else 1
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    main()
