"""Writes commit messages and pull request texts from the prompts of a session."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from boocoder.db.files.changes import TurnStep

SUBJECT_MAX_CHARS = 72  # what git log shows on one line of a terminal
PROMPT_SHOWN_CHARS = 2_000  # of one prompt in a squashed commit
PROMPTS_SHOWN = 50
FILES_SHOWN = 50
SLUG_MAX_CHARS = 40


def squash_message(
    title: str, steps: Sequence[TurnStep], *, agent: str, co_author: bool, commits: Sequence[str] = ()
) -> str:
    """The message of one commit for all turns.

    Args:
        title: of the session.
        steps: the turns that it holds, oldest first; may be empty.
        agent: who made the change.
        co_author: also name the agent as a co-author.
        commits: messages of the commits that the agent made, oldest first; they are told instead of the prompts.
    """
    if commits:
        return _message_of_commits(title, steps, commits, _trailers(steps, agent, co_author))
    prompts = [clean(step.prompt) for step in steps if step.prompt.strip()][-PROMPTS_SHOWN:]
    subject, rest = _subject(title or (prompts[0] if prompts else ""))
    if len(prompts) == 1:
        whole = prompts[0].startswith(subject.removesuffix("..."))
        body = _subject(prompts[0])[1] if whole else _cut(prompts[0])
    else:
        body = "\n".join(f"- {_indented(_cut(prompt))}" for prompt in prompts)
    return _joined(subject, [_cut(rest if rest and not body else body)], _trailers(steps, agent, co_author))


def _message_of_commits(title: str, steps: Sequence[TurnStep], commits: Sequence[str], trailers: str) -> str:
    """The agent's own message where it made one commit, else their first lines under the title."""
    if len(commits) == 1:
        first, _, rest = clean(commits[0]).partition("\n")
        return _joined(first or _subject(title)[0], [_cut(rest.strip())], trailers)
    subject = _subject(title or next((step.prompt for step in steps if step.prompt.strip()), ""))[0]
    listed = [f"- {_subject(message)[0]}" for message in commits]
    return _joined(subject, ["\n".join(listed)], trailers)


def turn_message(step: TurnStep, *, co_author: bool) -> str:
    """The message of one turn's commit: its prompt."""
    prompt = clean(step.prompt)
    subject, rest = _subject(prompt)
    return _joined(subject, [rest], _trailers([step], step.agent, co_author))


def given_message(message: str, *, agent: str, co_author: bool) -> str:
    """A person's own message, with the agent as co-author if asked."""
    text = clean(message)
    return f"{text}\n\n{_co_author(agent)}\n" if co_author else f"{text}\n"


def clean(text: str) -> str:
    """A text without characters that a terminal or git would interpret."""
    lines = (line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    kept = ("".join(char if char.isprintable() or char == "\t" else " " for char in line) for line in lines)
    return "\n".join(kept).strip()


def _subject(text: str) -> tuple[str, str]:
    """A first line of at most SUBJECT_MAX_CHARS, and what does not fit into it."""
    first, _, rest = clean(text).partition("\n")
    if len(first) <= SUBJECT_MAX_CHARS:
        return first or "Changes by an agent", rest.strip()
    cut = first[: SUBJECT_MAX_CHARS - 3].rsplit(" ", 1)[0] or first[: SUBJECT_MAX_CHARS - 3]
    return f"{cut}...", clean(text)


def _cut(text: str) -> str:
    return text if len(text) <= PROMPT_SHOWN_CHARS else f"{text[:PROMPT_SHOWN_CHARS]}..."


def _indented(text: str) -> str:
    return text.replace("\n", "\n  ")


def _trailers(steps: Sequence[TurnStep], agent: str, co_author: bool) -> str:
    agents = list(dict.fromkeys([*(step.agent for step in steps), agent]))
    models = list(dict.fromkeys(step.model for step in steps if step.model))
    lines = [f"Agent: {clean(name)}" for name in agents] + [f"Model: {clean(name)}" for name in models]
    return "\n".join([*lines, *(_co_author(name) for name in agents if co_author)])


def _co_author(agent: str) -> str:
    name = "".join(char for char in clean(agent) if char not in "<>\n")
    return f"Co-authored-by: {name} <{''.join(char if char.isalnum() else '-' for char in name)}@agents.invalid>"


def _joined(subject: str, body: Sequence[str], trailers: str) -> str:
    return "\n\n".join(part for part in (subject, *body, trailers) if part) + "\n"


@dataclass(frozen=True, slots=True)
class FileStatistics:
    """One changed file; the counts are None for a binary one."""

    path: str
    additions: int | None
    deletions: int | None


def request_text(steps: Sequence[TurnStep], files: Sequence[FileStatistics]) -> str:
    """The text of a pull request: what was asked, who did it, and which files it changes. Markdown."""
    prompts = [clean(step.prompt) for step in steps if step.prompt.strip()][-PROMPTS_SHOWN:]
    asked = "\n\n".join("\n".join(f"> {line}" for line in _cut(prompt).split("\n")) for prompt in prompts)
    who = sorted({f"{step.agent} ({step.model})" if step.model else step.agent for step in steps})
    added = sum(file.additions or 0 for file in files)
    deleted = sum(file.deletions or 0 for file in files)
    lines = [f"- {_code(file.path)} {_counts(file)}" for file in files[:FILES_SHOWN]]
    lines += [f"- and {len(files) - FILES_SHOWN} more"] * (len(files) > FILES_SHOWN)
    count = "1 file" if len(files) == 1 else f"{len(files)} files"
    parts = [
        f"## Asked\n\n{asked}" if asked else "",
        f"## Changed\n\n{count}, +{added} -{deleted}\n\n" + "\n".join(lines),
        f"Made by {', '.join(clean(one) for one in who)} with boocoder." if who else "",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _counts(file: FileStatistics) -> str:
    return "binary" if file.additions is None else f"+{file.additions} -{file.deletions}"


def _code(path: str) -> str:
    return f"`{clean(path).replace('`', '')}`"


def slug(title: str) -> str:
    """A title as a part of a branch's name."""
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return words[:SLUG_MAX_CHARS].rstrip("-") or "session"
