"""Program: opens ports in a sandbox that has no network, hands them to boocoder, and executes another program.

Run as `python -I -S egress_exec.py [serves] PORT... -- PROGRAM ARGUMENT...` with the descriptor of a unix socket in
BOOCODER_EGRESS. A socket belongs to the network namespace in which it was made, so that boocoder, outside, accepts what
connects to 127.0.0.1:PORT inside. With `serves` a process of this program stays in the sandbox and hands over one
unconnected socket for each byte that it reads, for connections to the program; otherwise nothing stays. It imports
nothing of boocoder.
"""

from __future__ import annotations

import os
import socket
import sys

VARIABLE = "BOOCODER_EGRESS"
SERVES = "serves"
GIVES = "gives"
BACKLOG = 128
EXIT_REFUSED = 126


def listener(port: int) -> socket.socket:
    """A listening socket on the sandbox's own loopback interface."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    opened.bind(("127.0.0.1", port))
    opened.listen(BACKLOG)
    return opened


def start_giver(channel: socket.socket) -> None:
    """Start the process that stays, as nobody's child and with nothing of the program's environment but its marks."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    quiet = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(quiet, number)
    os.set_inheritable(channel.fileno(), True)
    marks = {name: value for name, value in os.environ.items() if name.startswith("BOOCODER_C")}
    argv = [sys.executable, "-I", "-S", __file__, GIVES, str(channel.fileno())]
    os.execve(argv[0], argv, marks)  # noqa: S606 -- by argv, no shell is wanted


def give(number: int) -> int:
    """Hand over sockets of this network until boocoder closes the channel."""
    with socket.socket(fileno=number) as channel:
        while channel.recv(1):
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as made:
                socket.send_fds(channel, [b"."], [made.fileno()])
    return 0


def main(arguments: list[str]) -> int:
    """Do what the module says; returns only if it cannot, or when it has given all."""
    if arguments[0] == GIVES:
        return give(int(arguments[1]))
    end = arguments.index("--")
    argv = arguments[end + 1 :]
    try:
        channel = socket.socket(fileno=int(os.environ.pop(VARIABLE)))
        opened = [listener(int(port)) for port in arguments[:end] if port != SERVES]
        socket.send_fds(channel, [b"."], [one.fileno() for one in opened])
        for one in opened:
            one.close()
        if SERVES in arguments[:end]:
            start_giver(channel)
        channel.close()
        os.execvpe(argv[0], argv, os.environ)  # noqa: S606 -- by argv, no shell is wanted
    except OSError as error:
        sys.stderr.write(f"{argv[0]} cannot start in its sandbox: {error}\n")
    return EXIT_REFUSED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
