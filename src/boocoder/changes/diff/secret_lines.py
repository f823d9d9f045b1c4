"""Finds likely keys and tokens in added lines; it reports their place, never their value."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence

ENTROPY_MIN_BITS = 3.2  # a character; random hex of 32 digits has about 3.6, an identifier of that length below 3.2
DIGITS_MIN = 2  # a name in code has rarely more than one
_PLACEHOLDER = re.compile(rb"example|placeholder|change.?me|your[_-]|xxxx|\.\.\.|dummy", re.IGNORECASE)

# What issuers document as the beginning of their keys: (a literal that is searched for first, the whole, whose).
_KNOWN: Sequence[tuple[bytes, re.Pattern[bytes], str]] = tuple(
    (literal, re.compile(pattern), what)
    for literal, pattern, what in (
        (b"PRIVATE KEY", rb"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----", "a private key"),
        (b"AKIA", rb"\bAKIA[0-9A-Z]{16}\b", "an AWS access key"),
        (b"ASIA", rb"\bASIA[0-9A-Z]{16}\b", "an AWS access key"),
        (b"gh", rb"\bgh[pousr]_[A-Za-z0-9]{36}", "a GitHub token"),
        (b"github_pat_", rb"\bgithub_pat_[A-Za-z0-9_]{60}", "a GitHub token"),
        (b"glpat-", rb"\bglpat-[A-Za-z0-9_-]{20}", "a GitLab token"),
        (b"xox", rb"\bxox[abeprs]-[A-Za-z0-9-]{16}", "a Slack token"),
        (b"sk-", rb"\bsk-(?:ant-|proj-|or-)?[A-Za-z0-9_-]{32}", "a model provider's key"),
        (b"_live_", rb"\b[sr]k_live_[A-Za-z0-9]{20}", "a Stripe key"),
        (b"AIza", rb"\bAIza[0-9A-Za-z_-]{35}", "a Google key"),
        (b"npm_", rb"\bnpm_[A-Za-z0-9]{36}\b", "an npm token"),
        (b"pypi-", rb"\bpypi-AgE[A-Za-z0-9_-]{40}", "a PyPI token"),
        (b"hf_", rb"\bhf_[A-Za-z0-9]{34}\b", "a Hugging Face token"),
        (b"SG.", rb"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}", "a SendGrid key"),
        (b"eyJ", rb"\beyJ[A-Za-z0-9_-]{10,300}\.eyJ[A-Za-z0-9_-]{10,300}\.[A-Za-z0-9_-]{10}", "a signed token"),
    )
)
_NAMES = (
    b"secret",
    b"token",
    b"passw",
    b"pwd",
    b"apikey",
    b"api_key",
    b"api-key",
    b"access",
    b"private",
    b"credential",
)
_ASSIGNED = re.compile(
    rb"(?:secret|token|passw(?:or)?d|pwd|api[_-]?key|(?:access|private)[_-]?key|credential)[a-z0-9_.-]{0,40}"
    rb"[\"'\]]{0,2}[ \t]{0,8}(?::=|=>|[:=])[ \t]{0,8}[\"'`]?([a-z0-9+/_=.~-]{16,512})",
    re.IGNORECASE,
)


def secrets_in(text: bytes) -> list[tuple[int, str]]:
    """Where something looks like a secret.

    Args:
        text: added lines, joined.

    Returns:
        (offset of its beginning, reason without the value), in the order of the text.
    """
    return sorted([*_known(text), *_assigned(text)])


def _known(text: bytes) -> Iterator[tuple[int, str]]:
    for pattern, what in [(pattern, what) for literal, pattern, what in _KNOWN if literal in text]:
        for found in pattern.finditer(text):
            if not _PLACEHOLDER.search(found[0]):
                yield found.start(), f"Looks like {what}."


def _assigned(text: bytes) -> Iterator[tuple[int, str]]:
    lowered = text.lower()
    if not [name for name in _NAMES if name in lowered]:
        return
    for found in _ASSIGNED.finditer(text):
        if _random(found[1]) and not _PLACEHOLDER.search(found[1]):
            yield found.start(), "Looks like a secret: a random value with the name of one."


def _random(value: bytes) -> bool:
    digits = sum(48 <= code <= 57 for code in value)
    if digits < DIGITS_MIN or digits == len(value):
        return False
    shares = [count / len(value) for count in Counter(value).values()]
    return -sum(share * math.log2(share) for share in shares) >= ENTROPY_MIN_BITS
