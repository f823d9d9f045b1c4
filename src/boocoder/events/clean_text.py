"""Text that PostgreSQL and JSON can hold, out of text that an agent sent. Pure."""

from __future__ import annotations

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def clean(text: str) -> str:
    """The text with NUL and lone surrogates replaced: PostgreSQL refuses the one, UTF-8 the other.

    The number of code points stays the same, except that a surrogate pair becomes its one character.
    """
    if "\x00" in text:
        text = text.replace("\x00", REPLACEMENT)
    try:
        text.encode()
    except UnicodeEncodeError:
        joined = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        text = joined
    return text


def split_high_surrogate(text: str) -> tuple[str, str]:
    """Split off a trailing high surrogate: agents written in JavaScript cut an emoji between two deltas."""
    if text and "\ud800" <= text[-1] <= "\udbff":
        return text[:-1], text[-1]
    return text, ""
