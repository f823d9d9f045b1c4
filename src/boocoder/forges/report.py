"""What a forge's delivery says of a branch, whatever the forge. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from boocoder.db.registry.follows import ForgeNews
from boocoder.events.clean_text import clean
from boocoder.intake.hooks.template import text_at
from boocoder.model.webhook import ForgeEventKind

TEXT_MAX_CHARS = 20_000  # of one check or comment, as of a field of a hook's template
URL_MAX_CHARS = 2_000
AUTHOR_MAX_CHARS = 200


@dataclass(frozen=True, slots=True)
class ForgeEvent:
    """What is to be answered.

    Args:
        key: the same for what says the same.
        trusted: whether the forge says that its author may write to the repository.
    """

    kind: ForgeEventKind
    key: str
    text: str
    author: str = ""
    url: str = ""
    trusted: bool = True


@dataclass(frozen=True, slots=True)
class ForgeReport:
    """A delivery about branches of a repository.

    Args:
        repository: its path at the forge in lower case.
        branch, number, base: of the pull requests that it is about: their branch, their number, or the branch that they
            are meant for; None where the delivery does not say.
    """

    repository: str
    branch: str | None = None
    number: int | None = None
    base: str | None = None
    news: ForgeNews = field(default_factory=ForgeNews)
    event: ForgeEvent | None = None


def text_of(payload: Mapping[str, object], path: str, max_chars: int = TEXT_MAX_CHARS) -> str:
    """A field as text, cut."""
    return clean(text_at(payload, path))[:max_chars]


def number_of(payload: Mapping[str, object], path: str) -> int | None:
    """A field as the number of a pull request."""
    text = text_at(payload, path)
    return int(text) if text.isdecimal() and len(text) < 10 else None


def base_moved(repository: str, payload: Mapping[str, object]) -> ForgeReport | None:
    """What a push says, whose fields both kinds of forges name alike; None where no branch was pushed."""
    ref, after = text_of(payload, "ref", URL_MAX_CHARS), text_of(payload, "after", 64)
    if not ref.startswith("refs/heads/") or not after.strip("0"):
        return None
    base = ref.removeprefix("refs/heads/")
    event = ForgeEvent(ForgeEventKind.BASE, f"base:{after}", f"{base} has moved to {after}.")
    return ForgeReport(repository, base=base, event=event)
