"""The items of one write, flattened into one statement's parameters. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import assert_never

from boocoder.events.batch import BatchItem, EventItem, PartItem, TextItem, ToolTextItem
from boocoder.model.ids import MessageId

Item = BatchItem


@dataclass(slots=True)
class Batch:
    """Items sorted by their table, in the shape that one statement takes. One array per column."""

    numbers: int = 0
    events: list[tuple[int, str, str]] = field(default_factory=list)
    texts: list[tuple[int, MessageId, int, int, str]] = field(default_factory=list)
    parts: dict[tuple[MessageId, int], tuple[str, str, str | None]] = field(default_factory=dict)
    tool_texts: dict[tuple[MessageId, int, str], list[tuple[int, str]]] = field(default_factory=dict)
    replaced: list[tuple[MessageId, int, str]] = field(default_factory=list)

    def add(self, item: Item) -> None:
        """Take one more item; numbers follow the order of the calls."""
        match item:
            case EventItem():
                self.numbers += 1
                self.events.append((self.numbers, item.type, item.frame_json.decode()))
            case TextItem():
                self.numbers += 1
                self.texts.append((self.numbers, item.message_id, item.part, item.offset, item.text))
            case PartItem():
                self._add_part(item)
            case ToolTextItem():
                self._add_tool_text(item)
            case _:
                assert_never(item)

    def _add_part(self, item: PartItem) -> None:
        """The newest data of a part wins: one statement may write a row only once."""
        key = (item.message_id, item.part)
        before = self.parts.get(key)
        data = item.data_json.decode() if item.data_json is not None else (before[2] if before else None)
        self.parts[key] = (item.kind.value, item.key, data)

    def _add_tool_text(self, item: ToolTextItem) -> None:
        key = (item.message_id, item.part, str(item.field))
        if item.replace:
            self.tool_texts[key] = []
            if key not in self.replaced:
                self.replaced.append(key)
        if item.text:
            self.tool_texts.setdefault(key, []).append((item.offset, item.text))

    def parameters(self) -> list[list[object]]:
        """The arrays $6 to $26 of record_batch."""
        parts = [(*key, *value) for key, value in self.parts.items()]
        tool_texts = [(*key, *piece) for key, pieces in self.tool_texts.items() for piece in pieces]
        return [
            *_columns(parts, 5),
            *_columns(self.events, 3),
            *_columns(self.texts, 5),
            *_columns(self.replaced, 3),
            *_columns(tool_texts, 5),
        ]


def flatten(items: Sequence[Item]) -> Batch:
    """All items as one batch."""
    batch = Batch()
    for item in items:
        batch.add(item)
    return batch


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    if not rows:
        return [[] for _ in range(width)]
    return [list(column) for column in zip(*rows, strict=True)]
