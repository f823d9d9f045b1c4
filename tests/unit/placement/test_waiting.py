"""What is said of a task that waits for a host: who could run it, or what each host lacks."""

from __future__ import annotations

from uuid import UUID

from boocoder.db.tasks.placement import PlacementAgent, PlacementHost, PlacementSession
from boocoder.model.ids import HostId, SessionId, new_id
from boocoder.placement.waiting import waiting_for
from boocoder.wire.tasks import WaitingFor

PROJECT, PATH = "0" * 32, "/srv/app"
READY = {"goose": PlacementAgent("ready")}
NOT_INSTALLED = {"goose": PlacementAgent("unavailable", "goose was not found.", "Install it: brew install goose")}


def host(name: str, **state: object) -> PlacementHost:
    given = {"alive": True, "drained": False, "projects": {PROJECT: "ready"}, "agents": READY, **state}
    return PlacementHost(HostId(new_id()), name, **given)  # type: ignore[arg-type]


def reason(
    *hosts: PlacementHost,
    bound: UUID | None = None,
    has_files: bool = False,
    stored: bool = False,
    failures: dict[str, str] | None = None,
) -> WaitingFor | None:
    session = PlacementSession(
        SessionId(new_id()), None if bound is None else HostId(bound), PATH, has_files, stored, failures or {}
    )
    return waiting_for("goose", PROJECT, session, hosts)


def test_a_task_that_a_host_will_take_waits_for_its_turn_only() -> None:
    assert reason(host("red"), host("blue", agents={})) is None
    assert reason(host("red", projects={}, agents={})) is None, (
        "a host that runs alone takes it and says what is missing"
    )


def test_the_files_are_on_a_host_that_does_not_run() -> None:
    red = host("red", alive=False)
    found = reason(red, host("blue"), bound=red.id, has_files=True)
    assert found is not None and found.code == "host_absent"
    assert found.text == (
        "The files of this session are on red, which does not run. They were not stored for other hosts."
    )
    assert found.cure == "Start boocoder on red."
    assert reason(red, host("blue"), bound=red.id) is None, "without files another host takes it"


def test_who_can_go_on_with_stored_files_or_why_not() -> None:
    red, blue = host("red", alive=False), host("blue")
    found = reason(red, blue, bound=red.id, has_files=True, stored=True)
    assert found is not None and "blue can go on with it from its last stored snapshot." in found.text
    assert found.cure.startswith("Start boocoder on red. Or on another host: boocoder sessions adopt ")
    found = reason(red, host("blue", agents={}), bound=red.id, has_files=True, stored=True)
    assert found is not None and "No running host has both its project and goose." in found.text
    found = reason(red, blue, bound=red.id, has_files=True, stored=True, failures={str(blue.id): "It lacks commits."})
    assert found is not None and found.text.endswith("blue could not go on with it: It lacks commits.")


def test_those_that_could_do_not_run_or_are_drained() -> None:
    found = reason(host("red", alive=False), host("blue", agents=NOT_INSTALLED))
    assert found is not None and found.code == "able_host_absent"
    assert found.text.endswith("have both this project and goose: red does not run.")
    assert found.cure == "Start boocoder on red."
    found = reason(host("red", alive=False), host("green", drained=True))
    assert found is not None and found.text.endswith("red does not run, green is drained.")
    assert found.cure.endswith("boocoder hosts drain --off green")


def test_what_each_host_lacks_is_said() -> None:
    found = reason(
        host("red", agents=NOT_INSTALLED),
        host("blue", projects={PROJECT: "missing"}),
        host("gone", alive=False, agents={}),
    )
    assert found is not None and found.code == "no_host_can"
    assert found.text == (
        "No host has both this project and goose. red: goose is not available (goose was not found). "
        "blue: no repository at /srv/app."
    )
    assert found.cure == "Put a clone of the project at /srv/app on blue, or make goose available on red."


def test_an_agents_own_cure_is_given_where_only_the_agent_is_missing() -> None:
    found = reason(host("red", agents=NOT_INSTALLED), host("blue", projects={PROJECT: "other_repository"}, agents={}))
    assert found is not None
    assert "blue: /srv/app is another repository, no agent goose." in found.text
    assert found.cure == "Make goose available on red. Install it: brew install goose"
    found = reason(
        host("red", projects={}, agents={}), host("blue", projects={}, agents={"goose": PlacementAgent("loading")})
    )
    assert found is not None
    assert "blue: the project was not looked for yet, goose is being tried." in found.text
