"""Reading an expression: promql-parser within its bounds, and the places of what it refuses without saying where."""

from __future__ import annotations

import re
from itertools import pairwise

import promql_parser

from mythos.alerts.promql.errors import Refusal

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


# The parser goes down with its process where expressions are nested by some thousands.
CHARACTERS_MAX = 65_536
DEPTH_MAX = 50
OPERATORS_MAX = 200
LOCATED_MAX = 400  # tokens
_OPERATOR = re.compile(r"[-+*/%^]|[=!<>]=?|and|or|unless|atan2", re.IGNORECASE)


def tree_of(text: str) -> promql_parser.Expr:
    """Raises ValueError for what is no PromQL, and Refusal for what is too much of it."""
    if len(text) > CHARACTERS_MAX:
        raise Refusal(f"an expression of more than {CHARACTERS_MAX:,} characters is not supported")
    depth = operators = 0
    for token in tokens(text):
        depth += (token[0] in _CLOSERS) - (token[0] in _CLOSERS.values())
        operators += _OPERATOR.fullmatch(token[0]) is not None
        if depth > DEPTH_MAX or operators > OPERATORS_MAX:
            reason = f"more than {DEPTH_MAX} brackets in each other or {OPERATORS_MAX} operators are not supported"
            raise Refusal(reason, instead="write recording rules for its parts")
    try:
        return promql_parser.parse(text)
    except BaseException as error:
        # What the parser panics at is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise ValueError(str(error)) from None


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
    """The first token at which no ending could make the expression whole, or the end of the text.

    Each is tried with each ending: of a long expression only the beginning is told.
    """
    found = tokens(text)
    if len(found) > LOCATED_MAX:
        return found[0].start(), found[0][0]
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
        tree_of(text)
    except (ValueError, Refusal):
        return False
    return True
