"""Program: opens ports in a sandbox that has no network, hands them to boocoder, and executes another program.

Run as `python -I -S egress_exec.py PORT... -- PROGRAM ARGUMENT...` with the descriptor of a unix socket in
BOOCODER_EGRESS. A socket belongs to the network namespace in which it was made, so that boocoder, outside, accepts what
connects to 127.0.0.1:PORT inside. Nothing of this program stays in the sandbox. It imports nothing of boocoder.
"""

from __future__ import annotations

import os
import socket
import sys

VARIABLE = "BOOCODER_EGRESS"
BACKLOG = 128
EXIT_REFUSED = 126


def listener(port: int) -> socket.socket:
    """A listening socket on the sandbox's own loopback interface."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    opened.bind(("127.0.0.1", port))
    opened.listen(BACKLOG)
    return opened


def main(arguments: list[str]) -> int:
    """Do what the module says; returns only if it cannot."""
    end = arguments.index("--")
    argv = arguments[end + 1 :]
    try:
        channel = socket.socket(fileno=int(os.environ.pop(VARIABLE)))
        opened = [listener(int(port)) for port in arguments[:end]]
        socket.send_fds(channel, [b"."], [one.fileno() for one in opened])
        channel.close()
        os.execvpe(argv[0], argv, os.environ)  # noqa: S606 -- by argv, no shell is wanted
    except OSError as error:
        sys.stderr.write(f"{argv[0]} cannot start in its sandbox: {error}\n")
    return EXIT_REFUSED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
