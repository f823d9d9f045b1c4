"""Writes docs/openapi.json out of the routes and the words of docs/api.md, which it also puts beside the server's code.

python tools/api_document.py            write both
python tools/api_document.py --check    exit with 1 if they are not what code and page say
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import msgspec

from boocoder.api.application import ROUTERS
from boocoder.api.openapi.descriptions import FILE, ApiDescriptions, read_descriptions
from boocoder.api.openapi.document import openapi_document

DOCS = Path(__file__).resolve().parent.parent / "docs"
TARGET = DOCS / "openapi.json"
COMMON = "### Names that mean the same everywhere"
LINK = re.compile(r"\[([^]]*)\]\([^)]*\)")


def descriptions(page: str) -> ApiDescriptions:
    """What docs/api.md says of every field, parameter and answer."""
    return ApiDescriptions(
        common=_fields(page.partition(COMMON)[2].partition("\n## ")[0]),
        schemas={name: _fields(text) for name, text in re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", page, re.M | re.S)},
        parameters=dict(_parameters(page)),
        answers=dict(_answers(page)),
    )


def _fields(table: str) -> dict[str, str]:
    rows = re.findall(r"^\| `([\w-]+)` \|(.*)\|$", table, re.M)
    found = {name: _plain(cells.rpartition(" | ")[2]) for name, cells in rows}
    return {name: text for name, text in found.items() if text}


def _parameters(page: str) -> Iterator[tuple[str, dict[str, str]]]:
    """What a route's row says of each parameter: words behind its name, or those that begin the row without a name."""
    before: dict[str, str] = {}
    for route, names, text in re.findall(r"^\| (\w+ `/[^`]*`) \| ((?:`[\w-]+`(?:, )?)+) \| ?(.*?) ?\|$", page, re.M):
        listed = re.findall(r"`([\w-]+)`", names)
        if text not in ("likewise", "as above"):
            before = _named(listed, text)
        yield route.replace("`", ""), before


def _named(listed: list[str], text: str) -> dict[str, str]:
    parts = re.findall(r"(?:^|; )((?:`[\w=-]+`(?:, | and )?)+):? (.*?)(?=; `|$)", text)
    said = {name: what for named, what in parts for name in re.findall(r"`([\w-]+)", named)}
    general = re.split(r"(?:^|; )`", text, maxsplit=1)[0]
    rest = [name for name in listed if name not in said and name not in ("limit", "before")]
    if general and general not in ("filter", "filters"):
        said |= dict.fromkeys(rest, general)
    return {name: _plain(what.removeprefix("is ")) for name, what in said.items()}


def _answers(page: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Of a route's last column: `201 what; 200 if ...; 409 code`."""
    for method, path, text in re.findall(r"^\| (\w+) \| `(/[^`]*)` \| \w+ \| [^|]*\| (.*?) \|$", page, re.M):
        parts = re.split(r"; (?=\d{3} )", text)
        yield f"{method} {path}", {part[:3]: _plain(part[4:]) for part in parts if part[:3].isdigit()}


def _plain(text: str) -> str:
    text = LINK.sub(r"\1", text).strip()
    return text[:1].upper() + text[1:]


def _document() -> bytes:
    routes = [route for router in ROUTERS for route in router.routes]
    return _formatted(openapi_document(routes, version=metadata.version("boocoder")))


def _formatted(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"


def is_current() -> bool:
    """Whether both files are what the code and docs/api.md say."""
    return FILE.read_bytes() == _words() and TARGET.read_bytes() == _document()


def _words() -> bytes:
    return _formatted(descriptions((DOCS / "api.md").read_text("utf-8")))


def main() -> int:
    """Write or compare."""
    parser = argparse.ArgumentParser(description="Write docs/openapi.json.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 if a file is out of date")
    if parser.parse_args().check:
        if is_current():
            return 0
        print("docs/openapi.json is out of date: run `make api-document`.", file=sys.stderr)
        return 1
    FILE.write_bytes(_words())
    read_descriptions.cache_clear()
    TARGET.write_bytes(_document())
    return 0


if __name__ == "__main__":
    sys.exit(main())
