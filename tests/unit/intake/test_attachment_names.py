"""Names and kinds of attached files, whatever the sender says."""

from __future__ import annotations

import pytest

from boocoder.intake.attachments import NAME_MAX_BYTES, media_type, safe_name

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


def test_the_kind_is_told_by_the_bytes() -> None:
    assert media_type(b"\x89PNG\r\n\x1a\n...") == "image/png"
    assert media_type(b"\xff\xd8\xff\xe0") == "image/jpeg"
    assert media_type(b"GIF89a") == "image/gif"
    assert media_type(b"RIFF\0\0\0\0WEBPVP8 ") == "image/webp"
    assert media_type(b"%PDF-1.7") == "application/pdf"
    assert media_type(b"<svg xmlns='...'><script>alert(1)</script></svg>") == "text/plain"
    assert media_type("grüße".encode()) == "text/plain"
    assert media_type(b"a\0b") == media_type(b"\xff\xfe") == "application/octet-stream"
