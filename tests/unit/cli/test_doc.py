"""docs/cli.md lists every command, and every command prints JSON or says why not."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest

from boocoder.cli.main import root
from tests.paths import DOCS

PAGE = (DOCS / "cli.md").read_text("utf-8")
WITHOUT_JSON = {  # they print a diff, a log, a script or a page, or run until they are stopped
    "acp", "changes diff", "snapshots diff", "logs", "completion", "man", "mcp", "serve", "scripted-model",
}  # fmt: skip


def commands(group: click.Group, prefix: str, ctx: click.Context) -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        assert command is not None
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield prefix + name, command
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix}{name} ", click.Context(command, parent=ctx))


ALL = dict(commands(root, "", click.Context(root)))


@pytest.mark.parametrize("name", ALL)
def test_a_command_is_listed_and_has_json(name: str) -> None:
    assert re.search(rf"^\| `boocoder {re.escape(name)}[ `]", PAGE, re.MULTILINE), name
    has_json = any(parameter.name == "as_json" for parameter in ALL[name].params)
    assert has_json == (name not in WITHOUT_JSON)


def test_nothing_is_listed_that_does_not_exist() -> None:
    listed = re.findall(r"^\| `boocoder ([a-z -]+?)(?: [A-Z\[].*?)?` \|", PAGE, re.MULTILINE)
    assert sorted(listed) == sorted(ALL)
