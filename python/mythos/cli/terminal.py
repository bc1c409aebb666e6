"""A terminal that prints while someone types: lines come in from a thread, others go out above the prompt.

Without a terminal (a pipe, a test) it is plain lines in and out, without a prompt.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import sys
import threading
from collections.abc import AsyncIterator, Callable

from rich.console import Console
from rich.markup import escape

try:
    import readline
    import termios
except ImportError:  # no line editing on this system
    readline = None  # type: ignore[assignment]

CLEAR_LINE = "\r\x1b[K"


class Terminal:
    """`prompt` is asked anew whenever something is printed. Belongs to one event loop."""

    def __init__(self, prompt: Callable[[], str]) -> None:
        self._prompt = prompt
        self._is_terminal = sys.stdin.isatty() and sys.stdout.isatty()
        self._console = Console(highlight=False, soft_wrap=True)
        self._piped = b""  # read, but not a whole line yet
        self._wanted: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def show(self, text: str, style: str | None = None) -> None:
        """One line, taken literally."""
        if self._is_terminal:
            self._console.file.write(CLEAR_LINE)
        self._console.print(escape(text), style=style)
        self.refresh()

    def refresh(self) -> None:
        if self._is_terminal:
            typed = readline.get_line_buffer() if readline else ""
            self._console.file.write(f"{CLEAR_LINE}{self._prompt()}{typed}")
        self._console.file.flush()

    async def lines(self) -> AsyncIterator[str]:
        """What is typed, a line at a time, to the end of input."""
        loop = asyncio.get_running_loop()
        typed: asyncio.Queue[str | None] = asyncio.Queue()

        def read() -> None:
            # A line is read only when it is wanted, so that nobody holds the terminal when the program ends.
            while self._wanted.get():
                line = self._read_line()
                with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
                    loop.call_soon_threadsafe(typed.put_nowait, line)

        saved = termios.tcgetattr(sys.stdin) if self._is_terminal and readline else None
        threading.Thread(target=read, name="mythos-terminal", daemon=True).start()
        try:
            while True:
                self._wanted.put(True)
                line = await typed.get()
                if line is None:
                    return
                yield line
        finally:
            self._wanted.put(False)
            if saved is not None:
                termios.tcsetattr(sys.stdin, termios.TCSADRAIN, saved)

    def _read_line(self) -> str | None:
        try:
            if self._is_terminal:
                return input(self._prompt())
            return self._read_piped_line()
        except (EOFError, KeyboardInterrupt):
            return None

    def _read_piped_line(self) -> str | None:
        """Past Python's own buffer, whose lock a thread that still waits would hold when the interpreter ends."""
        while b"\n" not in self._piped:
            chunk = os.read(sys.stdin.fileno(), 4096)
            if not chunk:
                rest, self._piped = self._piped, b""
                return rest.decode(errors="replace") or None
            self._piped += chunk
        line, _, self._piped = self._piped.partition(b"\n")
        return line.decode(errors="replace")
