"""A command whose service goes away: it waits, reconnects, and reports the task's true state."""

from __future__ import annotations

import json
import signal
import socket
import time

from tests.fixtures.repository import MakeRepository
from tests.fixtures.service import COMMAND_S, Installation, MakeInstallation


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def wait_running(service: Installation, task_id: str) -> None:
    deadline = time.monotonic() + COMMAND_S
    while json.loads(service.run("tasks", "show", task_id, "--json").stdout)["state"] != "running":
        assert time.monotonic() < deadline


def test_run_outlives_a_crash_of_the_service(installation: MakeInstallation, repository: MakeRepository) -> None:
    service = installation({"BOOCODER_PORT": str(free_port())})
    service.start()
    with service.popen("run", "[[say before]] [[hang]]", "--json", cwd=repository().path) as process:
        assert process.stdout is not None
        task = json.loads(process.stdout.readline())["task_id"]
        wait_running(service, task)
        service.kill()
        service.start()
        rest = [json.loads(line) for line in process.communicate(timeout=COMMAND_S)[0].splitlines()]
    assert process.returncode == 1
    assert rest[-1]["type"] == "result" and rest[-1]["outcome"] == "interrupted"
    ended = [line for line in rest if line["type"] == "turn_ended"]
    assert len(ended) == 1 and ended[0]["code"] and ended[0]["cure"]
    numbers = [line["seq"] for line in rest if line.get("seq")]
    assert numbers == sorted(set(numbers))


def test_a_stale_service_file_does_not_mislead(installation: MakeInstallation) -> None:
    place = installation()
    place.start()
    place.kill()
    assert (place.data_dir / "service.json").exists()
    done = place.run("tasks", "list")
    assert done.returncode == 1 and "No boocoder service runs" in done.stderr


def test_two_services_on_one_data_directory_are_refused(installation: MakeInstallation) -> None:
    place = installation()
    place.start()
    second = place.run("serve")
    assert second.returncode == 1 and "Traceback" not in second.stderr
    assert str(place.data_dir) in second.stderr
    assert place.run("tasks", "list").returncode == 0


def test_a_signal_while_it_starts_ends_the_service_in_order(installation: MakeInstallation) -> None:
    place = installation()
    with place.popen("serve") as process:
        deadline = time.monotonic() + COMMAND_S
        while not place.data_dir.exists():
            assert time.monotonic() < deadline
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=COMMAND_S)[0]
    assert process.returncode == 0, said
    assert "Traceback" not in said
    assert not (place.data_dir / "service.json").exists()
