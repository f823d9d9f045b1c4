"""Shows an OpenAPI document as one page: HTML with a style sheet, without a script."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

Schema = Mapping[str, Any]
STYLE = """\
:root { color-scheme: light dark; --line: light-dark(#d0d7de, #3d444d); --quiet: light-dark(#59636e, #9198a1); }
html { background: light-dark(#ffffff, #0d1117); color: light-dark(#1f2328, #e6edf3); }
a { color: light-dark(#0550ae, #79b8ff); }
nav a, td a { display: inline-block; min-height: 24px; min-width: 24px; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 1rem 1.5rem 6rem; }
code { font: 0.92em ui-monospace, monospace; overflow-wrap: anywhere; }
nav ul { columns: 12rem; padding-left: 1rem; }
h2 { border-bottom: 1px solid var(--line); margin-top: 2.5rem; }
details { border: 1px solid var(--line); border-radius: 6px; margin: 0.5rem 0; padding: 0.4rem 0.8rem; }
summary { cursor: pointer; }
.method { display: inline-block; min-width: 4.2rem; font-weight: 600; }
.quiet { color: var(--quiet); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { border-top: 1px solid var(--line); padding: 0.25rem 0.6rem 0.25rem 0; text-align: left; vertical-align: top; }
"""


def reference_page(document: Schema) -> str:
    """The page: routes by tag, then schemas; every one has an anchor."""
    by_tag: dict[str, list[str]] = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            by_tag.setdefault(operation["tags"][0], []).append(_operation(method, path, operation))
    links = "".join(f'<li><a href="#tag-{escape(tag)}">{escape(tag)}</a></li>' for tag in by_tag)
    routes = "".join(
        f'<h2 id="tag-{escape(tag)}">{escape(tag)}</h2>{"".join(parts)}' for tag, parts in sorted(by_tag.items())
    )
    schemas = "".join(_schema(name, one) for name, one in sorted(document["components"]["schemas"].items()))
    title = f"{escape(document['info']['title'])} {escape(document['info']['version'])}: HTTP API"
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<title>{title}</title><link rel="icon" href="/favicon.svg"><link rel="stylesheet" href="/docs.css">'
        f"<body><h1>{title}</h1>"
        f'{_paragraphs(document["info"]["description"])}<p><a href="/openapi.json">openapi.json</a>, for generated '
        f'clients</p><nav><ul>{links}<li><a href="#schemas">schemas</a></li></ul></nav><main>{routes}'
        f'<h2 id="schemas">schemas</h2>{schemas}</main></body></html>'
    )


def _operation(method: str, path: str, operation: Schema) -> str:
    body = operation.get("requestBody")
    rows = [_row(one["name"], one["in"], _type(one["schema"]), one.get("description", "")) for one in _given(operation)]
    if body is not None:
        kind = _type(body["content"]["application/json"]["schema"])
        rows.append(_row("body", "JSON", kind, "" if body.get("required") else "may be left out"))
    answers = [_row(status, "", *_answer(answer)) for status, answer in sorted(operation["responses"].items())]
    return (
        f'<details id="{escape(operation["operationId"])}"><summary><span class="method">{method.upper()}</span>'
        f"<code>{escape(path)}</code> <span class=quiet>{_words(operation['summary'])}</span></summary>"
        f"{_paragraphs(operation['description'])}{_table('takes', rows)}{_table('answers', answers)}</details>"
    )


def _given(operation: Schema) -> Iterator[Schema]:
    yield from operation.get("parameters", ())


def _answer(answer: Schema) -> tuple[str, str]:
    if "$ref" in answer:
        return '<a href="#schema-Problem">Problem</a>', ""
    kinds = [
        _type(content["schema"]) if "schema" in content else f"<code>{escape(media)}</code>"
        for media, content in answer.get("content", {}).items()
    ]
    return " or ".join(kinds), answer.get("description", "")


def _schema(name: str, schema: Schema) -> str:
    required = schema.get("required", ())
    rows = [
        _row(field, "" if field in required else "optional", _type(one), one.get("description", ""))
        for field, one in schema.get("properties", {}).items()
    ]
    values = f"<p>{_type(schema)}</p>" if "enum" in schema else ""
    return (
        f'<details id="schema-{escape(name)}"><summary><code>{escape(name)}</code></summary>'
        f"{_paragraphs(schema.get('description', ''))}{values}{_table('fields', rows)}</details>"
    )


def _type(schema: Schema) -> str:
    """A schema in a few words, as HTML; other schemas are links."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#schema-{name}">{name}</a>'
    if "anyOf" in schema or "allOf" in schema:
        return " or ".join(_type(one) for one in schema.get("anyOf") or schema["allOf"])
    if "enum" in schema:
        return ", ".join(f"<code>{escape(str(one))}</code>" for one in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items') or {})}"
    kind = schema.get("type", schema.get("title", "any JSON value"))
    return escape(f"{kind} ({schema['format']})" if "format" in schema else str(kind))


def _table(title: str, rows: list[str]) -> str:
    return (
        f'<div class="wide"><table><tr><th colspan="4">{title}</th></tr>{"".join(rows)}</table></div>' if rows else ""
    )


def _row(name: str, where: str, kind: str, about: str) -> str:
    cells = (f"<code>{escape(name)}</code>", f'<span class="quiet">{escape(where)}</span>', kind, _words(about))
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{_words(part)}</p>" for part in text.split("\n\n") if part.strip())


def _words(text: str) -> str:
    """Text with code in backticks, as HTML."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))
