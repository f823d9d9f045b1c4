"""The check that nothing of a service is left finds the service itself while it runs."""

from __future__ import annotations

from tests.fixtures.service import Installation
from tests.invariants import processes_of


def test_a_running_service_is_found_by_its_data_directory(shared_service: Installation) -> None:
    assert shared_service.pid in {process.pid for process in processes_of(shared_service.data_dir)}
