"""A runnable fake of opencode 2: its server answers the routes of version 1 with its page, and it speaks ACP.

python tests/fakes/opencode_2.py --version | acp --store DIRECTORY | serve --port N
"""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fakes.acp.agent import main

PAGE = b"<!doctype html><title>opencode</title>"


class Page(BaseHTTPRequestHandler):
    """Every route is the page."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    do_POST = do_GET


def serve(port: int) -> int:
    """The server of version 2, as a client of version 1 sees it."""
    with ThreadingHTTPServer(("127.0.0.1", port), Page) as server:
        print(f"opencode server listening on http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()
    return 0


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--version"]:
            print("2.1.0")
            sys.exit(0)
        case ["serve", *rest]:
            ports = [argument.partition("=")[2] or "0" for argument in rest if argument.startswith("--port")]
            sys.exit(serve(int(ports[0] if ports else 0)))
        case ["acp", *rest]:
            sys.exit(main(rest))
        case _:
            sys.exit(2)
