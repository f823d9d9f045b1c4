"""The shape of the tree: one meaning a class name, folders of readable size, no import circles."""

from __future__ import annotations

import ast
from collections import defaultdict
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.paths import ROOT

SOURCE = ROOT / "src"
PACKAGE = SOURCE / "boocoder"
FOLDER_MAX_MODULES = 15
TWICE_BY_INTENT: dict[str, str] = {
    # class name -> why two modules may define it
}


def modules(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.py") if path.name != "__init__.py")


def packages() -> list[Path]:
    return sorted(path.parent for path in PACKAGE.rglob("__init__.py"))


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def class_places() -> dict[str, list[str]]:
    """Class name without its underscore -> the modules that define it."""
    places = defaultdict(list)
    for path in PACKAGE.rglob("*.py"):
        for node in parsed(path).body:
            if isinstance(node, ast.ClassDef):
                places[node.name.lstrip("_")].append(dotted(path))
    return places


def import_graph(files: list[Path]) -> dict[str, set[str]]:
    """Module -> the modules of the same list that it imports, also inside functions."""
    names = {dotted(path): path for path in files}
    graph: dict[str, set[str]] = {}
    for name, path in names.items():
        used: set[str] = set()
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ImportFrom) and node.module:
                members = {f"{node.module}.{alias.name}" for alias in node.names}
                used |= (members & names.keys()) or ({node.module} & names.keys())
            elif isinstance(node, ast.Import):
                used |= {alias.name for alias in node.names} & names.keys()
        graph[name] = used - {name}
    return graph


def test_a_class_name_is_defined_once() -> None:
    twice = {name: sorted(places) for name, places in class_places().items() if len(places) > 1}
    assert {name: places for name, places in twice.items() if name not in TWICE_BY_INTENT} == {}
    assert TWICE_BY_INTENT.keys() <= twice.keys(), "an exception that is no longer needed"


def test_no_folder_is_too_full_and_none_holds_a_single_module() -> None:
    sizes = {dotted(folder): len(modules(folder)) for folder in packages()}
    assert {name: size for name, size in sizes.items() if size > FOLDER_MAX_MODULES} == {}
    lonely = {
        dotted(folder)
        for folder in packages()
        if len(modules(folder)) == 1 and not [path for path in folder.iterdir() if (path / "__init__.py").exists()]
    }
    assert lonely == set()


def test_no_folder_of_tests_is_too_full() -> None:
    folders = [ROOT / "tests", *(path for path in (ROOT / "tests").rglob("*") if path.is_dir())]
    sizes = {str(folder.relative_to(ROOT)): len(modules(folder)) for folder in folders}
    assert sum(sizes.values()) > 100
    assert {name: size for name, size in sizes.items() if size > FOLDER_MAX_MODULES} == {}


def test_modules_do_not_import_in_circles() -> None:
    TopologicalSorter(import_graph(sorted(PACKAGE.rglob("*.py")))).prepare()


def test_a_circle_would_be_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.unit.test_structure.SOURCE", tmp_path)
    (tmp_path / "one.py").write_text("import two\n")
    (tmp_path / "two.py").write_text("def late():\n    from one import thing\n    return thing\n")
    with pytest.raises(CycleError):
        TopologicalSorter(import_graph([tmp_path / "one.py", tmp_path / "two.py"])).prepare()
