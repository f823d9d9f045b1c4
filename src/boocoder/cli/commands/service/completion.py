"""`boocoder completion` and `boocoder man`: generate shell completion and the manual page from the commands."""

from __future__ import annotations

from importlib import metadata

import click
from click.shell_completion import get_completion_class

VARIABLE = "_BOOCODER_COMPLETE"  # click's name for a program called boocoder
WHERE = {
    "bash": 'Put it into ~/.bashrc: eval "$(boocoder completion bash)"',
    "zsh": 'Put it into ~/.zshrc: eval "$(boocoder completion zsh)"',
    "fish": "Put it into a file: boocoder completion fish > ~/.config/fish/completions/boocoder.fish",
}


@click.command("completion", epilog="\b\n" + "\n".join(WHERE.values()))
@click.argument("shell", type=click.Choice(list(WHERE)))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script for SHELL: commands, options, and ids of the running service."""
    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(ctx.find_root().command, {}, "boocoder", VARIABLE).source())


@click.command("man")
@click.pass_context
def man(ctx: click.Context) -> None:
    """Print the manual page of all commands, in roff: boocoder man | man -l -"""
    root = ctx.find_root()
    lines = [
        f'.TH BOOCODER 1 "" "boocoder {metadata.version("boocoder")}"',
        ".SH NAME",
        r"boocoder \- gives coding agents their work",
        *_section(root, "boocoder"),
    ]
    click.echo("\n".join(lines))


def _section(ctx: click.Context, name: str) -> list[str]:
    """A command with its options, then its commands."""
    lines = [".SH " + ("SYNOPSIS" if name == "boocoder" else _roff(name.upper())), ".B " + _roff(name), _usage(ctx)]
    lines += [".PP", _roff(ctx.command.help or "")]
    for parameter in ctx.command.get_params(ctx):
        record = parameter.get_help_record(ctx)
        if record is not None:
            lines += [".TP", ".B " + _roff(record[0]), _roff(record[1])]
    if isinstance(ctx.command, click.Group):
        for one in ctx.command.list_commands(ctx):
            inner = ctx.command.get_command(ctx, one)
            if inner is not None:
                with click.Context(inner, parent=ctx, info_name=one) as below:
                    lines += _section(below, f"{name} {one}")
    return lines


def _usage(ctx: click.Context) -> str:
    return _roff(" ".join(ctx.command.collect_usage_pieces(ctx)))


def _roff(text: str) -> str:
    """Text as roff takes it: no line begins with a control character."""
    lines = (line.strip() for line in text.replace("\b", "").replace("\\", "\\e").replace("-", "\\-").splitlines())
    return "\n".join(f"\\&{line}" if line.startswith((".", "'")) else line or ".PP" for line in lines)
