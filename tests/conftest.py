"""Fixtures are plugins in tests/fixtures, one noun a file; each starts what it needs by itself."""

from __future__ import annotations

pytest_plugins = [
    "tests.fixtures.postgres",
    "tests.fixtures.repository",
    "tests.fixtures.scripted",
    "tests.fixtures.opencode",
    "tests.fixtures.service",
    "tests.fixtures.api",
    "tests.fixtures.browser",
]
