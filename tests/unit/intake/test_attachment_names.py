"""Names of attached files, whatever the sender says."""

from __future__ import annotations

import pytest

from boocoder.intake.attachments import NAME_MAX_BYTES, safe_name

NAMES = {
    "shot.png": "shot.png",
    "../../etc/passwd": "passwd",
    "C:\\Users\\me\\my file (1).txt": "my_file__1_.txt",
    "a\nb`$(rm -rf).sh": "a_b___rm_-rf_.sh",
    "..": "file",
    ".env": "env",
    "-rf": "rf",
    "": "file",
    "übung.md": "übung.md",
    "a\u202egnp.exe": "a_gnp.exe",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_one_plain_word(name: str) -> None:
    assert safe_name(name) == NAMES[name]


def test_a_long_name_keeps_its_ending() -> None:
    made = safe_name("ä" * 4_000 + ".jpeg")
    assert made.endswith(".jpeg")
    assert len(made.encode()) <= NAME_MAX_BYTES
    assert len(safe_name("x." + "y" * 4_000).encode()) <= NAME_MAX_BYTES
    assert len(safe_name("x" * 4_000).encode()) <= NAME_MAX_BYTES
