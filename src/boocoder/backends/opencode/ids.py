"""Ids that we give to messages and parts, so that sending a prompt twice is harmless. Pure.

opencode orders a session's messages by id: twelve hex digits of (milliseconds * 4096 + counter), modulo 2**48,
then fourteen characters of [0-9A-Za-z]. The head must therefore be the time of sending; the tail is ours, and
is derived from the task, so that a recovery finds the turn's prompt without having stored its id.
"""

from __future__ import annotations

import hashlib

from boocoder.model.ids import TaskId

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_TAIL_CHARS = 14
_HEAD_MODULUS = 1 << 48
_COUNTER_SPAN = 0x1000


def task_tail(task_id: TaskId) -> str:
    """The fourteen characters that mark every message id of this task."""
    number = int.from_bytes(hashlib.sha256(task_id.bytes).digest(), "big")
    out = []
    for _ in range(_TAIL_CHARS):
        number, digit = divmod(number, len(_ALPHABET))
        out.append(_ALPHABET[digit])
    return "".join(out)


def message_id(task_id: TaskId, now_s: float, *, after: str = "") -> str:
    """The id of the task's prompt.

    Args:
        task_id: the task.
        now_s: Unix time of sending in seconds.
        after: newest message id of the session, or ""; the result sorts behind it even if the clock went back.
    """
    head = int(now_s * 1000) * _COUNTER_SPAN % _HEAD_MODULUS
    newest = _head_of(after)
    if newest is not None and head <= newest:
        head = min(newest + 1, _HEAD_MODULUS - 1)
    return f"msg_{head:012x}{task_tail(task_id)}"


def part_id(message: str) -> str:
    """The id of a prompt's one part."""
    return "prt_" + message.removeprefix("msg_")


def is_prompt_of(message: str, task_id: TaskId) -> bool:
    """Whether a message id was made by `message_id` for this task."""
    return message.startswith("msg_") and message.endswith(task_tail(task_id)) and len(message) == 4 + 12 + _TAIL_CHARS


def _head_of(message: str) -> int | None:
    try:
        return int(message[4:16], 16)
    except ValueError:
        return None
