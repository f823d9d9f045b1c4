"""Who looks at lists is at home first."""

from __future__ import annotations

import pytest_asyncio

from tests.fixtures.browser import MakeVisit, Visit
from tests.fixtures.service import Installation


@pytest_asyncio.fixture(loop_scope="session")
async def person(visit: MakeVisit, served: Installation) -> Visit:
    """Somebody signed in at the running service, with its first page open."""
    return await visit(served)
