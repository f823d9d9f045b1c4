"""The native agent's system prompt: short, for small models read every word. Reads the project's own rules."""

from __future__ import annotations

from pathlib import Path

from boocoder.backends.native.limits import GUIDE_MAX_CHARS
from boocoder.events.clean_text import clean

GUIDES = ("AGENTS.md", "CLAUDE.md")  # the first one that is there; projects keep the same text in both

_HEAD = """\
You are a coding agent. You work on the files of one project by calling tools.
Working directory: {worktree}

Rules:
- Paths are relative to the working directory. Stay inside it.
- Look before you change: search, list and read what matters, then edit. Do not guess what a file holds.
- edit replaces an exact text: copy it from the file as it stands. write replaces a whole file.
- After a change, check it with the project's own tests or tools (shell) where that is possible.
- If a tool fails, read its message and do something else; do not send the same call again.
- Do only what is asked. Do not commit, push, or install software unless asked.
- For work of more than three steps, keep a plan with the plan tool.
- Answer without a tool call only when you are done; then say in a few sentences what you did or found.
"""


def system_prompt(worktree: Path) -> str:
    """The rules, the place, and the project's own guide if it has one."""
    head = _HEAD.format(worktree=clean(str(worktree)))
    name, guide = _guide(worktree)
    return f"{head}\nThe project's own rules ({name}):\n{guide}\n" if guide else head


def _guide(worktree: Path) -> tuple[str, str]:
    for name in GUIDES:
        path = worktree / name
        try:
            if not path.resolve().is_relative_to(worktree.resolve()) or not path.is_file():
                continue
            with path.open("rb") as file:
                data = file.read(GUIDE_MAX_CHARS * 4)
        except (OSError, RuntimeError):
            continue
        text = clean(data.decode("utf-8", errors="replace")).strip()
        if len(text) > GUIDE_MAX_CHARS:
            text = f"{text[:GUIDE_MAX_CHARS]}\n[the rest is left out: read {name} for it]"
        if text:
            return name, text
    return "", ""
