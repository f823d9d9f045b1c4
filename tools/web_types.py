"""Writes web/src/shared/api/generated/: the types of routes, frames and socket messages, out of the server's own code.

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

from boocoder.api.application import ROUTERS
from boocoder.api.middleware.api_version import unversioned
from boocoder.api.openapi.document import openapi_document
from boocoder.api.streaming.socket_messages import Answer, Request
from boocoder.events.frames import Frame
from boocoder.wire.problems import Problem

TARGET = Path(__file__).resolve().parent.parent / "web" / "src" / "shared" / "api" / "generated"
REQUESTS = "boocoder.api.requests."
ANSWERS = "boocoder.wire."
VALUES = "boocoder.model."
STREAMS = ("boocoder.events.agent_event", "boocoder.events.frames", "boocoder.api.streaming.socket_messages")
ELSEWHERE = "words"  # the file of what is defined beside the API: states, kinds, reasons
HEAD = "// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.\n"
METHODS = ("get", "post", "put", "patch", "delete")
PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
Schema = Mapping[str, Any]


def generate() -> dict[str, str]:
    """File name -> its text."""
    document = openapi_document([route for router in ROUTERS for route in router.routes], version="0")
    streamed, structs = msgspec.json.schema_components(
        [Frame, Request, Answer, Problem], ref_template="#/components/schemas/{name}"
    )
    schemas: dict[str, Schema] = {**structs, **document["components"]["schemas"]}
    kinds = dict(_kinds())
    files: dict[str, dict[str, str]] = {}
    for name, schema in sorted(schemas.items()):
        kind = kinds.get(name)
        file = ELSEWHERE
        if kind is not None and not kind.__module__.startswith(VALUES):
            file = kind.__module__.rpartition(".")[2]
        files.setdefault(file, {})[name] = _declaration(name, schema, complete=_is_complete(kind))
    for name, schema in zip(("Frame", "SocketRequest", "SocketAnswer"), streamed, strict=False):
        members = "\n  | ".join(_type(member) for member in schema["anyOf"])
        files["frames"][name] = f"export type {name} =\n  | {members};\n"
    files["routes"] = {"Routes": _routes({unversioned(path): item for path, item in document["paths"].items()})}
    return _written(files)


def _kinds() -> Iterator[tuple[str, type]]:
    """Every class of requests, answers, streams and their values by its name."""
    for module in sorted(sys.modules):
        if module in STREAMS or module.startswith((REQUESTS, ANSWERS, VALUES)):
            for name, value in vars(sys.modules[module]).items():
                if isinstance(value, type) and value.__module__ == module:
                    yield name, value


def _is_complete(kind: type | None) -> bool:
    """Whether the server writes every field of it, also those that have a default."""
    if kind is None or not kind.__module__.startswith((ANSWERS, VALUES)):
        return False
    return not issubclass(kind, msgspec.Struct) or not kind.__struct_config__.omit_defaults


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


def _declaration(name: str, schema: Schema, *, complete: bool = False) -> str:
    """One exported type.

    Args:
        complete: the sender writes every field, also those that have a default.
    """
    note = _note(schema.get("description", ""))
    if schema.get("type") != "object" or "properties" not in schema:
        return f"{note}export type {name} = {_type(schema)};\n"
    required = schema["properties"] if complete else schema.get("required", ())
    fields = (
        f"  {field}{'' if field in required else '?'}: {_type(kind)};\n" for field, kind in schema["properties"].items()
    )
    return f"{note}export interface {name} {{\n{''.join(fields)}}}\n"


def _type(schema: Schema) -> str:
    """The TypeScript type of a JSON Schema."""
    if "$ref" in schema:
        name: str = schema["$ref"].rpartition("/")[2]
        return name
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " | ".join(dict.fromkeys(_type(one) for one in schema[key]))
    if "enum" in schema:
        return " | ".join(_literal(value) for value in schema["enum"])
    if "const" in schema:
        return _literal(schema["const"])
    if isinstance(schema.get("type"), list):
        return " | ".join(PLAIN[one] for one in schema["type"])
    match schema.get("type"):
        case "array":
            return _array(schema)
        case "object":
            values = schema.get("additionalProperties")
            return f"Record<string, {_type(values) if isinstance(values, dict) else 'unknown'}>"
        case None:
            return "unknown"
        case plain:
            return PLAIN[plain]


def _array(schema: Schema) -> str:
    if "prefixItems" in schema:
        return "[" + ", ".join(_type(one) for one in schema["prefixItems"]) + "]"
    inner = _type(schema["items"]) if isinstance(schema.get("items"), dict) else "unknown"
    if "minItems" in schema and schema["minItems"] == schema.get("maxItems"):  # a tuple, as the document writes it
        return "[" + ", ".join([inner] * schema["minItems"]) + "]"
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
            print("web/src/shared/api/generated/ is out of date: run `make web-types`.", file=sys.stderr)
        return int(found != wanted)
    TARGET.mkdir(parents=True, exist_ok=True)
    for name in found.keys() - wanted.keys():
        (TARGET / name).unlink()
    for name, text in wanted.items():
        (TARGET / name).write_text(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
