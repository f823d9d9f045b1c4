"""The native agent's system prompt: short for small models, and ordered for the server's prompt cache.

Rules and tools, which are the same in every session, come first. The project's rules and the directory follow with the
first prompt, so that a server has to process only the prompt of a second session.
"""

from __future__ import annotations

from pathlib import Path

from boocoder.backends.native.context.project_rules import guide_in, skill_lines
from boocoder.backends.native.limits import GUIDE_MAX_CHARS
from boocoder.backends.native.mode import AgentMode
from boocoder.backends.native.tools.edit_form import EditForm
from boocoder.events.clean_text import clean

_EDITS = {
    EditForm.EXACT: "edit replaces an exact text: copy it from the file as it is.",
    EditForm.LINES: "edit replaces lines by their numbers, as read shows them.",
    EditForm.WHOLE: "To change a file, read it, then write it whole with your change.",
}
_HEAD = """\
You are a coding agent. You work on the files of one project by calling tools.

Rules:
- Paths are relative to the working directory. Stay inside it.
- Look before you change: search, list and read what matters, then edit. Do not guess what a file holds.
- explore answers a question about many files without filling your own context.
- {edits} write replaces a whole file. Read a file before you change it.
- After a change, check it with the project's own tests or tools (shell) where that is possible.
- If a tool fails, read its message and do something else; do not send the same call again.
- Do only what is asked. Do not commit, push, or install software unless asked.
- For work of more than three steps, keep a plan with the plan tool.
- Answer without a tool call only when you are done; then say in a few sentences what you did or found.
"""


_READ_ONLY = """\
- You may only read. Nothing can be changed and no command can be run in this mode: say what you would do.
"""
_PLAN = "- Answer with a plan: the steps, the files that they touch, and what could go wrong.\n"

_EXPLORER = """\
You look through the files of one project to answer a question of another agent, which sees nothing but your answer.
You can only read: call search, list and read. Paths are relative to the working directory.
- Search and list first; read only what matters. If a tool fails, do something else.
- When you know the answer, or that it is not there, stop and say it in at most 200 words: the paths with line numbers,
  the lines that matter, and what you did not find. State only what you have seen.
"""


def explorer_prompt() -> str:
    """The rules of a helper that answers a question about the project."""
    return _EXPLORER


def system_prompt(mode: AgentMode, form: EditForm = EditForm.EXACT) -> str:
    """The rules, which are the same for all sessions with the same mode and edit form."""
    return (
        _HEAD.format(edits=_EDITS[form])
        + (_READ_ONLY if mode.read_only else "")
        + (_PLAN if mode is AgentMode.PLAN else "")
    )


def project_preamble(worktree: Path, *, max_chars: int = GUIDE_MAX_CHARS) -> str:
    """Text before the first prompt: the project's rules and skills, if any, and the directory.

    Args:
        worktree: where the project's files are.
        max_chars: limit of the rules; skills get a quarter of it.
    """
    guide = guide_in(worktree, worktree, min(max_chars, GUIDE_MAX_CHARS))
    rules = f"The project's own rules ({guide.path}):\n{guide.text}\n\n" if guide else ""
    skills = _within(skill_lines(worktree), max_chars // 4)
    if skills:
        rules += f"Skills: read the file of one before you do such work.\n{skills}\n\n"
    return f"<environment_context>\n{rules}Working directory: {clean(str(worktree))}\n</environment_context>\n\n"


def _within(lines: list[str], max_chars: int) -> str:
    """The first lines that fit into a number of characters."""
    kept: list[str] = []
    for line in lines:
        max_chars -= len(line) + 1
        if max_chars < 0:
            break
        kept.append(line)
    return "\n".join(kept)
