"""Program: starts an agent and, after its exit, kills the processes that it left behind.

Run as `python -I -S supervisor.py CONTROL_FD CWD KIND PROGRAM ARGUMENT...`; it imports nothing of boocoder, so that it
starts in milliseconds and stays small. It is the subreaper of everything below it: daemons that the agent detaches
come back to it. CONTROL_FD is a socket to boocoder. It reads `term` (SIGTERM to the agent's group) and `kill` (end
everything now); the end of the socket means that boocoder is gone. It writes `started PID`, or `failed ERRNO`, and at
last `ended WAIT_STATUS`; then it ends as the agent did. KIND is `--`, or `wrapped` for a PROGRAM that runs the agent as
its child, dies of SIGTERM without forwarding it, and reports a signal as an exit code: bwrap.
"""

from __future__ import annotations

import ctypes
import os
import resource
import select
import signal
import sys
import time

TYPE_CHECKING = False  # typing would cost milliseconds of start-up time
if TYPE_CHECKING:
    from collections.abc import Callable

PR_SET_PDEATHSIG = 1  # linux/prctl.h
PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
OWNER_GONE = signal.SIGUSR2  # sent when the owner dies; distinct from a SIGTERM meant for the agent
ORPHAN_GRACE_S = 1.0  # after SIGTERM, when boocoder is gone: half of what is promised for everything to be gone
KILL_S = 5.0  # a killed process that is not gone by then hangs in the kernel and dies when it leaves it
OOM_SCORE = "300"  # of 1000: where memory runs out, the agent goes before boocoder and its database
EXIT_NOT_STARTED = 127
PLAIN, WRAPPED = "--", "wrapped"
DEADLY = (signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM)


