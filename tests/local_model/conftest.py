"""A real llama-server with a small base model, one for all checks."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from tools.install_llama import MODEL, SERVER

from tests.paths import ROOT

START_LIMIT_S = 120.0
CONTEXT_TOKENS = 12_288
SLOTS = 2
THREADS = "1"  # more wait for one another where other programs work as well


@dataclass(frozen=True)
class LlamaServer:
    """The running server."""

    port: int


def free_port() -> int:
    """A port that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def llama_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaServer]:
    """The server; a check fails where it is not installed."""
    assert SERVER.is_file() and MODEL.is_file(), "run `make local-model-test`, which installs them"
    port = free_port()
    options = ["--jinja", "--chat-template-file", str(ROOT / "tests/local_model/chat_template.jinja"), "--swa-full"]
    sizes = ["-c", str(CONTEXT_TOKENS), "--parallel", str(SLOTS), "--temp", "0", "--alias", "small", "-t", THREADS]
    log = Path(tmp_path_factory.mktemp("llama") / "server.log")
    with log.open("wb") as output:
        argv = [str(SERVER), "-m", str(MODEL), "--host", "127.0.0.1", "--port", str(port), *options, *sizes]
        server = subprocess.Popen(argv, stdout=output, stderr=subprocess.STDOUT)
        try:
            wait_until_ready(server, port, log)
            yield LlamaServer(port)
        finally:
            server.terminate()
            server.wait(30)


def wait_until_ready(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Poll the server's health until it is ready."""
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if httpx2.get(f"http://127.0.0.1:{port}/health", timeout=5).status_code == 200:
                return
        except httpx2.HTTPError:
            pass
        time.sleep(0.2)
    raise AssertionError(f"llama-server did not start:\n{log.read_text()[-2_000:]}")
