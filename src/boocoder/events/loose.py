"""Reads JSON that may be of any shape: what does not fit is as good as absent. It knows no protocol; pure."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence

import msgspec

NUMBER_MAX = 10**15  # of any count: no agent has used so many tokens, and a database column holds it

_NOTHING: Mapping[str, object] = {}
_encoder = msgspec.json.Encoder()


def mapping(value: object) -> Mapping[str, object]:
    """The object, or an empty one."""
    return value if isinstance(value, dict) else _NOTHING


def items(value: object) -> Sequence[object]:
    """The elements of an array, or none."""
    return value if isinstance(value, list) else ()


def text(value: object) -> str:
    """The string, or ""."""
    return value if isinstance(value, str) else ""


def count(value: object) -> int:
    """A number as a whole count from 0 to NUMBER_MAX; anything else is 0."""
    return max(0, min(NUMBER_MAX, integer(value) or 0))


def integer(value: object) -> int | None:
    """A number as an integer, None if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value)


def amount(value: object) -> float:
    """A finite number >= 0, else 0.0."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return 0.0
    return max(0.0, float(min(value, NUMBER_MAX)))


def decode(data: bytes) -> object:
    """JSON as Python values; lone surrogates, odd numbers and bytes that are no UTF-8 are let through.

    Raises:
        ValueError: it is no JSON.
        RecursionError: it is nested too deeply.
    """
    try:
        return msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        value: object = json.loads(data.decode("utf-8", "replace"))
        return value


def encode(value: object) -> bytes:
    """JSON on one line; lone surrogates go out as escapes, as UTF-8 has none."""
    try:
        return _encoder.encode(value)
    except (UnicodeEncodeError, msgspec.MsgspecError):
        return json.dumps(value).encode()
