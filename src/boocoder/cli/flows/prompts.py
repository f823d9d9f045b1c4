"""Reads answers from the terminal."""

from __future__ import annotations

import asyncio
import sys

from boocoder.cli.views.terminal_text import plain


async def ask_line(text: str) -> str:
    """A line from the terminal, without blocking the loop; "" at the end of the input."""
    print(plain(text), end="", flush=True)
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    descriptor = sys.stdin.fileno()
    try:
        loop.add_reader(descriptor, ready.set)
    except OSError:  # a regular file or /dev/null, which never blocks
        return sys.stdin.readline()
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)
    return sys.stdin.readline()


async def confirm(text: str) -> bool:
    """Whether the person answers yes; anything else, and the end of the input, is a no."""
    return (await ask_line(f"{text} [y/N] ")).strip().lower() in ("y", "yes")
