"""Fixtures are plugins in tests/fixtures, one noun a file; each starts what it needs by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is slow; hang guards catch what never ends.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

pytest_plugins = [
    "tests.fixtures.postgres",
    "tests.fixtures.processes",
    "tests.fixtures.repository",
    "tests.fixtures.scripted",
    "tests.fixtures.opencode",
    "tests.fixtures.service",
    "tests.fixtures.api",
    "tests.fixtures.browser",
]

# Other people's programs keep a time of their own: a browser and real agents get a second try, which the closing
# lines of pytest list as RERUN. Tests of our own code alone get none: a failure that comes and goes there is a fault.
WITH_FOREIGN_PROGRAMS = tuple(Path(__file__).parent / name for name in ("browser", "agents"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if any(item.path.is_relative_to(folder) for folder in WITH_FOREIGN_PROGRAMS):
            item.add_marker(pytest.mark.flaky(reruns=1))
