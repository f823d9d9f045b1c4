"""All formats by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from boocoder.backends.oneshot.formats.claude import ClaudeReader
from boocoder.backends.oneshot.formats.cline import ClineReader
from boocoder.backends.oneshot.formats.codex import CodexReader
from boocoder.backends.oneshot.formats.copilot import CopilotReader
from boocoder.backends.oneshot.formats.gemini import GeminiReader
from boocoder.backends.oneshot.formats.goose import GooseReader
from boocoder.backends.oneshot.formats.kimi import KimiReader
from boocoder.backends.oneshot.formats.opencode import OpenCodeReader
from boocoder.backends.oneshot.formats.plain import PlainReader
from boocoder.backends.oneshot.formats.reader import OutputReader
from boocoder.backends.oneshot.formats.vibe import VibeReader

FORMATS: Mapping[str, Callable[[], OutputReader]] = {
    "claude": ClaudeReader,
    "cline": ClineReader,
    "codex": CodexReader,
    "copilot": CopilotReader,
    "gemini": GeminiReader,
    "goose": GooseReader,
    "kimi": KimiReader,
    "opencode": OpenCodeReader,
    "plain": PlainReader,
    "qwen": ClaudeReader,
    "vibe": VibeReader,
}
"""What makes the reader of one turn."""


def reader_of(format: str, *, cost_before: float = 0.0) -> OutputReader:
    """A reader for one turn.

    Args:
        format: a name of `FORMATS`.
        cost_before: what the session had cost before, for agents that count it as a whole; in US dollars.
    """
    made = FORMATS[format]
    return ClaudeReader(cost_before=cost_before) if made is ClaudeReader else made()


KEPT_OPEN_FORMATS = ("claude", "qwen")
"""Those whose agents take prompts as lines, too."""
