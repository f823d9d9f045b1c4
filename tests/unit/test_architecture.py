"""House rules that a machine can check: sizes, module texts, names, and who may touch what."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "boocoder"
FILE_MAX_LINES = 400
FUNCTION_MAX_LINES = 50
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}
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
    assert [m.name for m in modules() if m.path.name == "__init__.py" and len(m.tree.body) > 1] == []


def test_modules_are_named_by_what_they_are() -> None:
    parts = [(module.name, part) for module in modules() for part in Path(module.name).with_suffix("").parts]
    assert [name for name, part in parts if set(part.split("_")) & FORBIDDEN_NAMES] == []


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
    assert users(lambda used: used == name, lambda m: m == "config/load.py" or m.startswith("process/")) == []


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


def test_children_are_started_in_few_places() -> None:
    starters = ("subprocess.Popen", "subprocess.run", "subprocess.check_output", "subprocess.call", "os.system")
    assert (
        users(
            lambda used: used in starters or used.startswith(("os.exec", "os.spawn", "os.posix_spawn", "os.fork")),
            lambda module: module.startswith("process/") or module == "db/embedded.py",
        )
        == []
    )
    assert users(lambda used: used.startswith("asyncio.create_subprocess"), lambda module: False) == []


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
