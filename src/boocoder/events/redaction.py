"""Replaces known secrets in text that an agent sent, also where they arrive in pieces. Pure.

Known are values that are given, access tokens of boocoder, and private key blocks. The first characters of a secret
stay, so that a person can tell which one it was. How the text was cut into pieces makes no difference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

SECRET_MIN_CHARS = 12  # shorter values occur in ordinary text
SECRET_MAX_CHARS = 4096  # bounds what is held back
SHOWN_CHARS = 3  # of a secret
MARK = "[redacted]"
BLOCK_CHARS = 8_192  # looked at together, so that many secrets in a long text take no longer than few
KEY_BLOCK_MAX_CHARS = 16_384  # an RSA key of 16,384 bits has 12,700

FEW_SECRETS = 64  # so many are looked for one by one, each of which takes a tenth of the time of a pattern

_TOKEN_BEGIN = "boo_"  # noqa: S105 - as below
_TOKEN = r"boo_[A-Za-z0-9_-]{43}"  # noqa: S105 - the form of an access token
_KEY_BEGIN = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_KEY_END = re.compile(r"-----END (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_KEY_END_MAX_CHARS = 100
# A tail that may become an access token or the first line of a private key.
_OPEN_TAIL = re.compile(
    r"(?:b|bo|boo|boo_[A-Za-z0-9_-]{0,42}"
    r"|-{1,5}|-----(?:B|BE|BEG|BEGI|BEGIN)|-----BEGIN [A-Z0-9 ]{0,80}-{0,4})\Z"
)
_OPEN_TAIL_MAX_CHARS = 96
_KEY_WORDS = "PRIVATE KEY"
_RUN = re.compile(rf"\S{{{SECRET_MIN_CHARS},}}")  # secrets have no white space, ordinary words are shorter


class Redactor:
    """Knows the secrets.

    Args:
        secrets: values; those with white space or outside of SECRET_MIN_CHARS to SECRET_MAX_CHARS are ignored.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        fit = {one for one in secrets if SECRET_MIN_CHARS <= len(one) <= SECRET_MAX_CHARS and len(one.split()) == 1}
        values = sorted(fit, key=len, reverse=True)
        self._few = (_TOKEN_BEGIN, *values) if len(values) <= FEW_SECRETS else ()
        self._by_first: dict[str, list[str]] = {}
        for one in values:
            self._by_first.setdefault(one[0], []).append(one)
        self._tail_chars = max([_OPEN_TAIL_MAX_CHARS, *(len(one) - 1 for one in fit)])
        self._pattern = re.compile("|".join([*map(re.escape, values), _TOKEN]))

    def text(self, text: str) -> str:
        """A whole text without its secrets."""
        if self.find(text, 0) is None:
            return text
        stream = RedactedStream(self)
        return stream.feed(text) + stream.finish()

    def stream(self) -> RedactedStream:
        """For a text that arrives in pieces."""
        return RedactedStream(self)

    def find(self, text: str, position: int) -> re.Match[str] | None:
        """The first secret at or after a position, the longest one there; of a private key its first line."""
        if len(text) - position < SECRET_MIN_CHARS:
            return None
        key = _KEY_BEGIN.search(text, position) if _KEY_WORDS in text else None
        if self._few and not any(one in text for one in self._few):
            return key
        for run in _RUN.finditer(text, position):
            if key is not None and run.start() > key.start():
                break
            found = self._pattern.search(text, *run.span())
            if found is not None:
                return found if key is None or found.start() < key.start() else key
        return key

    def open_tail(self, text: str) -> int:
        """Where the end of the text begins that may be the beginning of a secret; the text's length if none does."""
        begin = max(0, len(text) - self._tail_chars)
        limit = len(text)
        if "-" in text or "b" in text:
            found = _OPEN_TAIL.search(text, begin)
            limit = found.start() if found else limit
        for place in range(begin, limit):
            values = self._by_first.get(text[place])
            if values is not None:
                tail = text[place:]
                if any(len(tail) < len(one) and one.startswith(tail) for one in values):
                    return place
        return limit


class RedactedStream:
    """One text in pieces; gives out what is certain, and holds back what may turn out to be a secret."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._text = ""  # not decided yet; the first _shown characters were given out
        self._shown = 0
        self._in_key = False
        self._key_left = 0  # characters that a private key may still have

    @property
    def held(self) -> bool:
        """Whether something is held back."""
        return len(self._text) > self._shown

    def feed(self, piece: str) -> str:
        """More of the text; returns what is certain."""
        given: list[str] = []
        for at in range(0, len(piece), BLOCK_CHARS):
            self._text += piece[at : at + BLOCK_CHARS]
            while self._text and (self._pass_key() if self._in_key else self._pass_text(given)):
                pass
        return "".join(given)

    def finish(self) -> str:
        """The text is over, or something else comes: what is held back is no secret."""
        rest = "" if self._in_key else self._text[self._shown :]
        self._text, self._shown = "", 0
        return rest

    def _pass_text(self, given: list[str]) -> bool:
        """Decide about as much as possible; whether there may be more to decide."""
        redactor, text = self._redactor, self._text
        tail = redactor.open_tail(text)
        found = redactor.find(text, 0)
        if found is None or found.start() >= tail:
            shown_end = min(len(text), tail + SHOWN_CHARS)
            given.append(text[self._shown : shown_end])
            self._text, self._shown = text[tail:], shown_end - tail
            return False
        replaced = text[: found.start() + SHOWN_CHARS] + MARK
        given.append(replaced[self._shown :])
        self._text, self._shown = text[found.end() :], 0
        self._in_key = found[0].startswith("-----BEGIN")
        self._key_left = KEY_BLOCK_MAX_CHARS
        return True

    def _pass_key(self) -> bool:
        """Drop what is of a private key; whether it ended."""
        end = _KEY_END.search(self._text, 0, self._key_left)
        if end is not None:
            self._text, self._in_key = self._text[end.end() :], False
            return True
        if len(self._text) >= self._key_left:
            self._text, self._in_key = self._text[self._key_left :], False
            return True
        # The end may come in pieces: as much as its line has is kept.
        drop = max(0, len(self._text) - _KEY_END_MAX_CHARS)
        self._text, self._key_left = self._text[drop:], self._key_left - drop
        return False


class GrowingText:
    """A text of which the whole is told again as it grows, such as a tool's output."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._stream = redactor.stream()
        self._told = ""
        self._certain = ""

    def update(self, text: str, *, final: bool) -> str:
        """The text without its secrets; unless it is final, also without an end that may become one."""
        if not text.startswith(self._told):
            self._stream, self._told, self._certain = self._redactor.stream(), "", ""
        self._certain += self._stream.feed(text[len(self._told) :])
        self._told = text
        if final:
            self._certain += self._stream.finish()
        return self._certain
