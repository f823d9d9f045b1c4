"""What a prompt is told besides: the conversation so far, for an agent that has not seen it, and files. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from boocoder.db.attachments import Attachment

HANDOVER_MAX_CHARS = 48_000  # about 12,000 tokens: fits the context of small local models beside a prompt
ANSWER_MAX_CHARS = 4_000  # of one answer; the person's own words are never cut

HEAD = "Here is the conversation of this workspace so far. The files are as they were left.\n"
MISSED_HEAD = "Since your last turn, this was said here, with other agents at work on the same files.\n"
ATTACHED_HEAD = "The person attached these files. They are not part of the project; read them where they are:"
TAIL = "\nThe conversation goes on with this message:\n"


@dataclass(frozen=True, slots=True)
class Said:
    """One earlier message. `who` is 'user' or the agent's name."""

    who: str
    text: str


def digest(messages: Sequence[Said], *, head: str = HEAD) -> str:
    """The conversation as a preface to a prompt; the newest messages win where it is too long.

    Args:
        messages: oldest first.
        head: the sentence before them.

    Returns:
        "" when nothing was said.
    """
    lines: list[str] = []
    left = HANDOVER_MAX_CHARS
    for message in reversed(messages):
        text = message.text if message.who == "user" else _shorten(message.text)
        line = f"[{message.who}]\n{text.strip()}\n"
        if lines and len(line) > left:
            lines.append("[earlier messages are left out]\n")
            break
        lines.append(line)
        left -= len(line)
    if not lines:
        return ""
    return head + "\n" + "\n".join(reversed(lines)) + TAIL


def attached_text(files: Sequence[Attachment]) -> str:
    """What is put behind a prompt to name the files that were sent with it; "" without any."""
    if not files:
        return ""
    lines = [f"- {one.path} ({one.media_type}, {one.size_bytes:,} bytes)" for one in files]
    return "\n\n" + "\n".join([ATTACHED_HEAD, *lines])


def _shorten(text: str) -> str:
    if len(text) <= ANSWER_MAX_CHARS:
        return text
    half = ANSWER_MAX_CHARS // 2
    return f"{text[:half]}\n[{len(text) - ANSWER_MAX_CHARS} characters left out]\n{text[-half:]}"
