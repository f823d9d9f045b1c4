"""Every `boocoder` command line on a page of docs/ and in the README parses: command, options, values and arguments."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from boocoder.cli.main import root
from tests.paths import DOCS, ROOT

SKILL = ROOT / "src/boocoder/cli/SKILL.md"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.glob("*.md")), SKILL]
END_OF_COMMAND = {"|", ">", "&&", "&", ";"}


def command_lines(page: str) -> Iterator[str]:
    """The lines of code blocks that run boocoder, and the pieces of inline code that do."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    for language, block in blocks:
        if language in ("", "sh"):
            yield from re.findall(r"^(?:.*\| )?(boocoder [^\n]*)", re.sub(r"^\$ ", "", block), re.MULTILINE)
    prose = re.sub(r"^```.*?^```|^\|[^\n]*$", "", page, flags=re.MULTILINE | re.DOTALL)
    yield from (text.replace("\n", " ") for text in re.findall(r"`(boocoder [^`]*)`", prose))


def alternatives(line: str) -> list[str]:
    """`boocoder worktrees pin|unpin SESSION` is two command lines."""
    names = re.search(r"\b[a-z]+(?:\|[a-z]+)+\b", line)
    return [line.replace(names[0], name) for name in names[0].split("|")] if names else [line]


def arguments(line: str) -> list[str]:
    """What the shell would pass to boocoder: without comments, redirections and further commands."""
    words = shlex.split(line, comments=True)
    end = next((at for at, word in enumerate(words) if word in END_OF_COMMAND), len(words))
    return words[1:end]


FOUND = {
    (path.name, command)
    for path in PAGES
    for line in command_lines(path.read_text("utf-8"))
    for command in alternatives(line)
}


def parse(command: click.Command, name: str, words: list[str], parent: click.Context | None) -> None:
    """Parses as click does, without calling anything and without looking at the values of placeholders."""
    ctx = click.Context(command, info_name=name, parent=parent)
    _, rest, _ = command.make_parser(ctx).parse_args(list(words))
    if isinstance(command, click.Group) and rest:
        inner = command.get_command(ctx, rest[0])
        assert inner is not None, f"there is no command {rest[0]}"
        parse(inner, rest[0], rest[1:], ctx)
    else:
        assert not rest, f"unexpected arguments {rest}"


@pytest.mark.parametrize(("page", "line"), sorted(FOUND))
def test_a_documented_command_line_parses(page: str, line: str) -> None:
    parse(root, "boocoder", arguments(line), None)


def test_the_pages_are_read_as_meant() -> None:
    lines = {line for _, line in FOUND}
    assert len(lines) > 100
    assert len({line for page, line in FOUND if page == SKILL.name}) > 15
    assert any(line.startswith("boocoder worktrees unpin SESSION") for line in lines)
    assert arguments('boocoder run -s ID "go on"   # continue') == ["run", "-s", "ID", "go on"]


def test_an_unknown_option_is_found() -> None:
    with pytest.raises(click.NoSuchOption):
        parse(root, "boocoder", ["run", "--no-such-option", "x"], None)
