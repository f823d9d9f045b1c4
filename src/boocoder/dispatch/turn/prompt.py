"""Writes the texts that go with a prompt: attached files, earlier messages, messages that the agent missed."""

from __future__ import annotations

from collections.abc import Sequence

from boocoder.db.conversation.messages import EarlierMessage
from boocoder.db.tasks.attachments import Attachment

HANDOVER_MAX_CHARS = 48_000  # about 12,000 tokens: fits the context of small local models beside a prompt
ANSWER_MAX_CHARS = 4_000  # of one answer; the person's own words are never cut

HEAD = "Here is the conversation of this workspace so far. The files are as they were left.\n"
MISSED_HEAD = "Since your last turn, this was said here, with other agents at work on the same files.\n"
ATTACHED_HEAD = "The person attached these files. They are not part of the project; read them where they are:"
TAIL = "\nThe conversation goes on with this message:\n"


def digest(messages: Sequence[EarlierMessage], *, head: str = HEAD) -> str:
    """The conversation as a preface to a prompt; the newest messages win where it is too long.

    Args:
        messages: oldest first.
        head: the sentence before them.

    Returns:
        "" if there are no messages.
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


def missed_by(earlier: Sequence[EarlierMessage], seen_ord: int | None) -> Sequence[EarlierMessage]:
    """The earlier messages that an agent has not seen.

    Args:
        earlier: oldest first.
        seen_ord: number of the newest message that the agent knows; None where its session holds none of the chat.
    """
    return [] if seen_ord is None else [message for message in earlier if message.ord > seen_ord]


def attached_text(files: Sequence[Attachment]) -> str:
    """Names the files that were sent with a prompt, to be put behind it; "" without any."""
    if not files:
        return ""
    lines = [f"- {one.path} ({one.media_type}, {one.size_bytes:,} bytes)" for one in files]
    return "\n\n" + "\n".join([ATTACHED_HEAD, *lines])


def _shorten(text: str) -> str:
    if len(text) <= ANSWER_MAX_CHARS:
        return text
    half = ANSWER_MAX_CHARS // 2
    return f"{text[:half]}\n[{len(text) - ANSWER_MAX_CHARS} characters left out]\n{text[-half:]}"
