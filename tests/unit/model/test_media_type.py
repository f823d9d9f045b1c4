"""What a file is, whatever its name says."""

from __future__ import annotations

from boocoder.model.media_type import media_type


def test_the_type_is_told_by_the_bytes() -> None:
    assert media_type(b"\x89PNG\r\n\x1a\n...") == "image/png"
    assert media_type(b"\xff\xd8\xff\xe0") == "image/jpeg"
    assert media_type(b"GIF89a") == "image/gif"
    assert media_type(b"RIFF\0\0\0\0WEBPVP8 ") == "image/webp"
    assert media_type(b"%PDF-1.7") == "application/pdf"
    assert media_type(b"<svg xmlns='...'><script>alert(1)</script></svg>") == "text/plain"
    assert media_type("grüße".encode()) == "text/plain"
    assert media_type(b"a\0b") == media_type(b"\xff\xfe") == "application/octet-stream"
