"""`boocoder skill`: tells other agents how to use boocoder."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from boocoder.cli.invocation import settings_of
from boocoder.cli.skill import PLACES, install, skill_text
from boocoder.cli.views.style import print_json


class InstalledSkill(msgspec.Struct, frozen=True):
    """Where the skill was written."""

    place: str
    path: str


class SkillText(msgspec.Struct, frozen=True):
    """The skill."""

    text: str


@click.group("skill")
def command() -> None:
    """The skill that tells other agents how to use boocoder: install, show."""


@command.command("install")
@click.option(
    "--into",
    "places",
    multiple=True,
    type=click.Choice(list(PLACES)),
    help="claude: .claude/skills, agents: .agents/skills; may be repeated; default: both.",
)
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A repository that shall have it; default: your home directory, for all repositories.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def install_skill(ctx: click.Context, places: tuple[str, ...], folder: Path | None, as_json: bool) -> None:
    """Write SKILL.md where agents look for skills; an earlier version of it is replaced."""
    root = settings_of(ctx).surroundings.home if folder is None else folder.absolute()
    for place in places or tuple(PLACES):
        path = install(root, place)
        if as_json:
            print_json(InstalledSkill(place, str(path)))
        else:
            click.echo(path)


@command.command("show")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def show(as_json: bool) -> None:
    """Print SKILL.md."""
    if as_json:
        print_json(SkillText(skill_text()))
    else:
        click.echo(skill_text(), nl=False)
