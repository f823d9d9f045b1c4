"""House rules that a machine can check: sizes, module texts, names, and who may touch what."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.paths import ROOT

PACKAGE = ROOT / "src" / "boocoder"
FILE_MAX_LINES = 400
FUNCTION_MAX_LINES = 50
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}
ENVIRONMENT_READERS = {"config/load.py", "client/environment.py"}
SQL = re.compile(
    r"\b(select\s.+\sfrom|insert\s+into|update\s+\w+\s+set|delete\s+from|create\s+(table|index|type)|drop\s+table)\b",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class Module:
    """One source file, parsed."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        return self.path.relative_to(PACKAGE).as_posix()


@cache
def modules() -> tuple[Module, ...]:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text("utf-8")
        found.append(Module(path, text, ast.parse(text)))
    return tuple(found)


def names(module: Module) -> Iterator[tuple[str, int]]:
    """Dotted names that a module uses or imports, with their lines."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{node.value.id}.{node.attr}", node.lineno
        elif isinstance(node, ast.ImportFrom):
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)


def users(wanted: Callable[[str], bool], allowed: Callable[[str], bool]) -> list[str]:
    """Where a name is used outside the modules that may use it."""
    return [
        f"{module.name}:{line} {name}"
        for module in modules()
        if not allowed(module.name)
        for name, line in names(module)
        if wanted(name)
    ]


def test_there_is_something_to_check() -> None:
    assert len(modules()) > 50
    assert any(name == "os.environ" for module in modules() for name, _ in names(module))


def test_no_file_is_longer_than_the_limit() -> None:
    sources = [path for folder in ("src", "tests", "tools", "bench") for path in (ROOT / folder).rglob("*.py")]
    sources += [path for folder in ("src", "tests") for path in (ROOT / "web" / folder).rglob("*.*")]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in sources}
    assert {name: length for name, length in lengths.items() if length > FILE_MAX_LINES} == {}


def test_no_function_is_longer_than_the_limit() -> None:
    long = [
        f"{module.name}:{node.lineno} {node.name} {node.end_lineno - node.lineno + 1}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None
        if node.end_lineno - node.lineno + 1 > FUNCTION_MAX_LINES
    ]
    assert long == []


def test_every_module_says_what_it_is_for() -> None:
    assert [module.name for module in modules() if not ast.get_docstring(module.tree)] == []


def test_package_files_hold_nothing_but_their_docstring() -> None:
    found = [m.name for m in modules() if m.path.name == "__init__.py" and len(m.tree.body) > 1]
    assert found == ["client/__init__.py"]  # what other programs import


def test_modules_are_named_by_what_they_are() -> None:
    parts = [(module.name, part) for module in modules() for part in Path(module.name).with_suffix("").parts]
    assert [name for name, part in parts if set(part.split("_")) & FORBIDDEN_NAMES] == []


def layers() -> list[set[str]]:
    """The layers of the import contract, the lowest first."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    [contract] = [one for one in contracts if one["type"] == "layers"]
    assert contract["exhaustive"] is True
    return [set(re.split(r"\s*[|:]\s*", layer)) for layer in contract["layers"]][::-1]


def test_every_top_level_module_has_a_layer() -> None:
    found = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    assert found - {"__init__"} == set().union(*layers())


def test_the_table_of_layers_is_the_contract() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \|", text, re.MULTILINE)
    numbers = [int(number) for number, _ in rows]
    assert numbers == sorted(numbers, reverse=True)
    assert {(int(number), name) for number, name in rows} == {
        (number, name) for number, layer in enumerate(layers(), start=1) for name in layer
    }


def test_sql_stands_in_sql_files_only() -> None:
    found = []
    for module in modules():
        documents = {id(node.value) for node in ast.walk(module.tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in documents:
                continue
            if SQL.search(node.value):
                found.append(f"{module.name}:{node.lineno}")
    assert found == []
    assert list((PACKAGE / "db" / "sql").glob("*.sql"))


@pytest.mark.parametrize("name", ["os.environ", "os.getenv", "os.environb"])
def test_the_environment_is_read_in_one_place(name: str) -> None:
    # process/ builds the environments of children.
    assert users(lambda used: used == name, lambda m: m in ENVIRONMENT_READERS or m.startswith("process/")) == []


def test_background_tasks_start_in_one_place() -> None:
    starters = ("create_task", "ensure_future", "run_coroutine_threadsafe")
    found = [
        f"{module.name}:{node.lineno}"
        for module in modules()
        if module.name != "service.py"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr in starters
    ]
    assert found == []


def test_frames_are_stored_and_published_by_the_outbox_only() -> None:
    """A writer that stores frames otherwise could forget to publish them."""
    found = [
        f"{module.name}:{node.lineno} {node.func.attr}"
        for module in modules()
        if module.name != "broker/outbox.py"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if node.func.attr in ("record_batch", "publish_stored")
    ]
    assert found == []
    assert users(lambda used: used.endswith(".record_batch"), lambda module: module == "broker/outbox.py") == []


def test_children_are_started_in_few_places() -> None:
    starters = ("subprocess.Popen", "subprocess.run", "subprocess.check_output", "subprocess.call", "os.system")
    assert (
        users(
            lambda used: used in starters or used.startswith(("os.exec", "os.spawn", "os.posix_spawn", "os.fork")),
            lambda module: module.startswith("process/") or module == "db/server/embedded.py",
        )
        == []
    )
    assert users(lambda used: used.startswith("asyncio.create_subprocess"), lambda module: False) == []


def test_whatever_runs_for_an_agent_goes_through_the_process_host() -> None:
    """`process.run` knows no supervisor: it is for git, for PostgreSQL's own programs and for a person's command."""
    unsupervised = ("git/", "db/server/", "process/", "catalog/identification.py")
    assert users(lambda used: used == "boocoder.process.run.run", lambda m: m.startswith(unsupervised)) == []


def test_every_command_of_an_agent_or_project_names_its_sandbox() -> None:
    """A person's own shell is the one exception."""
    bare = [
        f"{module.name}:{node.lineno}"
        for module in modules()
        if module.name.startswith(("backends/", "worktrees/", "catalog/")) and module.name != "worktrees/terminals.py"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Command"
        if len(node.args) < 4 and not any(keyword.arg == "sandbox" for keyword in node.keywords)
    ]
    assert bare == []


def test_nothing_is_left_undone() -> None:
    undone = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
    assert [module.name for module in modules() if undone.search(module.text)] == []


def test_the_code_prints_only_for_a_person() -> None:
    found = [
        f"{module.name}:{node.lineno}"
        for module in modules()
        if not module.name.startswith("cli/")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("print", "breakpoint")
    ]
    assert found == []
