"""Which project a person means by an id, the beginning of one, or a path; asks the service and changes nothing."""

from __future__ import annotations

from pathlib import Path

from boocoder.cli import wire
from boocoder.cli.client import Client
from boocoder.errors import InvalidInput, NotFound

ID_MIN_CHARS = 4


async def which_project(client: Client, text: str) -> wire.Project:
    """The listed project that `text` names.

    Args:
        text: an id, at least four characters of one, or a path in its repository; a path wins.

    Raises:
        NotFound: project_unknown.
        InvalidInput: id_ambiguous.
    """
    listed = await client.items("/api/projects", wire.Project)
    place = Path(text).expanduser().resolve()
    around = [one for one in listed if place.is_relative_to(one.path)]
    if around:
        return max(around, key=lambda one: len(one.path))  # the innermost, where one repository is inside another
    named = [one for one in listed if len(text) >= ID_MIN_CHARS and str(one.id).startswith(text.lower())]
    if not named:
        cure = "Look it up with: boocoder projects list"
        raise NotFound("project_unknown", f"No project is at {text!r}, and no id begins so.", cure)
    if len(named) > 1:
        raise InvalidInput("id_ambiguous", f"{len(named)} ids of projects begin with {text!r}.", "Give more of it.")
    return named[0]
