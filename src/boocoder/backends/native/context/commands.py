"""Prompts that are commands of the native agent: /compact and /init."""

from __future__ import annotations

from enum import StrEnum

_COMPACT = """\
Summarise this conversation for yourself: all of it is about to be replaced by your summary. Call no tool. Say what the
person wants, what was decided and why, which files matter and what you changed in them, what is left to do."""
_INIT = """\
Look at this project and write AGENTS.md in its main folder for the coding agents that work here, in at most 60 lines:
what the project is, how its folders are arranged, how to build and test it, and the conventions that its files show.
Read what is there first; if there is an AGENTS.md, improve it. State only what you have seen."""


class NativeCommand(StrEnum):
    """A command at the beginning of a prompt."""

    COMPACT = "/compact"
    INIT = "/init"


def command_of(prompt: str) -> NativeCommand | None:
    """The command at the beginning of a prompt, None for an ordinary prompt."""
    word = prompt.strip().partition(" ")[0]
    return NativeCommand(word) if word in list(NativeCommand) else None


def expand_command(command: NativeCommand, prompt: str) -> str:
    """The text sent to the model instead of the command, followed by the person's own text.

    Args:
        command: the prompt's first word.
        prompt: the whole prompt.
    """
    wish = prompt.strip().removeprefix(command).strip()
    text = _COMPACT if command is NativeCommand.COMPACT else _INIT
    return f"{text}\nThe person adds: {wish}" if wish else text
