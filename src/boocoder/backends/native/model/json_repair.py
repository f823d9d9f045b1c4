"""Parses the malformed JSON of small models: wrong or missing quotes, commas, braces and escapes. No I/O."""

from __future__ import annotations

import json
import re

DEPTH_MAX = 40  # deeper nesting is no tool call
TEXT_MAX_CHARS = 1_000_000
_QUOTES = {'"': '"', "'": "'", "`": "`", "\u201c": "\u201d", "\u2018": "\u2019"}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "/": "/", "\\": "\\", '"': '"', "'": "'"}
_WORDS = {"true": True, "false": False, "null": None, "none": None, "undefined": None, "yes": True, "no": False}
_PLAIN_RUN = re.compile(r"[^\\\"'`\u2019\u201d]+")  # nothing in it ends a string
_GAP = r"(?:\s++|//[^\n]{0,400}|/\*.{0,400}?\*/)*+"  # white space and comments; it never goes back
_SPACE = re.compile(_GAP, re.DOTALL)
_BARE_KEY = re.compile(r"[\w$.-]+")
_NUMBER = re.compile(r"[+-]?(?:\d[\d_]*(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?(?=\s*(?:[,}\]\n]|$))")
_BARE_VALUE = re.compile(r"[^,}\]\n]+")
_NEXT_KEY = re.compile(
    _GAP + r",?" + _GAP + r"(?:([\"'`\u201c\u2018])[\w$ .-]+[\"'`\u201d\u2019]|[A-Za-z_$][\w$-]*)\s*[:=]", re.DOTALL
)
_CLOSERS = re.compile(r"\s*[}\]](?:\s*[}\],;)`<]|\s*$)")
_BRACELESS = re.compile(r"(?:\"[\w$-]+\"|'[\w$-]+'|[A-Za-z_$][\w$-]*)\s*:(?!/)")  # an object without its braces
_OBJECT_BEGIN = re.compile(r"\s*\{\s*")
_MEMBER = re.compile(r"(\"(?:[^\"\\]|\\.)*\")\s*:\s*")
_OPEN_TEXT = re.compile(r"\"((?:[^\"\\]|\\.)*+\\?)(\"?)", re.DOTALL)
_COMMA = re.compile(r"\s*,\s*")
_SURROGATE = re.compile("[\ud800-\udfff]")
_strict = json.JSONDecoder(strict=False)


class InvalidJson(ValueError):
    """The text contains no object or list, or one that is nested too deeply or too long."""


def repair_json(text: str) -> object:
    """Parse the first value in a text, ignoring what surrounds it; a string that contains JSON is parsed too.

    Raises:
        InvalidJson: nothing in it can be parsed as an object or a list.
    """
    value, _ = repair_json_at(_unfenced(text), 0)
    for _ in range(3):
        if not isinstance(value, str):
            break
        value, _ = repair_json_at(_unfenced(value), 0)
    return _with_pairs_joined(value)


def _with_pairs_joined(value: object) -> object:
    """The value with separately escaped surrogate pairs joined; lone surrogates are kept."""
    match value:
        case str():
            return value if _SURROGATE.search(value) is None else _joined(value)
        case list():
            return [_with_pairs_joined(one) for one in value]
        case dict():
            return {_with_pairs_joined(name): _with_pairs_joined(one) for name, one in value.items()}
        case _:
            return value


