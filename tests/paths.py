"""Where the checkout, its documents and the tests' own data are."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
FAKES = ROOT / "tests" / "fakes"
GOLDEN = ROOT / "tests" / "golden"
