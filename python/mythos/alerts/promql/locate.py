"""Where in an expression something is that promql-parser refuses without saying where."""

from __future__ import annotations

import re
from itertools import pairwise

import promql_parser

TOKEN = re.compile(
    r"""(?P<skip>\s+|\#[^\n]*)
      | (?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`[^`]*`)
      | (?P<number>\d[\w.]*(?:(?<=[eE])[+-]\d+)?)
      | (?P<name>[A-Za-z_][\w:.]*)
      | (?P<sign>[=!]~|[=!<>]=|.)""",
    re.VERBOSE | re.DOTALL,
)
_CLOSERS = {"(": ")", "[": "]", "{": "}"}
# One of these behind a beginning, and its brackets closed, makes it whole if it is not wrong already.
_ENDINGS = ("", "x", "(x)", "[5m]", "5m", ":]", '"x"', '="x"', "(x[5m])", "(1, x)", '(x, "a", "b", "c", "d")')


def tokens(text: str) -> list[re.Match[str]]:
    return [found for found in TOKEN.finditer(text) if found.lastgroup != "skip"]


def of_name(text: str, name: str) -> int | None:
    """Where a name stands, outside of strings and comments."""
    return next((found.start() for found in tokens(text) if found[0] == name and found.lastgroup == "name"), None)


def is_before_1970(text: str) -> bool:
    """Whether an `@` is followed by a negative time, of which the parser's tree does not tell."""
    found = [token[0] for token in tokens(text)]
    return ("@", "-") in pairwise(found)


def of_fault(text: str) -> tuple[int, str]:
    """The first token at which no ending could make the expression whole, or the end of the text."""
    found = tokens(text)
    whole = 0
    for number, token in enumerate(found, 1):
        if _could_become_whole(text[: token.end()], found[:number]):
            whole = number
    if whole == len(found):
        return len(text.rstrip()), ""
    return found[whole].start(), found[whole][0]


def _could_become_whole(beginning: str, found: list[re.Match[str]]) -> bool:
    open_ones: list[str] = []
    for token in found:
        if token[0] in _CLOSERS:
            open_ones.append(_CLOSERS[token[0]])
        elif open_ones and token[0] == open_ones[-1]:
            open_ones.pop()
    closers = "".join(reversed(open_ones))
    return any(_parses(f"{beginning} {ending}{rest}") for ending in _ENDINGS for rest in (closers, f" (x){closers}"))


def _parses(text: str) -> bool:
    try:
        promql_parser.parse(text)
    except ValueError:
        return False
    return True
