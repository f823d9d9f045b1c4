"""The page's import rules (web/.oxlintrc.json): they pass on the sources and fail on a planted violation."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest
from tools import build_page

SOURCES = build_page.WEB / "src"
FOLDER_MAX_MODULES = 15

needs_packages = pytest.mark.skipif(
    not (build_page.WEB / "node_modules" / "oxlint").is_dir(), reason="the page's packages are not installed: make page"
)


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """A folder of sources that follows the rules: two features and shared code."""
    shutil.copy(build_page.WEB / ".oxlintrc.json", tmp_path)
    write(tmp_path, "shared/text/times.ts", "export const age = 1;")
    write(tmp_path, "features/left/left.ts", 'import { age } from "../../shared/text/times";\nexport const left = age;')
    write(tmp_path, "features/left/parts/part.ts", 'import { left } from "../left";\nexport const part = left;')
    write(tmp_path, "features/right/right.ts", "export interface Right {\n  age: number;\n}")
    return tmp_path


def write(folder: Path, name: str, text: str) -> None:
    path = folder / "src" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n")


@needs_packages
def test_the_page_keeps_the_rules() -> None:
    build_page.lint_sources(build_page.WEB)


@needs_packages
def test_sources_that_keep_the_rules_pass(planted: Path) -> None:
    build_page.lint_sources(planted)


@needs_packages
@pytest.mark.parametrize(
    ("name", "text", "rule"),
    [
        (
            "features/left/other.ts",
            'import type { Right } from "../right/right";\nexport type A = Right;',
            "no other feature",
        ),
        ("features/left/other.ts", 'export type { Right } from "../../features/right/right";', "no other feature"),
        (
            "features/left/parts/other.ts",
            'import type { Right } from "../../right/right";\nexport type A = Right;',
            "no other feature",
        ),
        ("features/left/other.ts", 'import { App } from "../../app/App";\nexport const a = App;', "no other feature"),
        (
            "shared/text/other.ts",
            'import { left } from "../../features/left/left";\nexport const a = left;',
            "neither features nor app",
        ),
    ],
)
def test_a_planted_import_across_fails(name: str, text: str, rule: str, planted: Path) -> None:
    write(planted, name, text)
    with pytest.raises(build_page.PageError, match=rule):
        build_page.lint_sources(planted)


@needs_packages
def test_a_planted_circle_of_types_fails(planted: Path) -> None:
    write(
        planted, "features/right/right.ts", 'import type { Whole } from "./whole";\nexport type Right = { in: Whole };'
    )
    write(
        planted, "features/right/whole.ts", 'import type { Right } from "./right";\nexport type Whole = { of: Right };'
    )
    with pytest.raises(build_page.PageError, match="no-cycle"):
        build_page.lint_sources(planted)


def test_no_folder_of_the_page_holds_too_many_modules() -> None:
    """A component and its style sheet are one module."""
    modules = [path for path in SOURCES.rglob("*.ts*") if "generated" not in path.parts]
    sizes = Counter(str(path.parent.relative_to(SOURCES)) for path in modules)
    assert len(sizes) > 20
    assert {folder: size for folder, size in sizes.items() if size > FOLDER_MAX_MODULES} == {}
