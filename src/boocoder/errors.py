"""The error tree. Every error says what failed, with which value, and what to do.

BoocoderError
├── InvalidInput          invalid input (HTTP 422/400)
├── NotFound              no such project, session, task, change (404)
├── Conflict              valid request, conflicting state: already applied, merge conflict (409)
├── Unavailable           a dependency is unavailable: agent, database, git (503)
├── LeaseLost             another host owns this turn; nothing more may be written
├── GitError              git refused; carries argv, exit code and stderr
├── ProcessError          a child process could not be started or died before it was ready
└── BackendError          an agent sent an unusable answer
"""

from __future__ import annotations

_ENDS = (".", "!", "?", "\u2026", ":", ";")


def sentences(*parts: str) -> str:
    """Sentences as one text: each part but the last is ended, one space lies between two, empty ones are left out.

    The last part keeps its end, because it may be a command to copy; only a doubled full stop is taken away.
    """
    said = [
        one[:-1] if one.endswith("..") and not one.endswith("...") else one for part in parts if (one := part.strip())
    ]
    return " ".join([*(one if one.endswith(_ENDS) else f"{one}." for one in said[:-1]), *said[-1:]])


class BoocoderError(Exception):
    """A failure with a stable name.

    Args:
        code: stable snake_case name, for programs and the docs.
        text: what failed and with which value, one or two sentences.
        cure: what the user can do; empty if nothing.
    """

    status = 500

    def __init__(self, code: str, text: str, cure: str = "") -> None:
        super().__init__(sentences(text, cure))
        self.code = code
        self.text = text
        self.cure = cure


class InvalidInput(BoocoderError):
    """An input value is invalid."""

    status = 422


class NotFound(BoocoderError):
    """The named thing does not exist."""

    status = 404


class Conflict(BoocoderError):
    """The request is valid, but the current state forbids it."""

    status = 409


class Unavailable(BoocoderError):
    """A dependency is not available at the moment."""

    status = 503


class LeaseLost(BoocoderError):
    """Another host owns this attempt now; its former owner writes nothing more."""

    status = 409


class GitError(BoocoderError):
    """git failed, was killed at its deadline or printed too much."""

    status = 500


class GitObjectsMissing(GitError):
    """A partial clone lacks objects that only its remote has."""

    status = 409


class ProcessError(BoocoderError):
    """A child process could not be started, or ended before it was ready."""

    status = 503


class BackendError(BoocoderError):
    """An agent sent an unusable answer."""

    status = 502


DATABASE_AWAY = frozenset(
    {
        "database_unavailable",
        "database_busy",
        "database_closed",
        "database_read_only",
        "database_full",
        "database_went_back",
    }
)
"""Codes of `Unavailable` errors that are about the database, not about an agent."""
