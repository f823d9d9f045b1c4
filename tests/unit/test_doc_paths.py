"""Modules and pages that the documentation names exist."""

from __future__ import annotations

import re
from pathlib import Path

from tests.paths import DOCS, ROOT

PAGES = sorted([*DOCS.glob("*.md"), ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md"])
MODULE = re.compile(r"`((?:[a-z_]+/)+[a-z_]+\.(?:py|sql|toml))`")
EXAMPLES = {"x/new.py"}  # a file of somebody's project
LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)(?:#[^)]*)?\)")

ANCHOR = re.compile(r"\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)")


def test_every_module_that_a_page_names_exists() -> None:
    named = {(page.name, path) for page in PAGES for path in set(MODULE.findall(page.read_text("utf-8"))) - EXAMPLES}
    missing = {
        (page, path)
        for page, path in named
        if not (ROOT / path).exists() and not (ROOT / "src/boocoder" / path).exists()
    }
    assert missing == set()
    assert len(named) > 20


def test_every_link_between_pages_leads_somewhere() -> None:
    linked = {(page, target) for page in PAGES for target in LINK.findall(page.read_text("utf-8"))}
    assert {(page.name, target) for page, target in linked if not (page.parent / target).exists()} == set()
    assert len(linked) > 30


def headings(page: Path) -> set[str]:
    """The anchors of a page: its headings in lower case, without punctuation, hyphens for spaces."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.*)$", text, re.M)}


def test_every_anchor_that_a_link_names_is_a_heading() -> None:
    linked = {(page, target, anchor) for page in PAGES for target, anchor in ANCHOR.findall(page.read_text("utf-8"))}
    missing = {
        (page.name, target, anchor)
        for page, target, anchor in linked
        if anchor not in headings(page.parent / target if target else page)
    }
    assert missing == set()
    assert len(linked) > 50


def test_every_page_is_in_the_index() -> None:
    index = (DOCS / "README.md").read_text("utf-8")
    assert [page.name for page in DOCS.glob("*.md") if page.name != "README.md" and f"({page.name})" not in index] == []
