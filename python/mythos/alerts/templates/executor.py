"""Runs a parsed template: text/template/exec.go, with `missingkey=zero` and with bounds on what one may cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from mythos.alerts.templates.errors import CallError, TemplateError
from mythos.alerts.templates.lexer import quoted
from mythos.alerts.templates.nodes import (
    Action,
    Bool,
    Branch,
    Break,
    Chain,
    Command,
    Continue,
    Dot,
    Field,
    Identifier,
    Invocation,
    List,
    Nil,
    Node,
    Number,
    Pipeline,
    String,
    Text,
    Tree,
    Variable,
)
from mythos.alerts.templates.values import (
    Function,
    conforms,
    is_list,
    is_true,
    member,
    printed,
    text_of,
    type_name,
)

STEPS_MAX = 200_000  # nodes walked: some tenths of a second
OUTPUT_CHARACTERS_MAX = 1 << 20
DEPTH_MAX = 50  # of templates within templates, each some frames of Python's stack

_MISSING = object()  # there is no value from the stage before


class _Jump(Exception):
    """`break` or `continue`."""


class Executor:
    """One rendering. `escape` is applied to what actions print, not to the template's own text."""

    def __init__(
        self, trees: Mapping[str, Tree], functions: Mapping[str, Function], escape: Callable[[Any], str] = printed
    ) -> None:
        self._trees = trees
        self._functions = functions
        self._escape = escape
        self._parts: list[str] = []
        self._length = 0
        self._steps = 0
        self._depth = 0
        self._tree = Tree("", "", "")
        self._node: Node | None = None  # where it is, for errors
        self._variables: list[tuple[str, Any]] = []

    def run(self, tree: Tree, data: Any, variables: Mapping[str, Any]) -> str:
        """Raises TemplateError."""
        self._tree = tree
        self._variables = [("$", data), *((f"${name}", value) for name, value in variables.items())]
        self._walk(data, tree.root)
        return "".join(self._parts)

    def _within(self, tree: Tree, data: Any) -> None:
        """A template that this one invokes: it sees no variables but `$`."""
        outer = self._tree, self._node, self._variables
        self._tree, self._node, self._variables = tree, None, [("$", data)]
        self._depth += 1
        self._walk(data, tree.root)
        self._depth -= 1
        self._tree, self._node, self._variables = outer

    def _fail(self, message: str) -> NoReturn:
        if self._node is None:
            raise TemplateError(f"template: {self._tree.name}: {message}", 1)
        place = self._tree.place(self._node)
        line = int(place.rsplit(":", 2)[1])
        raise TemplateError(
            f"template: {place}: executing {quoted(self._tree.name)} at <{self._node}>: {message}", line
        )

    # Blocks.

    def _walk(self, dot: Any, node: Node) -> None:
        self._steps += 1
        if self._steps > STEPS_MAX:
            self._fail(f"more than {STEPS_MAX} steps")
        if isinstance(node, List):
            for each in node.nodes:
                self._walk(dot, each)
            return
        if isinstance(node, Text):
            self._write(node.text)
            return
        if isinstance(node, Branch):
            self._range(dot, node) if node.word == "range" else self._if_or_with(dot, node)
            return
        self._node = node
        if isinstance(node, Action):
            value = self._pipeline(dot, node.pipeline)
            if not node.pipeline.declared:
                self._node = node
                if isinstance(value, Function):
                    self._fail(f"can't print {node} of type func")
                self._write(self._escape(value))
        elif isinstance(node, Invocation):
            self._invoke(dot, node)
        else:
            raise _Jump(node)

    def _write(self, text: str) -> None:
        self._length += len(text)
        if self._length > OUTPUT_CHARACTERS_MAX:
            self._fail(f"it prints more than {OUTPUT_CHARACTERS_MAX} characters")
        self._parts.append(text)

    def _if_or_with(self, dot: Any, node: Branch) -> None:
        mark = len(self._variables)
        value = self._pipeline(dot, node.pipeline)
        if is_true(value):
            self._walk(value if node.word == "with" else dot, node.body)
        elif node.otherwise:
            self._walk(dot, node.otherwise)
        del self._variables[mark:]

    def _range(self, dot: Any, node: Branch) -> None:
        outer = len(self._variables)
        value = self._pipeline(dot, node.pipeline)
        mark = len(self._variables)
        pairs = self._pairs(value)
        try:
            for key, each in pairs:
                self._bind_range(node.pipeline, key, each)
                try:
                    self._walk(each, node.body)
                except _Jump as jump:
                    if isinstance(jump.args[0], Break):
                        break
                    assert isinstance(jump.args[0], Continue)
                del self._variables[mark:]
            if not pairs and node.otherwise:
                self._walk(dot, node.otherwise)
        finally:
            del self._variables[outer:]

    def _bind_range(self, pipeline: Pipeline, key: Any, value: Any) -> None:
        declared = pipeline.declared
        given = [value] if len(declared) == 1 else [key, value]
        for place, (variable, each) in enumerate(zip(declared, given, strict=False)):
            if pipeline.assigns:
                self._assign(variable.names[0], each)
            else:
                self._variables[len(self._variables) - len(declared) + place] = (variable.names[0], each)

    def _pairs(self, value: Any) -> list[tuple[Any, Any]]:
        if value is None:
            return []
        if isinstance(value, Mapping):
            return sorted(value.items())
        if is_list(value):
            return list(enumerate(value))
        if isinstance(value, int) and not isinstance(value, bool):
            if value > STEPS_MAX:
                self._fail(f"more than {STEPS_MAX} steps")
            return [(number, number) for number in range(value)]
        self._fail(f"range can't iterate over {text_of(value)}")

    def _invoke(self, dot: Any, node: Invocation) -> None:
        tree = self._trees.get(node.name)
        if tree is None:
            self._fail(f"template {quoted(node.name)} not defined")
        if self._depth > DEPTH_MAX:
            self._fail(f"exceeded maximum template depth ({DEPTH_MAX})")
        self._within(tree, self._pipeline(dot, node.pipeline) if node.pipeline else None)

    # Values.

    def _pipeline(self, dot: Any, pipeline: Pipeline) -> Any:
        self._node = pipeline
        value: Any = _MISSING
        for command in pipeline.commands:
            value = self._command(dot, command, value)
        for variable in pipeline.declared:
            if pipeline.assigns:
                self._assign(variable.names[0], value)
            else:
                self._variables.append((variable.names[0], value))
        return value

    def _assign(self, name: str, value: Any) -> None:
        for place in range(len(self._variables) - 1, -1, -1):
            if self._variables[place][0] == name:
                self._variables[place] = (name, value)
                return
        self._fail(f"undefined variable: {name}")

    def _variable(self, name: str) -> Any:
        for known, value in reversed(self._variables):
            if known == name:
                return value
        self._fail(f"undefined variable: {name}")

    def _command(self, dot: Any, command: Command, final: Any) -> Any:
        self._steps += 1
        first = command.arguments[0]
        if isinstance(first, Identifier):
            self._node = first
            return self._call(dot, command, first.name, self._functions[first.name], command.arguments[1:], final)
        if isinstance(first, Field | Chain) or (isinstance(first, Variable) and len(first.names) > 1):
            return self._fields(dot, first, command.arguments[1:], final)
        if not isinstance(first, Pipeline):
            self._node = first
        if len(command.arguments) > 1 or final is not _MISSING:
            self._fail(f"can't give argument to non-function {first}")
        if isinstance(first, Nil):
            self._fail("nil is not a command")
        return self._operand(dot, first)

    def _operand(self, dot: Any, node: Node) -> Any:
        match node:
            case Pipeline():
                return self._pipeline(dot, node)
            case Variable() if len(node.names) == 1:
                self._node = node
                return self._variable(node.names[0])
            case Field() | Chain() | Variable():
                return self._fields(dot, node, (), _MISSING)
            case Identifier():
                self._node = node
                return self._call(dot, node, node.name, self._functions[node.name], (), _MISSING)
            case Dot():
                return dot
            case Number() | Bool():
                return node.value
            case String():
                return node.text
        return None

    def _fields(self, dot: Any, node: Field | Chain | Variable, arguments: tuple[Node, ...], final: Any) -> Any:
        self._node = node
        names = node.names
        if isinstance(node, Chain):
            if isinstance(node.node, Nil):
                self._fail(f"indirection through explicit nil in {node}")
            receiver = self._operand(dot, node.node)
        elif isinstance(node, Variable):
            receiver, names = self._variable(names[0]), names[1:]
        else:
            receiver = dot
        for name in names[:-1]:
            receiver = self._member(dot, node, receiver, name, (), _MISSING)
        return self._member(dot, node, receiver, names[-1], arguments, final)

    def _member(self, dot: Any, node: Node, receiver: Any, name: str, arguments: tuple[Node, ...], final: Any) -> Any:
        try:
            found = member(receiver, name)
        except CallError as error:
            self._fail(str(error))
        if isinstance(found, Function):
            return self._call(dot, node, name, found, arguments, final)
        if arguments or final is not _MISSING:
            if isinstance(receiver, Mapping):
                self._fail(f"{name} is not a method but has arguments")
            self._fail(f"{name} has arguments but cannot be invoked as function")
        return found

    # Calls.

    def _call(
        self, dot: Any, node: Node, name: str, function: Function, arguments: tuple[Node, ...], final: Any
    ) -> Any:
        given = len(arguments) + (final is not _MISSING)
        fixed = len(function.parameters)
        if function.variadic is None and given != fixed:
            self._fail(f"wrong number of args for {name}: want {fixed} got {given}")
        if given < fixed:
            self._fail(f"wrong number of args for {name}: want at least {fixed} got {len(arguments)}")
        if name in ("and", "or"):
            return self._and_or(dot, name == "or", arguments, final)
        kinds = [*function.parameters, *[function.variadic or ""] * (given - fixed)]
        values = [self._argument(dot, kind, each) for kind, each in zip(kinds, arguments, strict=False)]
        if final is not _MISSING:
            values.append(self._checked(final, kinds[-1]))
        try:
            return function.call(*values)
        except TemplateError:
            raise
        except Exception as error:  # whatever a function makes of its arguments is the template's fault
            self._node = node
            self._fail(f"error calling {name}: {error}")

    def _and_or(self, dot: Any, wanted: bool, arguments: tuple[Node, ...], final: Any) -> Any:
        value: Any = None
        for each in arguments:
            value = self._argument(dot, "reflect.Value", each)
            if is_true(value) == wanted:
                return value
        return value if final is _MISSING else final

    def _argument(self, dot: Any, kind: str, node: Node) -> Any:
        self._node = node
        if isinstance(node, Nil):
            if kind in ("string", "int", "float64", "bool"):
                self._fail(f"cannot assign nil to {kind}")
            return self._checked(None, kind)
        is_literal = isinstance(node, Number | Bool | String)
        if is_literal and kind not in ("interface {}", "reflect.Value"):
            return self._literal(kind, node)
        return self._checked(self._operand(dot, node), kind)

    def _literal(self, kind: str, node: Node) -> Any:
        if kind == "string" and isinstance(node, String):
            return node.text
        if kind == "float64" and isinstance(node, Number):
            return node.real
        if kind == "int" and isinstance(node, Number) and node.integer is not None:
            return node.integer
        expected = {"string": "string", "float64": "float", "int": "integer"}.get(kind)
        self._fail(f"expected {expected}; found {node}" if expected else f"can't handle {node} for arg of type {kind}")

    def _checked(self, value: Any, kind: str) -> Any:
        if conforms(value, kind):
            return [] if value is None and kind.startswith(("[]", "template.queryResult")) else value
        if value is None:
            self._fail(f"invalid value; expected {kind}")
        self._fail(f"wrong type for value; expected {kind}; got {type_name(value)}")
