"""Every command with nonsensical arguments: an exit code and a sentence, never a traceback."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from boocoder.cli import main
from tests.outside_input import ARGUMENTS

ROUNDS = 15  # of every command
STARTS_SOMETHING = {"serve", "scripted-model", "run", "mcp"}  # these run until they are stopped


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command below one that does something itself."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from leaves(below, (*path, name))
        if not command.invoke_without_command:
            return
    yield path, command


def arguments(command: click.Command, drawn: random.Random) -> list[str]:
    """Some of the command's options and arguments, some of them wrong."""
    found: list[str] = []
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            if drawn.random() < 0.4:
                found.append(drawn.choice(parameter.opts))
                found += [] if parameter.is_flag else [drawn.choice(ARGUMENTS)]
        elif drawn.random() < 0.8:
            found += [drawn.choice(ARGUMENTS) for _ in range(drawn.choice((1, 1, 2)))]
    return found if drawn.random() < 0.7 else [*found, drawn.choice(ARGUMENTS)]


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is no repository, a home without settings, no service."""
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))
    folder = tmp_path / "folder"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("group", sorted(set(main.COMMANDS) - STARTS_SOMETHING))
def test_arguments_never_end_in_a_traceback(
    group: str, nowhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = main.root.get_command(click.Context(main.root), group)
    assert root is not None
    drawn = random.Random(group)
    for path, command in leaves(root, (group,)):
        for _ in range(ROUNDS):
            argv = ["boocoder", *path, *arguments(command, drawn)]
            monkeypatch.setattr("sys.argv", argv)
            with pytest.raises(SystemExit) as ended:
                main.main()
            printed = capsys.readouterr()
            assert ended.value.code in (0, 1, 2), argv
            assert ended.value.code == 0 or printed.err.strip() or printed.out.strip(), argv
            assert "Traceback" not in printed.err + printed.out, argv
    assert list(nowhere.iterdir()) == [], "it wrote into the folder"
