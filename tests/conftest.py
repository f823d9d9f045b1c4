"""Fixtures are plugins in tests/fixtures, one noun a file; each starts what it needs by itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.memory import memory_folder

# Outside of the unit tests many programs run side by side, a browser and real agents among them. A test that fails
# there gets a second try, which the closing lines of pytest list as RERUN: a fault to mend, but one that stops nobody.
UNIT = Path(__file__).parent / "unit"

# A busy machine is slow; hang guards catch what never ends.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

if memory := memory_folder():  # what `tmp_path` is below; the setting --basetemp would keep all that tests leave
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))

pytest_plugins = [
    "tests.fixtures.program.progress",
    "tests.fixtures.postgres",
    "tests.fixtures.program.sandbox",
    "tests.fixtures.processes",
    "tests.fixtures.repository",
    "tests.fixtures.scripted",
    "tests.fixtures.opencode",
    "tests.fixtures.service",
    "tests.fixtures.api",
    "tests.fixtures.browser",
]


@pytest.hookimpl(trylast=True)  # after the order was made random
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    once = config.getoption("reruns", None) == 0  # the mark would be stronger than the option
    for item in items:
        if not once and not item.path.is_relative_to(UNIT):
            item.add_marker(pytest.mark.flaky(reruns=1))
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)  # files with a slow test begin the run, so that none ends it
