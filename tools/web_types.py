"""Writes web/src/api/generated/: the types of routes, frames and socket messages, out of the server's own code.

    python tools/web_types.py            write them
    python tools/web_types.py --check    exit with 1 if they are not what the code says

Each file has the types of one Python module, `index.ts` all of them.
A route is typed as `Routes["GET /api/sessions/{session_id}"]` with its path and query parameters, body and answer.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from fastapi import FastAPI

from boocoder.api.application import ROUTERS
from boocoder.api.problem import Problem
from boocoder.api.socket_messages import Answer, Request
from boocoder.events.frames import Frame

TARGET = Path(__file__).resolve().parent.parent / "web" / "src" / "api" / "generated"
SHAPES = "boocoder.api.shapes."
STREAMS = ("boocoder.events.frames", "boocoder.api.socket_messages", "boocoder.api.problem")
ELSEWHERE = "words"  # the file of what is defined beside the API: states, kinds, reasons
HEAD = "// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.\n"
METHODS = ("get", "post", "put", "patch", "delete")
PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}

Schema = Mapping[str, Any]


def generate() -> dict[str, str]:
    """File name -> its text."""
    app = FastAPI(title="boocoder", version="0")
    for router in ROUTERS:
        app.router.routes.extend(router.routes)
    document = app.openapi()
    schemas: dict[str, Schema] = dict(document.get("components", {}).get("schemas", {}))
    unions, structs = msgspec.json.schema_components(
        [Frame, Request, Answer, Problem], ref_template="#/components/schemas/{name}"
    )
    renamed = {name: f"{name}Frame" for name in schemas.keys() & structs.keys()}
    modules, struct_modules = dict(_modules()), dict(_modules(structs=True))
    files: dict[str, dict[str, str]] = {}
    for name, schema in sorted(schemas.items()):
        files.setdefault(_file_of(modules.get(name, "")), {})[name] = _declaration(name, schema)
    for name, schema in sorted(structs.items()):
        declared = _declaration(renamed.get(name, name), schema, answered=True, renamed=renamed)
        module = struct_modules.get(name, ELSEWHERE).rpartition(".")[2]
        files.setdefault(module, {})[renamed.get(name, name)] = declared
    for name, schema in zip(("Frame", "SocketRequest", "SocketAnswer"), unions, strict=False):
        members = "\n  | ".join(_members(schema, renamed))
        files["frames"][name] = f"export type {name} =\n  | {members};\n"
    files["routes"] = {"Routes": _routes(document["paths"])}
    return _written(files)


def _modules(*, structs: bool = False) -> Iterator[tuple[str, str]]:
    """The name of every class of the API's own modules, and the module that defines it.

    Args:
        structs: those of the streams, else those of requests and answers.
    """
    for module in sorted(sys.modules):
        if module in STREAMS if structs else module.startswith(SHAPES):
            for name, value in vars(sys.modules[module]).items():
                if isinstance(value, type) and value.__module__ == module:
                    yield name, module


def _file_of(module: str) -> str:
    return module.removeprefix(SHAPES) if module.startswith(SHAPES) else ELSEWHERE


def _written(files: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The files as text, each with the imports that it needs."""
    home = {name: file for file, declared in files.items() for name in declared}
    written = {}
    for file, declared in sorted(files.items()):
        body = "\n".join(declared.values())
        wanted: dict[str, list[str]] = {}
        for name in sorted(set(re.findall(r"\b[A-Z]\w+", re.sub(r"/\*\*.*?\*/", "", body))) & home.keys()):
            if home[name] != file:
                wanted.setdefault(home[name], []).append(name)
        imports = [
            f'import type {{ {", ".join(names)} }} from "./{other}";\n' for other, names in sorted(wanted.items())
        ]
        written[f"{file}.ts"] = "\n".join([HEAD + "".join(imports), body])
    lines = (f'export type * from "./{file}";\n' for file in sorted(files))
    return {**written, "index.ts": HEAD + "\n" + "".join(lines)}


def _members(schema: Schema, renamed: Mapping[str, str]) -> Iterator[str]:
    for member in schema["anyOf"]:
        yield _type(member, renamed)


