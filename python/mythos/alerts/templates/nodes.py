"""The parts of a parsed template: text/template/parse/node.go. `str` of one is what Go prints of it in its errors."""

from __future__ import annotations

from dataclasses import dataclass, field

from mythos.alerts.templates.lexer import quoted


@dataclass(frozen=True)
class Node:
    position: int  # in characters


@dataclass(frozen=True)
class Text(Node):
    text: str


@dataclass(frozen=True)
class Dot(Node):
    def __str__(self) -> str:
        return "."


@dataclass(frozen=True)
class Nil(Node):
    def __str__(self) -> str:
        return "nil"


@dataclass(frozen=True)
class Bool(Node):
    value: bool

    def __str__(self) -> str:
        return "true" if self.value else "false"


@dataclass(frozen=True)
class Number(Node):
    """Without a type until it is used: `1` is good as an int and as a float64."""

    text: str
    integer: int | None
    real: float

    @property
    def value(self) -> int | float:
        """What it is where nothing else is asked for."""
        is_real = self.integer is None or (
            not self.text.startswith("'") and not self.text.lower().startswith("0x") and set(".eEpP") & set(self.text)
        )
        return self.real if is_real or self.integer is None else self.integer

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class String(Node):
    quoted: str
    text: str

    def __str__(self) -> str:
        return self.quoted


@dataclass(frozen=True)
class Identifier(Node):
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Field(Node):
    names: tuple[str, ...]

    def __str__(self) -> str:
        return "".join(f".{name}" for name in self.names)


@dataclass(frozen=True)
class Variable(Node):
    names: tuple[str, ...]  # `$x`, then fields

    def __str__(self) -> str:
        return ".".join(self.names)


@dataclass(frozen=True)
class Chain(Node):
    """Fields of what is in parentheses, or of a function's result."""

    node: Node
    names: tuple[str, ...]

    def __str__(self) -> str:
        inner = f"({self.node})" if isinstance(self.node, Pipeline) else str(self.node)
        return inner + "".join(f".{name}" for name in self.names)


@dataclass(frozen=True)
class Command(Node):
    arguments: tuple[Node, ...]

    def __str__(self) -> str:
        return " ".join(f"({each})" if isinstance(each, Pipeline) else str(each) for each in self.arguments)


@dataclass(frozen=True)
class Pipeline(Node):
    commands: tuple[Command, ...]
    declared: tuple[Variable, ...] = ()
    assigns: bool = False  # `=` rather than `:=`

    def __str__(self) -> str:
        head = ", ".join(map(str, self.declared)) + (" = " if self.assigns else " := ") if self.declared else ""
        return head + " | ".join(map(str, self.commands))


@dataclass(frozen=True)
class List(Node):
    nodes: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Action(Node):
    pipeline: Pipeline

    def __str__(self) -> str:
        return f"{{{{{self.pipeline}}}}}"


@dataclass(frozen=True)
class Branch(Node):
    word: str  # if, with or range
    pipeline: Pipeline
    body: List
    otherwise: List | None


@dataclass(frozen=True)
class Break(Node):
    def __str__(self) -> str:
        return "{{break}}"


@dataclass(frozen=True)
class Continue(Node):
    def __str__(self) -> str:
        return "{{continue}}"


@dataclass(frozen=True)
class Invocation(Node):
    name: str
    pipeline: Pipeline | None

    def __str__(self) -> str:
        given = f" {self.pipeline}" if self.pipeline else ""
        return f"{{{{template {quoted(self.name)}{given}}}}}"


@dataclass(frozen=True)
class End(Node):
    def __str__(self) -> str:
        return "{{end}}"


@dataclass(frozen=True)
class Else(Node):
    def __str__(self) -> str:
        return "{{else}}"


@dataclass(frozen=True)
class Tree:
    """One template: the text it stands in is what errors point into."""

    name: str
    parse_name: str
    text: str
    root: List = field(default_factory=lambda: List(0))

    def place(self, node: Node) -> str:
        """`name:line:column`; the column counts bytes from 0, as Go's does."""
        before = self.text[: node.position]
        line_start = before.rfind("\n") + 1
        return f"{self.parse_name}:{before.count(chr(10)) + 1}:{len(before[line_start:].encode())}"

    @property
    def is_empty(self) -> bool:
        return all(isinstance(node, Text) and not node.text.strip() for node in self.root.nodes)
