"""The fixture `case`: each backend in turn, one started object a module and backend.

A test marked `asks_a_person` runs against the backends whose agents can ask one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.contract.case import BackendCase
from tests.contract.cases import CANNOT_ASK, CASES

MARKS = {"opencode": [pytest.mark.opencode]}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each test the backends that it is about."""
    if "case" in metafunc.fixturenames:
        asks = metafunc.definition.get_closest_marker("asks_a_person") is not None
        names = [name for name in sorted(CASES) if not (asks and name in CANNOT_ASK)]
        params = [pytest.param(name, marks=MARKS.get(name, [])) for name in names]
        metafunc.parametrize("case", params, indirect=True, scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[BackendCase]:
    """A started backend and how to drive it."""
    async with CASES[request.param](tmp_path_factory.mktemp(request.param)) as opened:
        yield opened
