"""Puts a run's table into docs/performance.md, section by section: rows of sections that were not measured stay."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from pathlib import Path

from bench.numbers import Row
from bench.table import cells

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
BEGIN, END = "<!-- bench: written by make bench ARGS=--write -->", "<!-- bench: end -->"
_SECTION = re.compile(r"^\*\*`(\w+)`\*\*", re.MULTILINE)
HEAD = "| what | n | boocoder | floor | result | target | |\n|---|---|---|---|---|---|---|"


def write_document(rows: Sequence[Row], where: str, document: Path = DOCUMENT) -> None:
    """Replace the parts between the marks that this run has measured, and add new ones behind them.

    Args:
        rows: of one run.
        where: the machine, the load and the versions of the run, on any number of lines.

    Raises:
        ValueError: the document has no such marks.
    """
    text = document.read_text()
    start, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    parts = _parts(text[start:end])
    day = time.strftime("%-d %B %Y", time.gmtime())
    run = "; ".join((day, *where.splitlines()))
    for section in dict.fromkeys(row.section for row in rows):
        lines = ["| " + " | ".join(cells(row)[1:]) + " |" for row in rows if row.section == section]
        parts[section] = "\n".join((f"**`{section}`**, {run}.\n", HEAD, *lines))
    body = "\n\n".join(parts.values())
    document.write_text(f"{text[:start]}\n{body}\n{text[end:]}")


def _parts(text: str) -> dict[str, str]:
    """The parts that are there, by section."""
    found = list(_SECTION.finditer(text))
    ends = [*(one.start() for one in found[1:]), len(text)]
    return {one[1]: text[one.start() : end].strip() for one, end in zip(found, ends, strict=False)}
