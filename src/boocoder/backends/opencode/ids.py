"""Message and part ids that make sending a prompt twice harmless.

opencode's ids ascend: twelve hex digits of (milliseconds * 4096 + counter) modulo 2**48, then fourteen characters
of [0-9A-Za-z]. The head must be the time of sending, because everything after it belongs to the turn; the tail is
derived from the task, so that a recovery finds the turn's prompt without a stored id.
"""

from __future__ import annotations

import hashlib
from uuid import uuid5

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


def message_id(task_id: TaskId, now_s: float) -> str:
    """The id of the task's prompt, sent at the Unix time `now_s` in seconds."""
    return f"msg_{_head(now_s):012x}{task_tail(task_id)}"


def steer_message_id(task_id: TaskId, now_s: float) -> str:
    """The id of a person's message to the task's turn, sent at the Unix time `now_s` in seconds."""
    return message_id(_steering_of(task_id), now_s)


def is_steer_of(message: str, task_id: TaskId) -> bool:
    """Whether a message id was made by `steer_message_id` for this task."""
    return is_prompt_of(message, _steering_of(task_id))


def clock_lag_s(newest: str, now_s: float) -> float:
    """How many seconds a session's newest message is ahead of our clock; 0.0 if it is not, or has another form.

    A clock that was put back gives such a lag; so does the wrap of the 48 bits, once in 795 days.
    """
    try:
        ahead = int(newest[4:16], 16) - _head(now_s)
    except ValueError:
        return 0.0
    return max(0.0, (ahead + 1) / _COUNTER_SPAN / 1000)


def part_id(message: str, number: int = 0) -> str:
    """The id of a prompt's part; `number` is its place, because opencode sorts parts by their ids."""
    return f"prt_{(int(message[4:16], 16) + number) % _HEAD_MODULUS:012x}{message[16:]}"


def is_prompt_of(message: str, task_id: TaskId) -> bool:
    """Whether a message id was made by `message_id` for this task."""
    return message.startswith("msg_") and message.endswith(task_tail(task_id)) and len(message) == 4 + 12 + _TAIL_CHARS


def _steering_of(task_id: TaskId) -> TaskId:
    """Marks other ids than the task itself, so that a message to its turn is not taken for its prompt."""
    return TaskId(uuid5(task_id, "steer"))


def _head(now_s: float) -> int:
    return int(now_s * 1000) * _COUNTER_SPAN % _HEAD_MODULUS
