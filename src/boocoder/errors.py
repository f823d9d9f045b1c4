"""The error tree: every error says what failed, with which value, and what to do; it never prints or logs.

BoocoderError
├── InvalidInput          a person sent something that cannot be right (HTTP 422/400)
├── NotFound              no such project, session, task, change (404)
├── Conflict              right request, wrong moment: already applied, merge conflict (409)
├── Unavailable           a part we need is not there now: agent, database, git (503)
├── LeaseLost             another host owns this turn; the writer must write nothing more
├── GitError              git refused; carries argv, exit code and stderr
├── ProcessError          a child process could not be started or died before it was ready
└── BackendError          an agent answered something we cannot use
"""

from __future__ import annotations


class BoocoderError(Exception):
    """Something failed in a way that we can name.

    Args:
        code: stable snake_case name, for machines and for the docs.
        text: what failed and with which value, one or two sentences.
        cure: what the person can do about it; empty when nothing can be done.
    """

    status = 500

    def __init__(self, code: str, text: str, cure: str = "") -> None:
        super().__init__(f"{text} {cure}".strip())
        self.code = code
        self.text = text
        self.cure = cure


class InvalidInput(BoocoderError):
    """A value from outside cannot be right."""

    status = 422


class NotFound(BoocoderError):
    """The named thing does not exist."""

    status = 404


class Conflict(BoocoderError):
    """The request is right but the state it meets forbids it."""

    status = 409


class Unavailable(BoocoderError):
    """A part that we need is not there at the moment."""

    status = 503


class LeaseLost(BoocoderError):
    """This attempt is owned by somebody else now; its old owner writes nothing more."""

    status = 409


class GitError(BoocoderError):
    """git exited with an error, was killed at its deadline or printed too much."""

    status = 500


class ProcessError(BoocoderError):
    """A child process could not be started, or ended before it was ready."""

    status = 503


class BackendError(BoocoderError):
    """An agent's answer cannot be used."""

    status = 502
