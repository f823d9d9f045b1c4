"""docs/frames.md lists every frame with every field, and nothing that does not exist."""

from __future__ import annotations

import re
from typing import get_args

import msgspec

from boocoder.events import frames
from boocoder.model.limits import INLINE_TEXT_MAX_CHARS
from tests.paths import DOCS

PAGE = (DOCS / "frames.md").read_text("utf-8")
ENVELOPE = {field.name: field for field in msgspec.structs.fields(frames.FrameBase)}


def described(section: str) -> dict[str, str]:
    """Field names of a section's table with their defaults as written."""
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\|([^|]*)\|", section, re.MULTILINE)
    return {name: default.strip() for name, default in rows}


def sections() -> dict[str, str]:
    return dict(re.findall(r"^### `(\w+)`\n(.*?)(?=^### |\Z)", PAGE, re.MULTILINE | re.DOTALL))


def test_every_frame_has_a_section_and_every_section_a_frame() -> None:
    tags = [str(kind.__struct_config__.tag) for kind in get_args(frames.Frame)]
    assert list(sections()) == tags


def test_every_field_is_described_with_its_default() -> None:
    for kind in get_args(frames.Frame):
        fields = {field.name: field for field in msgspec.structs.fields(kind) if field.name not in ENVELOPE}
        table = described(sections()[str(kind.__struct_config__.tag)])
        assert list(table) == list(fields), kind
        for name, default in table.items():
            value = fields[name].default
            assert bool(default) == (value is not msgspec.NODEFAULT), (kind, name)
            if value is not msgspec.NODEFAULT:
                written = {None: "null", "": "empty", (): "empty"}.get(value, str(value))
                assert default.strip("`") == written, (kind, name)


def test_the_envelope_is_described() -> None:
    envelope = PAGE.split("## Fields of every frame")[1].split("## Frames")[0]
    assert list(described(envelope)) == ["type", *ENVELOPE]


def test_the_page_states_the_limit_that_is_in_force() -> None:
    assert f"at most {INLINE_TEXT_MAX_CHARS:,} characters" in PAGE
