"""Decoder of JSON from outside: agents, model servers, tools. No text in it can make decoding fail for good.

Half surrogate pairs and bytes that are not UTF-8 are survived; fields of the wrong type read as absent.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import msgspec

NUMBER_MAX = 10**15  # of any count: no agent has used so many tokens, and a database column holds it

T = TypeVar("T")

_NOTHING: Mapping[str, object] = {}
_REPLACEMENT = rb"\ufffd"
_PAIR, _HALF = rb"u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}", rb"u[dD][89a-fA-F][0-9a-fA-F]{2}"
_ESCAPE = re.compile(rb"\\(?:(" + _PAIR + rb")|(" + _HALF + rb")|.)", re.DOTALL)  # in order, so that \\\\ is one escape
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


def decode_as(data: bytes | msgspec.Raw, decode: Callable[[bytes | msgspec.Raw], T]) -> T:
    """JSON as a value of a known type; half surrogate pairs and bytes that are not UTF-8 read as U+FFFD.

    Args:
        decode: of a msgspec decoder.

    Raises:
        msgspec.DecodeError: it is no JSON, of another type, or nested too deeply.
    """
    try:
        return decode(data)
    except RecursionError as error:
        raise msgspec.DecodeError("nested too deeply") from error
    except (msgspec.DecodeError, UnicodeDecodeError):
        repaired = well_formed(bytes(data))
        if repaired == bytes(data):
            raise
    try:
        return decode(repaired)
    except RecursionError as error:
        raise msgspec.DecodeError("nested too deeply") from error


def well_formed(data: bytes) -> bytes:
    """JSON text whose strings are Unicode: U+FFFD in the place of half surrogate pairs and bytes that are not UTF-8."""
    text = data.decode("utf-8", "replace").encode()
    return _ESCAPE.sub(lambda found: _REPLACEMENT if found[2] else found[0], text)


def encode(value: object) -> bytes:
    """JSON on one line; lone surrogates go out as escapes, as UTF-8 has none."""
    try:
        return _encoder.encode(value)
    except (UnicodeEncodeError, msgspec.MsgspecError):
        return json.dumps(value).encode()
