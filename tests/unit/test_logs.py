"""Log lines carry their fields, as text and as JSON."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from boocoder import logs


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


def test_text_lines_name_their_fields() -> None:
    out = io.StringIO()
    logs.configure("info", "text", out)
    logging.getLogger("boocoder.test").warning("lease lost", extra={"task_id": 7})
    logging.getLogger("boocoder.test").debug("not shown")
    assert out.getvalue().endswith("WARNING boocoder.test: lease lost task_id=7\n")
    assert out.getvalue().count("\n") == 1


def test_json_lines_can_be_read_back() -> None:
    out = io.StringIO()
    logs.configure("debug", "json", out)
    try:
        raise ValueError("boom")
    except ValueError as error:
        logging.getLogger("boocoder.test").error("failed", extra={"path": object}, exc_info=error)
    line = json.loads(out.getvalue())
    assert (line["level"], line["text"]) == ("error", "failed")
    assert "class 'object'" in line["path"] and "boom" in line["traceback"]