def _joined(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def repair_json_at(text: str, start: int) -> tuple[object, int]:
    """The first value at or after `start`, and the position after it.

    Raises:
        InvalidJson: there is none.
    """
    if len(text) > TEXT_MAX_CHARS:
        raise InvalidJson("too long")
    begin = _begin(text, start)
    if _BRACELESS.match(text, begin):
        reader = _TolerantParser(text, begin)
        return reader.braceless(), reader.place
    try:
        return _strict.raw_decode(text, begin)
    except RecursionError as error:
        raise InvalidJson("too deep") from error
    except ValueError:
        reader = _TolerantParser(text, begin)
        return reader.value(0), reader.place


def _begin(text: str, start: int) -> int:
    """Position where the value begins: a leading quote, else the first brace or bracket."""
    space = _SPACE.match(text, start)
    first = space.end() if space else start
    if _BRACELESS.match(text, first):
        return first
    if text[first : first + 1] == '"':
        return first
    places = [place for place in (text.find("{", first), text.find("[", first)) if place >= 0]
    if places:
        return min(places)
    raise InvalidJson("no object")


def _unfenced(text: str) -> str:
    plain = text.strip()
    if not plain.startswith("```"):
        return text
    return plain.partition("\n")[2].removesuffix("```")


def members_so_far(text: str) -> dict[str, object]:
    """The members of a valid but incomplete JSON object; the last string as far as it goes."""
    found: dict[str, object] = {}
    place = _OBJECT_BEGIN.match(text)
    while place is not None and (key := _MEMBER.match(text, place.end())) is not None:
        name = json.loads(key.group(1))
        value = _OPEN_TEXT.match(text, key.end())
        if value is not None:
            found[name] = _unescaped(value.group(1))
            place = _COMMA.match(text, value.end()) if value.group(2) else None
            continue
        try:
            found[name], end = _strict.raw_decode(text, key.end())
        except (ValueError, RecursionError):
            break
        place = _COMMA.match(text, end)
    return found


def _unescaped(text: str) -> str:
    """The characters of a JSON string's content; an incomplete escape is left out."""
    for end in range(len(text), max(len(text) - 12, -1), -1):
        try:
            return str(json.loads(f'"{text[:end]}"', strict=False))
        except ValueError:
            continue
    return ""


def is_cut(text: str) -> bool:
    """Whether the JSON in a text is cut off: within a value, or where its end can only be guessed."""
    try:
        begin = _begin(text, 0)
    except InvalidJson:
        return False
    braceless = _BRACELESS.match(text, begin) is not None
    if not braceless:
        try:
            _, end = _strict.raw_decode(text, begin)
        except (ValueError, RecursionError):
            pass
        else:
            return "\\" in text[end:]  # the inside of a string behind the end: pieces in the wrong order
    reader = _TolerantParser(text, begin)
    try:
        reader.braceless() if braceless else reader.value(0)
    except (InvalidJson, RecursionError):
        return True
    return reader.open_value or (reader.open_container and reader.guessed)


class _TolerantParser:
    """A single tolerant pass over a text.

    Args:
        text: the model's output.
        place: start position; afterwards the position after the parsed value.

    Attributes:
        open_value: the text ended inside a string or a bare word.
        open_container: the text ended inside an object or a list.
        guessed: a quote inside a string was taken as part of it.
    """

    def __init__(self, text: str, place: int) -> None:
        self._text = text
        self.place = place
        self.open_value = False
        self.open_container = False
        self.guessed = False
        self._braceless = False

    def value(self, depth: int) -> object:
        if depth > DEPTH_MAX:
            raise InvalidJson("too deep")
        self._skip()
        first = self._peek()
        if first == "{":
            self.place += 1
            return self._object(depth)
        if first == "[":
            self.place += 1
            return self._array(depth)
        if first in _QUOTES:
            return self._quoted(is_key=False, in_array=False)
        return self._bare()

    def braceless(self) -> object:
        """Parse the pairs of an object without braces."""
        self._braceless = True
        return self._object(0)

    def _object(self, depth: int) -> dict[str, object]:
        found: dict[str, object] = {}
        while True:
            self._skip(",;")
            first = self._peek()
            if first in ("}", ""):
                self.open_container |= not first
                self.place += 1
                return found
            if first == "]":  # the closing brace is missing
                return found
            key = self._key()
            self._skip()
            if self._peek() not in (":", "="):
                raise InvalidJson(f"no value for {key!r}")
            self.place += 2 if self._text.startswith("=>", self.place) else 1
            found[key] = self.value(depth + 1)

    def _array(self, depth: int) -> list[object]:
        found: list[object] = []
        while True:
            self._skip(",;")
            first = self._peek()
            if first in ("]", ""):
                self.open_container |= not first
                self.place += 1
                return found
            if first == "}":  # the closing bracket is missing
                return found
            if first in _QUOTES:
                found.append(self._quoted(is_key=False, in_array=True))
            else:
                found.append(self.value(depth + 1))

    def _key(self) -> str:
        if self._peek() in _QUOTES:
            return self._quoted(is_key=True, in_array=False).strip()
        bare = _BARE_KEY.match(self._text, self.place)
        if bare is None:
            raise InvalidJson("no key")
        self.place = bare.end()
        return bare.group()

    def _bare(self) -> object:
        number = _NUMBER.match(self._text, self.place)
        if number is not None:
            self.place = number.end()
            text = number.group().replace("_", "")
            return float(text) if any(mark in text for mark in ".eE") else int(text)
        word = _BARE_VALUE.match(self._text, self.place)
        if word is None:
            return None
        self.place = word.end()
        self.open_value |= self.place == len(self._text) and not self._braceless
        text = word.group().strip()
        return _WORDS.get(text.lower(), text)

    def _quoted(self, *, is_key: bool, in_array: bool) -> str:
        quote = self._text[self.place]
        if not is_key and quote in "\"'`" and self._text.startswith(quote * 3, self.place):
            return self._triple(quote * 3)
        self.place += 1
        pieces: list[str] = []
        while self.place < len(self._text):
            char = self._text[self.place]
            run = _PLAIN_RUN.match(self._text, self.place)
            if run is not None and not is_key:
                pieces.append(run.group())
                self.place = run.end()
                continue
            if char == "\\":
                pieces.append(self._escape())
                continue
            if char == _QUOTES[quote]:
                if self._closes(quote, is_key=is_key, in_array=in_array):
                    self.place += 1
                    return "".join(pieces)
                self.guessed = True
            pieces.append(char)
            self.place += 1
        self.open_value = True
        return "".join(pieces)

    def _triple(self, quotes: str) -> str:
        end = self._text.find(quotes, self.place + 3)
        self.open_value |= end < 0
        end = len(self._text) if end < 0 else end
        text = self._text[self.place + 3 : end]
        self.place = end + 3
        return text.removeprefix("\n")

    def _escape(self) -> str:
        after = self._text[self.place + 1 : self.place + 2]
        if after == "u":
            digits = self._text[self.place + 2 : self.place + 6]
            if re.fullmatch(r"[0-9a-fA-F]{4}", digits):
                self.place += 6
                return chr(int(digits, 16))
        self.place += 2
        return _ESCAPES.get(after, f"\\{after}")  # "\d" was meant literally

    def _closes(self, quote: str, *, is_key: bool, in_array: bool) -> bool:
        """Whether the quote here ends the string: what follows has to fit."""
        after = self.place + 1
        space = _SPACE.match(self._text, after)
        following = self._text[space.end() if space else after :][:1]
        if not following:
            return True
        if is_key:
            return following in ":="
        if in_array:
            return following in ",]}"
        if following in "}]":
            return _CLOSERS.match(self._text, after) is not None or self._text.find(_QUOTES[quote], after) < 0
        return _NEXT_KEY.match(self._text, after) is not None or (following == "," and self._only_closers(after))

    def _only_closers(self, after: int) -> bool:
        return re.match(r"[\s,]*,\s*[}\]]", self._text[after : after + 80]) is not None

    def _skip(self, also: str = "") -> None:
        while True:
            space = _SPACE.match(self._text, self.place)
            self.place = space.end() if space else self.place
            if not also or self._peek() not in also or not self._peek():
                return
            self.place += 1

    def _peek(self) -> str:
        return self._text[self.place : self.place + 1]


def is_json(text: str) -> bool:
    """Whether the text is valid JSON."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
