"""All formats by their names. Values only."""

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
from boocoder.backends.oneshot.formats.reader import Reader
from boocoder.backends.oneshot.formats.vibe import VibeReader

FORMATS: Mapping[str, Callable[[], Reader]] = {
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

KEPT_OPEN_FORMATS = ("claude", "qwen")
"""Those whose agents take prompts as lines, too."""
