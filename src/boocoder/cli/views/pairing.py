"""A QR code in the terminal, with which a phone opens the page signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boocoder.cli.views.style import can_show

if TYPE_CHECKING:
    from rich.console import Console

    from boocoder.wire.service import PhonePairing

BORDER = 2  # light modules around the code; cameras of today need no more
HALVES = {"00": "█", "01": "▀", "10": "▄", "11": " "}  # upper and lower module of a line; light is drawn


def show_pairing(console: Console, pairing: PhonePairing) -> None:
    """Print link, QR code and fingerprint."""
    console.print(f"  phone   {pairing.link}  (works once)", soft_wrap=True)
    if can_show("█▀▄"):
        console.print(qr_text(pairing.qr), style="white on black", highlight=False)
    console.print("          The phone warns of an unknown certificate: compare its SHA-256 fingerprint.", style="dim")
    console.print(f"          {pairing.fingerprint}", style="dim", soft_wrap=True)


def qr_text(modules: tuple[str, ...]) -> str:
    """A QR code with its border in block characters, two rows a line; light modules are the drawn ones.

    Args:
        modules: rows of `1` (dark) and `0`.
    """
    side, width = "0" * BORDER, len(modules[0]) + 2 * BORDER
    rows = ["0" * width] * BORDER + [f"{side}{row}{side}" for row in modules] + ["0" * width] * BORDER
    rows += ["0" * width] * (len(rows) % 2)
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return "\n".join("".join(HALVES[a + b] for a, b in zip(*pair, strict=True)) for pair in pairs)
