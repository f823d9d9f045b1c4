"""Templates of prompts: `{{ path.to.field }}` stands for a field of a delivery. Nothing else is evaluated. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from boocoder.errors import InvalidInput
from boocoder.events.clean_text import clean

VALUE_MAX_CHARS = 20_000  # of one field: a long comment, not a whole log
FIELDS_MAX = 50  # of a template; with VALUE_MAX_CHARS about as much as a prompt may have
PATH_MAX_CHARS = 300
_INDEX_MAX_DIGITS = 9  # of a place in a list
_PATH = r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*"
_FIELD = re.compile(r"\{\{\s*(" + _PATH + r")\s*\}\}")
_PATH_ALONE = re.compile(_PATH)


def check_template(text: str) -> None:
    """Refuse a template with braces that are no field, or with too many fields.

    Raises:
        InvalidInput: hook_template_invalid.
    """
    rest = _FIELD.sub("", text)
    if "{{" in rest or "}}" in rest:
        at = rest.find("{{") if "{{" in rest else rest.find("}}")
        reason = f"The template has braces that name no field, near {rest[at : at + 40]!r}."
        cure = "Write {{ path.to.field }}, with letters, digits, dashes and underscores, and dots between them."
        raise InvalidInput("hook_template_invalid", reason, cure)
    paths = _FIELD.findall(text)
    if len(paths) > FIELDS_MAX:
        reason = f"The template has {len(paths):,} fields; {FIELDS_MAX} are allowed."
        raise InvalidInput("hook_template_invalid", reason, "Name a field that holds several of them.")
    for path in paths:
        if len(path) > PATH_MAX_CHARS:
            reason = f"The template's field {path[:40]}... has {len(path):,} characters."
            raise InvalidInput("hook_template_invalid", reason, f"Use at most {PATH_MAX_CHARS}.")


def check_path(path: str) -> None:
    """Refuse what cannot name a field.

    Raises:
        InvalidInput: hook_condition_invalid.
    """
    if len(path) > PATH_MAX_CHARS or _PATH_ALONE.fullmatch(path) is None:
        cure = "Name a field such as action or pull_request.base.ref."
        raise InvalidInput("hook_condition_invalid", f"{path[:PATH_MAX_CHARS]!r} names no field of a delivery.", cure)


def fill(template: str, payload: Mapping[str, object]) -> str:
    """The template with the delivery's fields in their places; what the delivery lacks is left out.

    A template from before there was a bound gets no more than FIELDS_MAX of them.
    """
    known: dict[str, str] = {}
    left = FIELDS_MAX

    def value(found: re.Match[str]) -> str:
        nonlocal left
        left -= 1
        path = found[1]
        if path not in known:
            known[path] = text_at(payload, path)[:VALUE_MAX_CHARS] if left >= 0 else ""
        return known[path] if left >= 0 else ""

    return _FIELD.sub(value, template)


def first_mismatch(conditions: Mapping[str, str], payload: Mapping[str, object]) -> str:
    """The first condition that a delivery does not fit, as `path=value`; "" where it fits all."""
    for path, wanted in conditions.items():
        if text_at(payload, path) != wanted:
            return f"{path}={wanted}"
    return ""


def text_at(payload: object, path: str) -> str:
    """A field as text: a text as it is, anything else as JSON; "" where there is none or it is null."""
    found: object = payload
    for step in path.split("."):
        match found:
            case Mapping():
                found = found.get(step)
            case list() if _is_index(step) and int(step) < len(found):
                found = found[int(step)]
            case _:
                return ""
    if found is None:
        return ""
    return clean(found if isinstance(found, str) else json.dumps(found, ensure_ascii=False, separators=(",", ":")))


def _is_index(step: str) -> bool:
    return step.isdecimal() and len(step) <= _INDEX_MAX_DIGITS
