"""docs/security.md: every threat and promise names tests that exist; and what it says of the lock file."""

from __future__ import annotations

import ast
import re
import tomllib

from tests.paths import DOCS, ROOT

THREATS = 21
ROW = re.compile(r"^\| T(\d+) \|(.*)\|$", re.MULTILINE)
PROOF = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def test_every_threat_has_a_defence_and_names_tests_that_exist() -> None:
    rows = {int(number): cells.split("|") for number, cells in ROW.findall((DOCS / "security.md").read_text("utf-8"))}
    assert list(rows) == list(range(1, THREATS + 1))
    for number, (threat, defence, proof, _) in rows.items():
        named = PROOF.findall(proof)
        assert threat.strip() and defence.strip() and named, f"T{number}"
        assert proof.count("::") == len(named), f"T{number}"
        assert [one for one in named if not _is_defined(*one)] == [], f"T{number}"


def test_every_proof_of_a_promise_names_tests_that_exist() -> None:
    text = (DOCS / "security.md").read_text("utf-8")
    proofs = text.partition("\n## Proofs\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").rpartition(" | ") for line in proofs.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 10
    for what, _, proof in rows:
        named = PROOF.findall(proof)
        assert named and proof.count("::") == len(named), what
        assert [one for one in named if not _is_defined(*one)] == [], what


def test_every_package_of_the_lock_file_has_hashes() -> None:
    packages = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]
    fetched = [one for one in packages if "registry" in one["source"]]
    assert len(fetched) > 50
    files = [(one["name"], file) for one in fetched for file in (*one.get("wheels", []), one.get("sdist"))]
    assert [name for name, file in files if file and not file.get("hash", "").startswith("sha256:")] == []
    assert all(one in fetched or one["source"].keys() & {"editable", "virtual"} for one in packages)


def _is_defined(path: str, name: str) -> bool:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name for node in ast.walk(tree)
    )
