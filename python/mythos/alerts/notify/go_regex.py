"""Go's regular expressions (RE2) as Python's: the same matches, or refused.

What Python has beyond RE2 (look-around, references back) is refused because Alertmanager would refuse it; the little
that RE2 has and Python has not is translated or refused with what to write instead.
"""

from __future__ import annotations

import re
from functools import lru_cache

LENGTH_MAX = 4_096

_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": "\\x00-\\x7F",
    "blank": "\\t ",
    "cntrl": "\\x00-\\x1F\\x7F",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": "!-/:-@\\[-`{-~",
    "space": "\\t\\n\\v\\f\\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_TOKEN = re.compile(
    r"\\(?P<escaped>.)|\(\?P?<(?P<name>[A-Za-z_]\w*)>|\(\?(?P<flags>[a-zA-Z]*(?:-[a-zA-Z]+)?)[:)]|(?P<other>\(\?)"
    r"|\[:(?P<set>\^?\w+):\]|(?P<twice>[*+?}]\+)|(?P<brace>\{(?!\d+(?:,\d*)?\}))|(?P<end>\$)|(?P<open>\[\^?\]?)|.",
    re.DOTALL,
)


class RegexRefused(ValueError):
    """An expression that is none, or not one of RE2; the text says why."""


@lru_cache(maxsize=4_096)
def compile_anchored(text: str) -> re.Pattern[str]:
    """For `fullmatch`, as Alertmanager anchors an expression. Raises RegexRefused."""
    if len(text) > LENGTH_MAX:
        raise RegexRefused(f"it is longer than {LENGTH_MAX} characters")
    try:
        return re.compile(_translated(text), re.ASCII)
    except re.error as error:
        raise RegexRefused(str(error)) from None
    except RecursionError:
        raise RegexRefused("it is nested too deep") from None


def _translated(text: str) -> str:
    out: list[str] = []
    inside = False  # a set of characters
    flags: list[list[str]] = [[]]  # set in the middle of each group that is open
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        assert match is not None
        if inside and match["escaped"] is None and match["set"] is None:
            inside = text[position] != "]"
            out.append(re.sub(r"([\[&~|])", r"\\\1", text[position]))  # Python warns of what looks like set operations
            position += 1
            continue
        out.append(_token(match, flags))
        inside = inside or match["open"] is not None
        position = match.end()
    return "".join(out) + ")" * sum(map(len, flags))


def _token(match: re.Match[str], flags: list[list[str]]) -> str:
    token = match[0]
    if (escaped := match["escaped"]) is not None:
        return _escape(escaped)
    if match["other"] is not None or match["twice"] is not None or token == "\\":
        raise RegexRefused(f"{match.string[match.start() :][:8]!r} is nothing that RE2 knows")
    if token.startswith("(") or token in (")", "|"):
        return _structure(match, token, flags)
    if (name := match["set"]) is not None:
        if name not in _CLASSES:
            raise RegexRefused(f"[:{name}:] is not supported here; list the characters, such as a-z, instead")
        return _CLASSES[name]
    if match["open"] is not None:
        return token.replace("]", r"\]")
    return r"\Z" if match["end"] is not None else r"\{" if match["brace"] is not None else token


def _structure(match: re.Match[str], token: str, flags: list[list[str]]) -> str:
    """Groups, and flags in the middle of one: RE2 lets them count until its end, also behind a `|`; Python wants a
    group around what they count for.
    """
    if token == ")":
        if len(flags) == 1:
            raise RegexRefused("a ) has no (")
        return ")" * (len(flags.pop()) + 1)
    if token == "|":
        return ")" * len(flags[-1]) + "|" + "".join(flags[-1])
    given = match["flags"]
    if given is not None and set(given) - set("is-"):
        raise RegexRefused(f"the flags {token!r} are not supported here; i and s are")
    if given is not None and token.endswith(")"):
        flags[-1].append(f"(?{given}:")
        return flags[-1][-1]
    flags.append([])
    return f"(?P<{match['name']}>" if match["name"] is not None else token


def _escape(escaped: str) -> str:
    if escaped in "pPCQEXRKGkuUNZ" or (escaped.isdigit() and escaped != "0"):
        raise RegexRefused(f"\\{escaped} is not supported here; list the characters, such as [a-z], instead")
    return r"\Z" if escaped == "z" else f"\\{escaped}"
