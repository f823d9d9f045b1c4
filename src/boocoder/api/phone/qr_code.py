"""QR codes of links."""

from __future__ import annotations


def qr_modules(text: str) -> tuple[str, ...]:
    """A QR code of a text as rows of `1` (dark) and `0`, without the light border that it needs around it."""
    import segno

    code = segno.make_qr(text, error="m")
    return tuple("".join(str(int(module)) for module in row) for row in code.matrix_iter(border=0))
