"""Fixtures of the native agent's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from boocoder.process.host import ProcessHost
from tests.fakes.native_workshop import MakeShop, Workshop


@pytest.fixture
async def make_shop(tmp_path: Path, process_host: ProcessHost) -> AsyncIterator[MakeShop]:
    """Makes workshops in the test's directory; the first one directly in it."""
    made: list[Workshop] = []

    def make(**more: Any) -> Workshop:
        made.append(Workshop(tmp_path / str(len(made)) if made else tmp_path, process_host, **more))
        return made[-1]

    yield make
    for shop in made:
        shop.journal.close()


@pytest.fixture
def shop(make_shop: MakeShop) -> Workshop:
    return make_shop()
