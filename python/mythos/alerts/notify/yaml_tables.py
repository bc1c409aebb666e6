"""Reading YAML by hand, so that each complaint has its line: a table gives its fields, and names those nobody took."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import yaml

from mythos.alerts.notify.secret import Secret, SecretMissing

T = TypeVar("T")

NODES_MAX = 50_000  # also of those that aliases repeat

_TRUE = {"yes", "true", "on", "y"}
_FALSE = {"no", "false", "off", "n"}


@dataclass
class Complaints:
    """What is wrong with a file, a line each: `alertmanager.yml:12: …`."""

    file: Path
    lines: list[str] = field(default_factory=list)
    nodes: int = 0

    def add(self, line: int, text: str) -> None:
        self.lines.append(f"{self.file}:{line}: {text}")


def line_of(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def read_yaml(file: Path, text: str, complaints: Complaints) -> Table | None:
    """The document's top table; None, with a complaint, where there is none."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        complaints.add(mark.line + 1 if mark else 1, f"this is no YAML: {error.problem or error.context}")
        return None
    except (yaml.YAMLError, RecursionError) as error:
        complaints.add(1, f"this is no YAML: {str(error).splitlines()[0]}")
        return None
    if not isinstance(node, yaml.MappingNode):
        complaints.add(1, "the file is a table with `route` and `receivers`, as Alertmanager reads it")
        return None
    return Table(node, "", complaints)


class Table:
    """One mapping. Each `take` and the like marks a field as known; `end` complains of all others."""

    def __init__(self, node: yaml.MappingNode, where: str, complaints: Complaints) -> None:
        self.where, self.line, self.complaints = where, line_of(node), complaints
        self._fields: dict[str, yaml.Node] = {}
        self._taken: set[str] = set()
        self._directory = complaints.file.parent
        complaints.nodes += len(node.value)
        if complaints.nodes > NODES_MAX:
            raise ValueError(f"{complaints.file}: more than {NODES_MAX} fields")
        for key, value in node.value:
            name = str(key.value)
            if name == "<<":
                self.complain("<<", "merging tables is not supported here; write the fields out", key)
            elif name in self._fields:
                self.complain(name, "is there twice", key)
            else:
                self._fields[name] = value

    def complain(self, name: str, text: str, at: yaml.Node | None = None) -> None:
        node = at or self._fields.get(name)
        path = f"{self.where}.{name}".strip(".")
        self.complaints.add(line_of(node) if node is not None else self.line, f"{path}: {text}")

    def has(self, name: str) -> bool:
        return name in self._fields

    def take(self, name: str) -> yaml.Node | None:
        """The field's node; none also where it is null."""
        self._taken.add(name)
        node = self._fields.get(name)
        return None if node is None or node.tag == "tag:yaml.org,2002:null" else node

    def text(self, name: str, default: str = "") -> str:
        node = self.take(name)
        if node is None:
            return default
        if isinstance(node, yaml.ScalarNode):
            return str(node.value)
        self.complain(name, "is a text")
        return default

    def parsed(self, name: str, parse: Callable[[str], T], default: T) -> T:
        """A text as `parse` reads it, which raises ValueError."""
        if self.take(name) is None:
            return default
        try:
            return parse(self.text(name))
        except ValueError as error:
            self.complain(name, str(error))
            return default

    def flag(self, name: str, default: bool) -> bool:
        return self.parsed(name, _flag, default)

    def texts(self, name: str) -> list[tuple[int, str]]:
        """A list of texts, each with its line."""
        return [(line_of(item), str(item.value)) for item in self.items(name) if self._is_text(name, item)]

    def items(self, name: str) -> list[yaml.Node]:
        node = self.take(name)
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode):
            self.complain(name, "is a list")
            return []
        return list(node.value)

    def tables(self, name: str) -> Iterator[Table]:
        for number, item in enumerate(self.items(name)):
            where = f"{self.where}.{name}[{number}]".strip(".")
            if isinstance(item, yaml.MappingNode):
                yield Table(item, where, self.complaints)
            else:
                self.complaints.add(line_of(item), f"{where}: is a table")

    def table(self, name: str) -> Table | None:
        node = self.take(name)
        if node is None:
            return None
        if not isinstance(node, yaml.MappingNode):
            self.complain(name, "is a table")
            return None
        return Table(node, f"{self.where}.{name}".strip("."), self.complaints)

    def pairs(self, name: str) -> dict[str, str]:
        """A table of texts."""
        table = self.table(name)
        return {} if table is None else {key: table.text(key) for key in table._fields}

    def file(self, name: str) -> Path | None:
        """A path; a relative one is beside the configuration."""
        text = self.text(name)
        return self._directory / text if text else None

    def secret(self, name: str, check: Callable[[str], object] = str) -> Secret | None:
        """`name` or `name_file`. It has to be there, and `check`, which raises ValueError, has to like it."""
        if self.take(name) is not None and self.take(f"{name}_file") is not None:
            self.complain(name, f"either this or {name}_file")
            return None
        file = self.file(f"{name}_file")
        secret = Secret(file=file) if file is not None else Secret(self.text(name)) if self.take(name) else None
        try:
            if secret is not None:
                check(secret.reveal())
        except (SecretMissing, ValueError) as error:
            self.complain(name if file is None else f"{name}_file", str(error))
        return secret

    def end(self, advice: Mapping[str, str] | None = None) -> None:
        """Complains of the fields that nobody took; `advice` says of known ones what to write instead."""
        for name, node in self._fields.items():
            if name not in self._taken:
                known = ", ".join(sorted(self._taken))
                self.complain(name, (advice or {}).get(name) or f"is not known here; known are {known}", node)

    def _is_text(self, name: str, item: yaml.Node) -> bool:
        if isinstance(item, yaml.ScalarNode):
            return True
        self.complain(name, "is a list of texts", item)
        return False


def _flag(text: str) -> bool:
    if text.lower() in _TRUE | _FALSE:
        return text.lower() in _TRUE
    raise ValueError(f"is true or false, not {text!r}")