def _declaration(name: str, schema: Schema, *, answered: bool = False, renamed: Mapping[str, str] | None = None) -> str:
    """One exported type.

    Args:
        answered: fields that have a default may be left out by the sender (frames leave defaults out).
    """
    note = _note(schema.get("description", ""))
    if schema.get("type") != "object" or "properties" not in schema:
        return f"{note}export type {name} = {_type(schema, renamed or {})};\n"
    fields = "".join(_fields(name, schema, answered=answered, renamed=renamed or {}))
    return f"{note}export interface {name} {{\n{fields}}}\n"


def _fields(name: str, schema: Schema, *, answered: bool, renamed: Mapping[str, str]) -> Iterator[str]:
    required = set(schema.get("required", ()))
    always = name.endswith("Out") and not answered  # pydantic writes every field of an answer
    for field, kind in schema["properties"].items():
        optional = "" if always or field in required else "?"
        yield f"  {field}{optional}: {_type(kind, renamed)};\n"


def _type(schema: Schema, renamed: Mapping[str, str] = {}) -> str:
    """The TypeScript type of a JSON Schema."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return renamed.get(name, name)
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " | ".join(dict.fromkeys(_type(one, renamed) for one in schema[key]))
    if "enum" in schema:
        return " | ".join(_literal(value) for value in schema["enum"])
    if "const" in schema:
        return _literal(schema["const"])
    if isinstance(schema.get("type"), list):
        return " | ".join(PLAIN[one] for one in schema["type"])
    match schema.get("type"):
        case "array":
            return _array(schema, renamed)
        case "object":
            values = schema.get("additionalProperties")
            return f"Record<string, {_type(values, renamed) if isinstance(values, dict) else 'unknown'}>"
        case None:
            return "unknown"
        case plain:
            return PLAIN[plain]


def _array(schema: Schema, renamed: Mapping[str, str]) -> str:
    if "prefixItems" in schema:
        return "[" + ", ".join(_type(one, renamed) for one in schema["prefixItems"]) + "]"
    inner = _type(schema["items"], renamed) if isinstance(schema.get("items"), dict) else "unknown"
    return f"({inner})[]" if " " in inner else f"{inner}[]"


def _literal(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def _note(text: str) -> str:
    words = " ".join(text.split("\n\n", 1)[0].split()).replace("*/", "* /")
    return f"/** {words} */\n" if words else ""


def _routes(paths: Mapping[str, Schema]) -> str:
    lines = ["/** Every route: what it takes and what it answers. */\nexport interface Routes {\n"]
    for path, operations in sorted(paths.items()):
        lines += [_route(method, path, operations[method]) for method in METHODS if method in operations]
    return "".join([*lines, "}\n"])


def _route(method: str, path: str, operation: Schema) -> str:
    parameters = operation.get("parameters", ())
    body = operation.get("requestBody")
    parts = [
        f"path: {_object(one for one in parameters if one['in'] == 'path')}",
        f"query: {_object(one for one in parameters if one['in'] == 'query')}",
        f"body: {_content(body) if body else 'undefined'}",
        f"answer: {_answer(operation['responses'])}",
    ]
    return f'  "{method.upper()} {path}": {{ {"; ".join(parts)} }};\n'


def _object(parameters: Iterable[Schema]) -> str:
    fields = [f"{one['name']}{'' if one.get('required') else '?'}: {_type(one['schema'])}" for one in parameters]
    return f"{{ {'; '.join(fields)} }}" if fields else "Record<string, never>"


def _content(holder: Schema) -> str:
    content = holder.get("content", {})
    return _type(content["application/json"]["schema"]) if "application/json" in content else "undefined"


def _answer(responses: Mapping[str, Schema]) -> str:
    good = [_content(answer) for code, answer in responses.items() if re.fullmatch("2..", code)]
    return " | ".join(dict.fromkeys(good)) or "undefined"


def main() -> int:
    """Write or check the files."""
    parser = argparse.ArgumentParser(description="Write the web page's types of routes and frames.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 if a file is out of date")
    wanted = generate()
    found = {path.name: path.read_text() for path in TARGET.glob("*.ts")}
    if parser.parse_args().check:
        if found != wanted:
            print("web/src/api/generated/ is out of date: run `make web-types`.", file=sys.stderr)
        return int(found != wanted)
    TARGET.mkdir(parents=True, exist_ok=True)
    for name in found.keys() - wanted.keys():
        (TARGET / name).unlink()
    for name, text in wanted.items():
        (TARGET / name).write_text(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
