"""Matchers of label sets, as routes, inhibition rules and silences have them: Alertmanager's own syntax."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mythos.alerts.notify.go_regex import RegexRefused, compile_anchored

_MATCHER = re.compile(r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|=|!=|!~)\s*(.*?)\s*", re.DOTALL | re.ASCII)
_ESCAPES = {"n": "\n", '"': '"', "\\": "\\"}


class MatcherError(ValueError):
    """A text is no matcher; the message says which, and what one looks like."""


@dataclass(frozen=True, order=True)
class Matcher:
    """`sign` is one of = != =~ !~. A label that is missing is an empty one. Ordered as Alertmanager orders them."""

    name: str
    value: str
    sign: str

    def __post_init__(self) -> None:
        if self.sign in ("=~", "!~"):
            try:
                compile_anchored(self.value)
            except RegexRefused as error:
                raise MatcherError(
                    f"the regular expression {self.value!r} of {self.name} is refused: {error}"
                ) from None

    def matches(self, labels: Mapping[str, str]) -> bool:
        value = labels.get(self.name, "")
        if self.sign in ("=", "!="):
            found = value == self.value
        else:
            found = compile_anchored(self.value).fullmatch(value) is not None
        return found == (self.sign in ("=", "=~"))

    def __str__(self) -> str:
        escaped = self.value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
        return f'{self.name}{self.sign}"{escaped}"'


def parse_matcher(text: str) -> Matcher:
    """`severity="critical"`, `instance=~"a.*"`. Raises MatcherError."""
    match = _MATCHER.fullmatch(text)
    if match is None:
        raise MatcherError(
            f'{text!r} is no matcher; one is a label, = or != or =~ or !~, and a value: severity="critical"'
        )
    name, sign, value = match.groups()
    return Matcher(name, _unescaped(value, text), sign)


def parse_matchers(text: str) -> list[Matcher]:
    """Several in one text, between commas, with or without braces around them. Raises MatcherError."""
    parts: list[str] = [""]
    quoted = escaped = False
    for character in text.removeprefix("{").removesuffix("}"):
        if character == "," and not quoted:
            parts.append("")
            continue
        if character == '"' and not escaped:
            quoted = not quoted
        escaped = character == "\\" and not escaped
        parts[-1] += character
    if not parts[-1].strip():
        parts.pop()
    return [parse_matcher(part) for part in parts]


def _unescaped(value: str, whole: str) -> str:
    quoted = value.startswith('"')
    body = value[1:] if quoted else value
    out: list[str] = []
    position = 0
    while position < len(body):
        character, position = body[position], position + 1
        if character == "\\" and position < len(body):
            following, position = body[position], position + 1
            out.append(_ESCAPES.get(following, f"\\{following}"))
        elif character == '"':
            if not quoted or position < len(body):
                raise MatcherError(f'{whole!r} is no matcher: a " within the value is written \\"')
            return "".join(out)
        else:
            out.append(character)
    if quoted:
        raise MatcherError(f'{whole!r} is no matcher: the " around the value is not closed')
    return "".join(out)


def all_match(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    return all(matcher.matches(labels) for matcher in matchers)


def text_of(matchers: Iterable[Matcher]) -> str:
    """`{severity="critical",team="core"}`, as it stands in a group's key."""
    return "{" + ",".join(map(str, matchers)) + "}"
