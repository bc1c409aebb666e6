"""Reads YAML whose every fault is told with its line: all of them at once, and what to write instead.

Values are taken as they are written, as Prometheus takes them: `on` is the text "on", `1.0` the text "1.0".
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

import yaml

from mythos.alerts.durations import parse_duration

FILE_BYTES_MAX = 4 << 20

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL = "tag:yaml.org,2002:null"
_MERGE = "tag:yaml.org,2002:merge"


@dataclass(frozen=True)
class Problem:
    """`where` names the part of the file, `part` what is wrong there; `instead` is what to write, if that is known."""

    file: str
    line: int
    where: str
    message: str
    part: str = ""
    instead: str = ""

    def __str__(self) -> str:
        told = f"{self.message}: {self.part}" if self.part else self.message
        return (
            f"{self.file}:{self.line}: "
            + (f"{self.where}: " if self.where else "")
            + told
            + (f"; {self.instead}" if self.instead else "")
        )


class FileError(ValueError):
    """All that is wrong with files, a line each."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.file, problem.line)))
        super().__init__("\n".join(map(str, self.problems)))


class YamlReader:
    """Of one file. What it cannot read becomes one of `problems`, and something harmless in its place."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self._source: list[str] = []
        self._keys: dict[int, yaml.Node] = {}  # of the mapping read last, by their values' identity

    def compose(self, text: str) -> yaml.Node | None:
        self._source = text.splitlines()
        if len(text.encode()) > FILE_BYTES_MAX:
            self.tell(None, "", f"the file is larger than {FILE_BYTES_MAX >> 20} MiB")
            return None
        try:
            node: yaml.Node | None = yaml.compose(text, Loader=_LOADER)
            return node
        except yaml.MarkedYAMLError as error:
            is_unended = "end of stream" in (error.problem or "")  # what began earlier has no end
            mark = (error.context_mark if is_unended else error.problem_mark) or error.problem_mark
            line = mark.line if mark else 0
            part = self._source[line].strip() if line < len(self._source) else ""
            why = " ".join(filter(None, (error.context, error.problem)))
            self._add(line + 1, "", f"this is no YAML: {why}", part, "check indentation, quotes and brackets above")
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            self._add(1, "", f"this is no YAML: {error}".splitlines()[0], "", "save the file as UTF-8 text")
        return None

    def tell(
        self, node: yaml.Node | None, where: str, message: str, part: str = "", instead: str = "", line: int = 0
    ) -> None:
        """`line` counts from 1 within the node's own text."""
        self._add(self.line_of(node, part, line), where, message, part, instead)

    def line_of(self, node: yaml.Node | None, part: str = "", line: int = 0) -> int:
        """Where in the file a part of a value is, or else the value."""
        if node is None:
            return 1
        start: int = node.start_mark.line
        if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
            start += 1
        first = part.splitlines()[0].strip() if part else ""
        end = min(max(node.end_mark.line + 1, start + 1), len(self._source))
        stretch = range(start, end) if node.end_mark.line > node.start_mark.line else range(start, start + 1)
        if line and isinstance(node, yaml.ScalarNode) and node.style == "|":
            return start + line
        return 1 + next((n for n in stretch if first and n < end and first in self._source[n]), start)

    def _add(self, line: int, where: str, message: str, part: str, instead: str) -> None:
        part = part if len(part) <= 120 else part[:117] + "..."
        problem = Problem(self.file, line, where, message, " ".join(part.split()), instead)
        if problem not in self.problems:
            self.problems.append(problem)

    def mapping(self, node: yaml.Node | None, where: str, known: Collection[str]) -> dict[str, yaml.Node]:
        """Fields by name; a field that is not known or is there twice is a problem."""
        found = self._pairs(node, where, "fields")
        for name in found.keys() - set(known):
            close = difflib.get_close_matches(name, known, n=1)
            self.tell(
                self._keys.get(id(found[name]), found[name]),
                where,
                f"there is no field {name}",
                name,
                f"did you mean {close[0]}?" if close else f"the fields are {', '.join(known)}",
            )
        return {name: value for name, value in found.items() if name in known}

    def texts(self, node: yaml.Node | None, where: str) -> dict[str, tuple[str, yaml.Node]]:
        """Names and texts, such as labels."""
        return {
            name: (self.text(value, where, name), value) for name, value in self._pairs(node, where, "names").items()
        }

    def _pairs(self, node: yaml.Node | None, where: str, what: str) -> dict[str, yaml.Node]:
        self._keys = {}
        found: dict[str, yaml.Node] = {}
        if node is None or node.tag == _NULL:
            return found
        if not isinstance(node, yaml.MappingNode):
            self.tell(node, where, f"here should be {what} with values", _shown(node), "write `name: value`")
            return found
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.tell(key, where, "a field's name is a plain word here", _shown(key), "write each field out")
            elif key.value in found:
                self.tell(key, where, f"{key.value} is there twice", key.value, "leave one of them out")
            elif key.tag != _MERGE:
                found[key.value] = value
                self._keys[id(value)] = key
        for name, value in _merged(node):
            found.setdefault(name, value)
        return found

    def sequence(self, node: yaml.Node | None, where: str, what: str) -> list[yaml.Node]:
        if node is None or node.tag == _NULL:
            return []
        if isinstance(node, yaml.SequenceNode):
            return list(node.value)
        self.tell(node, where, f"here should be a list of {what}", _shown(node), "begin each item with `- `")
        return []

    def text(self, node: yaml.Node | None, where: str, what: str) -> str:
        if node is None or node.tag == _NULL:
            return ""
        if isinstance(node, yaml.ScalarNode):
            return str(node.value)
        self.tell(node, where, f"{what} should be a text", _shown(node), "put the text into quotes")
        return ""

    def duration(self, node: yaml.Node | None, where: str, what: str) -> float:
        """Seconds; 0 where there is nothing."""
        return self._converted(node, where, what, parse_duration)

    def whole(self, node: yaml.Node | None, where: str, what: str) -> int:
        """A whole number from 0."""
        return int(self._converted(node, where, what, _whole))

    def _converted(self, node: yaml.Node | None, where: str, what: str, convert: Callable[[str], float]) -> float:
        text = self.text(node, where, what)
        if not text:
            return 0
        try:
            return convert(text)
        except ValueError as error:
            reason, _, instead = str(error).partition(": ")
            self.tell(node, where, f"{what}: {reason}", "", instead)
            return 0


def _whole(text: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text):
        raise ValueError(f"{text!r} is no number: write a whole number from 0")
    return int(text)


def _shown(node: yaml.Node) -> str:
    return (
        str(node.value)
        if isinstance(node, yaml.ScalarNode)
        else "a list"
        if isinstance(node, yaml.SequenceNode)
        else "fields"
    )


def _merged(node: yaml.MappingNode) -> Iterator[tuple[str, yaml.Node]]:
    """What `<<` brings from elsewhere; what comes first holds. A place is visited once, however often it is named."""
    left, seen = [node], {id(node)}
    while left:
        for key, value in (one := left.pop(0)).value:
            if isinstance(key, yaml.ScalarNode) and key.tag == _MERGE:
                sources = value.value if isinstance(value, yaml.SequenceNode) else [value]
                new = [each for each in sources if isinstance(each, yaml.MappingNode) and id(each) not in seen]
                seen.update(map(id, new))
                left += new
            elif isinstance(key, yaml.ScalarNode) and one is not node:
                yield key.value, value


def texts_of(pairs: Mapping[str, tuple[str, yaml.Node]]) -> dict[str, str]:
    return {name: text for name, (text, _) in pairs.items()}
