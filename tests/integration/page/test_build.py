"""Building the page: only when its sources changed, with a clear word when it cannot be, and small on first load."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import ROOT

CHECKOUT = ROOT
sys.path.insert(0, str(CHECKOUT / "tools"))
import build_page  # noqa: E402  (tools are programs, not a package)
import web_types  # noqa: E402

sys.path.pop(0)

FIRST_LOAD_MAX_BYTES = 300_000
LATER = ("ChangePanel", "BoardPage", "AgentsPage", "highlight", "xterm")


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page of two files, and a place to build it into."""
    web = tmp_path / "web"
    (web / "src").mkdir(parents=True)
    (web / "package.json").write_text("{}")
    (web / "src" / "main.tsx").write_text("export {}")
    monkeypatch.setattr(build_page, "WEB", web)
    monkeypatch.setattr(build_page, "PAGE", tmp_path / "page")
    return web


def built(page: Path) -> None:
    page.mkdir()
    (page / "index.html").write_text("<!doctype html>")
    (page / build_page.STAMP).write_text(build_page.digest())


def test_a_page_is_fresh_until_its_sources_change(sources: Path) -> None:
    assert not build_page.is_fresh()
    built(build_page.PAGE)
    assert build_page.is_fresh()
    (sources / "node_modules").mkdir()
    (sources / "node_modules" / "any.js").write_text("")
    assert build_page.is_fresh(), "installed packages are no sources"
    (sources / "src" / "main.tsx").write_text("export {};")
    assert not build_page.is_fresh()


def test_a_page_without_sources_is_fresh(sources: Path) -> None:
    """As in an sdist, which brings the built page."""
    built(build_page.PAGE)
    (sources / "package.json").unlink()
    assert build_page.is_fresh()
    assert build_page.build() is False


@pytest.mark.parametrize(
    "said", ["npm error code ENOTFOUND", "npm error code EAI_AGAIN", "connect ECONNREFUSED 127.0.0.1"]
)
def test_an_unreachable_registry_is_named_with_its_cure(said: str) -> None:
    why = build_page._why("npm", said)
    assert "out of reach" in why and "BOOCODER_PAGE=skip" in why and said in why


def test_an_error_in_the_sources_is_shown() -> None:
    why = build_page._why("tsc", "src/App.tsx(1,1): error TS2304: Cannot find name 'x'.")
    assert "tsc failed" in why and "TS2304" in why and "registry" not in why


def test_the_types_of_the_page_are_those_of_the_code() -> None:
    found = {path.name: path.read_text() for path in web_types.TARGET.glob("*.ts")}
    assert found == web_types.generate(), "run `make web-types`"


@pytest.fixture(scope="module")
def page() -> Path:
    """The page, built if it is not."""
    done = subprocess.run(
        [sys.executable, CHECKOUT / "tools" / "build_page.py"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return CHECKOUT / "src" / "boocoder" / "api" / "page"


def test_the_first_load_is_small(page: Path) -> None:
    index = (page / "index.html").read_text()
    wanted = re.findall(r"""(?:src|href)="/([^"]+\.(?:js|css))\"""", index)
    assert wanted
    sizes = {name: len(gzip.compress((page / name).read_bytes(), 9)) for name in wanted}
    assert sum(sizes.values()) < FIRST_LOAD_MAX_BYTES, sizes


def test_what_is_seen_later_comes_later(page: Path) -> None:
    index = (page / "index.html").read_text()
    for name in LATER:
        assert name not in index, f"{name} is part of the first load"
    chunks = [path.name for path in (page / "assets").iterdir()]
    assert any(name.startswith("ChangePanel") for name in chunks), chunks


def test_every_text_of_the_page_is_compressed_beside_it(page: Path) -> None:
    texts = [path for path in page.rglob("*") if path.suffix in build_page.COMPRESSED]
    assert texts and all(gzip.decompress(Path(f"{path}.gz").read_bytes()) == path.read_bytes() for path in texts)


def test_the_page_runs_nothing_inline(page: Path) -> None:
    """The service's policy forbids it, and the page would stay white."""
    index = (page / "index.html").read_text()
    assert "<style" not in index
    assert all("src=" in script for script in re.findall(r"<script[^>]*>", index))
