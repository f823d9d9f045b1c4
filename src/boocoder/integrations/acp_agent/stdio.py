"""Entry of the package: serves the editor at standard input and output."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from boocoder.client.discovery import FoundService
from boocoder.errors import BoocoderError
from boocoder.integrations.acp_agent.acp_server import AcpServer
from boocoder.integrations.acp_agent.session_directory import SessionStart
from boocoder.integrations.acp_agent.transport import stdio_transport
from boocoder.integrations.service_connection import ServiceConnection

log = logging.getLogger(__name__)


async def serve_editor(*, find: Callable[[], FoundService], agent: str, dirty: bool) -> None:
    """Serve until the input ends.

    Args:
        find: looks for the service; called with every request.
        agent: behind new sessions; "" for the first that is ready.
        dirty: new sessions start from the checkout with its uncommitted files.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="boocoder acp: %(message)s")
    connection = ServiceConnection(find)
    try:
        connection.client()
    except BoocoderError as error:
        log.warning("%s", error)  # the editor hears it with each request
    server = AcpServer(await stdio_transport(), service=connection, start=SessionStart(agent, dirty))
    await server.serve()