def prctl(option: int, value: int) -> None:
    """Set a property of this process; nothing happens where the system has no prctl."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


class Supervisor:
    """One agent and everything below it."""

    def __init__(self, control: int, *, wrapped: bool = False) -> None:
        self.control = control
        self.wrapped = wrapped
        self.agent = 0
        self.status: int | None = None
        self.kill_at = float("inf")
        self.wake, wake_end = os.pipe()
        for descriptor in (self.wake, wake_end, control):
            os.set_blocking(descriptor, False)
            os.set_inheritable(descriptor, False)
        signal.set_wakeup_fd(wake_end, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, OWNER_GONE):
            signal.signal(number, lambda *_: None)
        prctl(PR_SET_CHILD_SUBREAPER, 1)
        prctl(PR_SET_PDEATHSIG, OWNER_GONE)

    def report(self, text: str) -> None:
        """Report to boocoder; it may be gone."""
        try:
            os.write(self.control, text.encode() + b"\n")
        except OSError:
            self.kill_at = 0.0

    def start(self, cwd: str, argv: list[str]) -> bool:
        """Start the agent; returns whether its program is running."""
        parent = os.getpid()
        result, result_end = os.pipe()  # closed by a successful exec
        self.agent = os.fork()
        if self.agent == 0:
            run_agent(parent, result_end, cwd, argv)
        os.close(result_end)
        failure = os.read(result, 32)
        os.close(result)
        self.report(f"failed {failure.decode()}" if failure else f"started {self.agent}")
        quiet = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):  # the agent's pipes must end with the agent
            os.dup2(quiet, descriptor)
        return not failure

    def watch(self) -> None:
        """Serve until the agent has ended or has to be killed."""
        poll = select.poll()
        poll.register(self.wake, select.POLLIN)
        poll.register(self.control, select.POLLIN)
        while self.reap() and self.status is None and time.monotonic() < self.kill_at:
            wait_s = min(self.kill_at - time.monotonic(), 60.0)
            for descriptor, _ in poll.poll(max(0.0, wait_s) * 1000):
                if descriptor == self.wake:
                    self.take_signals()
                else:
                    self.take_orders(poll)

    def take_signals(self) -> None:
        """Handle received signals: SIGTERM is forwarded to the agent."""
        numbers = os.read(self.wake, 256)
        if OWNER_GONE in numbers:
            self.owner_gone()
        elif signal.SIGTERM in numbers:
            self.signal_group(signal.SIGTERM)

    def take_orders(self, poll: select.poll) -> None:
        """Handle orders from boocoder."""
        try:
            orders = os.read(self.control, 256)
        except BlockingIOError:
            return
        except OSError:
            orders = b""
        if not orders:
            poll.unregister(self.control)
            self.owner_gone()
        if b"term" in orders:
            self.signal_group(signal.SIGTERM)
        if b"kill" in orders:
            self.kill_at = 0.0

    def owner_gone(self) -> None:
        """Give the agent a moment to exit, then kill it."""
        if self.kill_at == float("inf"):
            self.kill_at = time.monotonic() + ORPHAN_GRACE_S
            self.signal_group(signal.SIGTERM)

    def signal_group(self, number: int) -> None:
        """Send a signal to the agent's process group."""
        if not self.wrapped or number == signal.SIGKILL:
            deliver(os.killpg, self.agent, number)
            return
        for pid in descendants(os.getpid()):
            if pid != self.agent and group_of(pid) == self.agent:
                deliver(os.kill, pid, number)

    def reap(self) -> bool:
        """Reap everything that has ended; returns whether anything is left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self.agent:
                self.status = unwrapped(status) if self.wrapped else status

    def kill_all(self) -> None:
        """Kill all descendants until none is left."""
        deadline = time.monotonic() + KILL_S
        pause_ms = 1
        while time.monotonic() < deadline:
            if self.status is None:  # else its pid is free for others
                self.signal_group(signal.SIGKILL)
            for pid in descendants(os.getpid()):
                deliver(os.kill, pid, signal.SIGKILL)
            if not self.reap():
                return
            if select.select([self.wake], [], [], pause_ms / 1000)[0]:
                os.read(self.wake, 256)
            pause_ms = min(pause_ms * 2, 50)

    def end(self) -> None:
        """Exit with the agent's wait status."""
        status = signal.SIGKILL if self.status is None else self.status
        self.report(f"ended {status}")
        if os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            if number != signal.SIGKILL:
                signal.signal(number, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            os.kill(os.getpid(), number)
        os._exit(os.WEXITSTATUS(status))


def deliver(send: Callable[[int, int], None], target: int, number: int) -> None:
    """Send a signal to every remaining process that we may signal."""
    try:  # noqa: SIM105 -- contextlib would cost milliseconds of start-up time
        send(target, number)
    except (ProcessLookupError, PermissionError):
        pass


def group_of(pid: int) -> int:
    """The process group of a process, 0 if it is gone."""
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


def unwrapped(status: int) -> int:
    """The wait status of the wrapped program; the wrapper reports signal N as exit code 128 + N."""
    number = os.WEXITSTATUS(status) - 128 if os.WIFEXITED(status) else 0
    return number if number in DEADLY else status


def run_agent(parent: int, result: int, cwd: str, argv: list[str]) -> None:
    """In the forked child: become the agent, or write the errno to `result`."""
    try:
        os.setsid()
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(EXIT_NOT_STARTED)
        for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and that would be inherited
            signal.signal(number, signal.SIG_DFL)
        # A core file in the worktree would become part of the agent's change.
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
        prefer_for_oom()
        os.chdir(cwd)
        os.execvpe(argv[0], argv, os.environ)  # noqa: S606 -- by argv, no shell is wanted
    except OSError as error:
        os.write(result, str(error.errno).encode())
    finally:
        os._exit(EXIT_NOT_STARTED)


def prefer_for_oom() -> None:
    """Make this process the OOM killer's first choice; best effort."""
    try:
        with open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123 -- pathlib would double the start-up time
            file.write(OOM_SCORE)
    except OSError:
        pass


def descendants(root: int) -> list[int]:
    """Pids of all descendants of `root`; empty without /proc."""
    children: dict[int, list[int]] = {}
    try:
        names = os.listdir("/proc")  # noqa: PTH208 -- pathlib would double the start-up time
    except OSError:
        return []
    for name in names:
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123
                    parent = int(file.read().rpartition(b")")[2].split()[1])
            except (OSError, IndexError):
                continue
            children.setdefault(parent, []).append(int(name))
    found = list(children.get(root, ()))
    for pid in found:
        found.extend(children.get(pid, ()))
    return found


def main(arguments: list[str]) -> None:
    """Do what the module says."""
    control, cwd, kind, *argv = arguments
    supervisor = Supervisor(int(control), wrapped=kind == WRAPPED)
    if supervisor.start(cwd, argv):
        supervisor.watch()
        supervisor.kill_all()
    supervisor.reap()
    supervisor.end()


if __name__ == "__main__":
    main(sys.argv[1:])
