"""Input that a person or a program may send, kept because something broke on it or may break."""

from __future__ import annotations

import json
import os
from pathlib import Path

_TEXTS = Path(__file__).resolve().parent / "golden" / "outside_input" / "texts.jsonl"


def _kept() -> tuple[str, ...]:
    return tuple(json.loads(line) for line in _TEXTS.read_text().splitlines())


def _fits_argv(text: str) -> bool:
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


def _fits_address(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


TEXTS = _kept()
ARGUMENTS = tuple(text for text in TEXTS if _fits_argv(text))
"""Those that a process can be given; half a surrogate pair stands for a byte that is not UTF-8."""
ADDRESSES = tuple(text for text in TEXTS if _fits_address(text))
"""Those that can be a part of an address."""

BODIES = {
    "empty": b"",
    "not JSON": b"{prompt: 1}",
    "cut short": b'{"prompt": "a',
    "two values": b"{} {}",
    "array": b"[]",
    "number": b"5",
    "null": b"null",
    "string": b'"prompt"',
    "deep array": b"[" * 20_000,
    "deep object": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    "deep array in a field": b'{"prompt":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    "huge integer": b'{"priority":' + b"9" * 5_000 + b"}",
    "NaN": b'{"priority":NaN}',
    "too large a float": b'{"priority":1e400}',
    "byte order mark": b'\xef\xbb\xbf{"prompt":"a"}',
    "not UTF-8": b'{"prompt":"\xff\xfe"}',
    "UTF-16": '{"prompt":"a"}'.encode("utf-16"),
    "half a surrogate pair": b'{"prompt":"\\ud800"}',
    "half a pair in a name": b'{"\\udc00":1}',
    "NUL": b'{"prompt":"a\\u0000b","name":"\\u0000"}',
    "NUL in a name": b'{"a\\u0000":1}',
    "a name twice": b'{"prompt":"a","prompt":1}',
    "an empty name": b'{"":""}',
    "a prototype": b'{"__proto__":{"x":1}}',
    "an unknown field": b'{"no_such_field":true}',
    "many fields": b"{" + b",".join(b'"f%d":0' % number for number in range(2_000)) + b"}",
    "white space": b" \r\n\t",
}
"""Bodies that no route takes, or takes with care."""
