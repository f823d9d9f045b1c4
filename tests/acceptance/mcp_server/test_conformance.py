"""The official conformance suite against /mcp: every scenario that needs no tool, resource or prompt of its own.

The others call fixtures by name (`test_simple_text` and so on), or need a feature that boocoder does not offer:
logging, completion, sampling, elicitation, prompts and subscriptions. The suite's list of expected failures holds them,
and it fails as well where one of them passes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tools.install_agents import install_agent

from tests.fixtures.service import Installation

HANG_S = 240.0
APPLY = (
    "server-initialize",
    "ping",
    "tools-list",
    "server-sse-multiple-streams",
    "resources-list",
    "dns-rebinding-protection",
)
NEEDS_OTHERS = (
    *("logging-set-level", "completion-complete", "resources-subscribe", "resources-unsubscribe"),  # not offered
    *("tools-call-sampling", "tools-call-elicitation", "elicitation-sep1034-defaults", "elicitation-sep1330-enums"),
    *("prompts-list", "prompts-get-simple", "prompts-get-with-args", "prompts-get-embedded-resource"),
    *("prompts-get-with-image", "tools-call-simple-text", "tools-call-image", "tools-call-audio"),  # fixtures
    *("tools-call-embedded-resource", "tools-call-mixed-content", "tools-call-with-logging", "tools-call-error"),
    *("tools-call-with-progress", "resources-read-text", "resources-read-binary", "resources-templates-read"),
)


@asynccontextmanager
async def with_token(service: Installation) -> AsyncIterator[str]:
    """An address of /mcp that adds the token to each request, because the suite cannot send one."""
    target = urlsplit(service.url).netloc
    host, port = target.split(":")
    own = b""

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        first, rest = head.replace(own, target.encode()).split(b"\r\n", 1)
        added = f"Authorization: Bearer {service.token}\r\nConnection: close\r\n".encode()
        upstream_reader, upstream = await asyncio.open_connection(host, int(port))
        upstream.write(first + b"\r\n" + added + rest.replace(b"onnection: keep-alive\r\n", b"onnection: close\r\n"))
        await asyncio.gather(piped(reader, upstream), piped(upstream_reader, writer))

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    async with server:
        own = "{}:{}".format(*server.sockets[0].getsockname()).encode()
        yield f"http://{own.decode()}/mcp"
        server.close()


async def piped(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes until it ends; either side may go first."""
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def test_every_scenario_that_applies_passes(shared_service: Installation, tmp_path: Path) -> None:
    suite = install_agent("mcp-conformance")
    expected = tmp_path / "expected.yaml"
    expected.write_text("\n".join(["server:", *(f"  - {name}" for name in NEEDS_OTHERS)]))
    async with with_token(shared_service) as url:
        argv = (*suite, "server", "--url", url, "--expected-failures", str(expected))
        child = await asyncio.create_subprocess_exec(
            *argv, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=tmp_path
        )
        said, _ = await asyncio.wait_for(child.communicate(), HANG_S)
    text = said.decode()
    assert child.returncode == 0, text
    for name in APPLY:
        assert f"✓ {name}:" in text, text
