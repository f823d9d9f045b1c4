"""The fixture `case`: each backend in turn, one started object a module and backend."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.contract.case import BackendCase
from tests.contract.cases import CASES

MARKS = {"opencode": [pytest.mark.opencode]}
PARAMS = [pytest.param(name, marks=MARKS.get(name, [])) for name in sorted(CASES)]


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=PARAMS)
async def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[BackendCase]:
    """A started backend and how to drive it."""
    async with CASES[request.param](tmp_path_factory.mktemp(request.param)) as opened:
        yield opened
