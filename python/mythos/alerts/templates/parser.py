"""Reads templates: text/template/parse/parse.go, with its messages."""

from __future__ import annotations

from collections.abc import Collection
from typing import NoReturn

from mythos.alerts.templates import literals
from mythos.alerts.templates.errors import TemplateError
from mythos.alerts.templates.lexer import Kind, Token, quoted, tokens
from mythos.alerts.templates.nodes import (
    Action,
    Bool,
    Branch,
    Break,
    Chain,
    Command,
    Continue,
    Dot,
    Else,
    End,
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

DEPTH_MAX = 100  # of parentheses and of blocks within blocks: this is Python's stack
TREES_MAX = 1_000

_OPERANDS = frozenset(
    (
        Kind.BOOL,
        Kind.CHARACTER_CONSTANT,
        Kind.DOT,
        Kind.FIELD,
        Kind.IDENTIFIER,
        Kind.NUMBER,
        Kind.RAW_STRING,
        Kind.STRING,
        Kind.VARIABLE,
        Kind.LEFT_PARENTHESIS,
    )
)


def parse(name: str, text: str, functions: Collection[str], variables: Collection[str] = ()) -> dict[str, Tree]:
    """The template and those it defines, by name. `variables` are declared before it, without their `$`.

    Raises TemplateError.
    """
    parser = _Parser(name, text, functions, variables)
    parser.parse()
    return parser.trees


class _Parser:
    def __init__(self, name: str, text: str, functions: Collection[str], variables: Collection[str]) -> None:
        self.trees: dict[str, Tree] = {}
        self._name = name
        self._text = text
        self._functions = functions
        self._tokens = list(tokens(text))
        self._at = 0
        self._read = 0  # the furthest token looked at, whose line Go's messages name
        self._action_line = 0
        self._variables = ["$", *(f"${each}" for each in variables)]
        self._ranges = 0
        self._depth = 0

    def parse(self) -> None:
        nodes: list[Node] = []
        while self._peek().kind is not Kind.EOF:
            if self._defines():
                self._definition()
                continue
            node = self._text_or_action()
            if isinstance(node, End | Else):
                self._fail(f"unexpected {node}")
            nodes.append(node)
        self._add(self._name, List(0, tuple(nodes)))

    # Tokens.

    def _next(self) -> Token:
        token = self._tokens[min(self._at, len(self._tokens) - 1)]
        self._read = max(self._read, self._at)
        self._at += 1
        return token

    def _peek(self) -> Token:
        token = self._next()
        self._at -= 1
        return token

    def _next_word(self) -> Token:
        while (token := self._next()).kind is Kind.SPACE:
            pass
        return token

    def _peek_word(self) -> Token:
        token = self._next_word()
        self._at -= 1
        return token

    def _fail(self, message: str) -> NoReturn:
        line = self._tokens[min(self._read, len(self._tokens) - 1)].line
        raise TemplateError(f"template: {self._name}:{line}: {message}", line)

    def _unexpected(self, token: Token, context: str) -> NoReturn:
        if token.kind is not Kind.ERROR:
            self._fail(f"unexpected {token} in {context}")
        started = ""
        if self._action_line and self._action_line != token.line:
            started = f" in action started at {self._name}:{self._action_line}"
            if token.text.endswith(" action"):
                started = started.removeprefix(" in action")
        self._fail(f"{token}{started}")

    def _expect(self, kind: Kind, context: str) -> Token:
        token = self._next_word()
        if token.kind is not kind:
            self._unexpected(token, context)
        return token

    # Blocks.

    def _defines(self) -> bool:
        if self._peek().kind is not Kind.LEFT_DELIMITER:
            return False
        start = self._at
        self._next()
        if self._next_word().is_keyword("define"):
            return True
        self._at = start
        return False

    def _definition(self) -> None:
        name = self._template_name(self._next_word(), "define clause")
        self._expect(Kind.RIGHT_DELIMITER, "define clause")
        self._add(name, self._list_of_own("define clause"))

    def _list_of_own(self, context: str) -> List:
        """What has its own variables and ends with `end`."""
        variables, self._variables, ranges, self._ranges = self._variables, ["$"], self._ranges, 0
        body, end = self._list()
        if not isinstance(end, End):
            self._fail(f"unexpected {end} in {context}")
        self._variables, self._ranges = variables, ranges
        return body

    def _add(self, name: str, root: List) -> None:
        tree = Tree(name, self._name, self._text, root)
        present = self.trees.get(name)
        if present is None or present.is_empty:
            self.trees[name] = tree
        elif not tree.is_empty:
            self._fail(f"template: multiple definition of template {quoted(name)}")
        if len(self.trees) > TREES_MAX:
            self._fail(f"more than {TREES_MAX} templates")

    def _list(self) -> tuple[List, Node]:
        start = self._peek_word().position
        nodes: list[Node] = []
        while self._peek_word().kind is not Kind.EOF:
            node = self._text_or_action()
            if isinstance(node, End | Else):
                return List(start, tuple(nodes)), node
            nodes.append(node)
        self._fail("unexpected EOF")

    def _text_or_action(self) -> Node:
        token = self._next_word()
        if token.kind is Kind.TEXT:
            return Text(token.position, token.text)
        if token.kind is not Kind.LEFT_DELIMITER:
            self._unexpected(token, "input")
        self._action_line = token.line
        node = self._action()
        self._action_line = 0
        return node

    def _action(self) -> Node:
        token = self._peek_word()
        if token.kind is Kind.KEYWORD and token.text not in ("nil", "define"):
            self._next_word()
            return self._control(token)
        return Action(token.position, self._pipeline("command", Kind.RIGHT_DELIMITER))

    def _control(self, token: Token) -> Node:
        word, position = token.text, token.position
        if word in ("if", "with", "range"):
            return self._branch(word)
        if word in ("block", "template"):
            return self._invocation(word)
        if word in ("break", "continue"):
            return self._jump(word, position)
        if word == "else":
            following = self._peek_word()
            if following.is_keyword("if") or following.is_keyword("with"):
                return Else(following.position)
        self._expect(Kind.RIGHT_DELIMITER, word)
        return Else(position) if word == "else" else End(position)

    def _jump(self, word: str, position: int) -> Node:
        following = self._next_word()
        if following.kind is not Kind.RIGHT_DELIMITER:
            self._unexpected(following, f"{{{{{word}}}}}")
        if not self._ranges:
            self._fail(f"{{{{{word}}}}} outside {{{{range}}}}")
        return Break(position) if word == "break" else Continue(position)

    def _branch(self, word: str) -> Branch:
        known = len(self._variables)
        self._deeper()
        pipeline = self._pipeline(word, Kind.RIGHT_DELIMITER)
        self._ranges += word == "range"
        body, ending = self._list()
        self._ranges -= word == "range"
        otherwise: List | None = None
        if isinstance(ending, Else):
            if word != "range" and self._peek().is_keyword(word):
                self._next()
                otherwise = List(ending.position, (self._branch(word),))
            else:
                otherwise, ending = self._list()
                if not isinstance(ending, End):
                    self._fail(f"expected end; found {ending}")
        self._depth -= 1
        del self._variables[known:]
        return Branch(pipeline.position, word, pipeline, body, otherwise)

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            self._fail("max expression depth exceeded")

    def _invocation(self, word: str) -> Invocation:
        context = f"{word} clause"
        token = self._next_word()
        name = self._template_name(token, context)
        pipeline = None
        if word == "block" or self._peek_word().kind is not Kind.RIGHT_DELIMITER:
            pipeline = self._pipeline(context, Kind.RIGHT_DELIMITER)
        else:
            self._next_word()
        if word == "block":
            self._add(name, self._list_of_own(context))
        return Invocation(token.position, name, pipeline)

    def _template_name(self, token: Token, context: str) -> str:
        if token.kind not in (Kind.STRING, Kind.RAW_STRING):
            self._unexpected(token, context)
        return self._unquoted(token)

    def _unquoted(self, token: Token) -> str:
        try:
            return literals.unquote(token.text)
        except ValueError as error:
            self._fail(str(error))

    # Pipelines.

    def _pipeline(self, context: str, end: Kind) -> Pipeline:
        position = self._peek_word().position
        declared, assigns = self._declarations(context)
        commands: list[Command] = []
        while (token := self._next_word()).kind is not end:
            if token.kind not in _OPERANDS and not token.is_keyword("nil"):
                self._unexpected(token, context)
            self._at -= 1
            commands.append(self._command())
        if not commands:
            self._fail(f"missing value for {context}")
        for stage, command in enumerate(commands[1:], 2):
            if isinstance(command.arguments[0], Bool | Dot | Nil | Number | String):
                self._fail(f"non executable command in pipeline stage {stage}")
        return Pipeline(position, tuple(commands), tuple(declared), assigns)

    def _declarations(self, context: str) -> tuple[list[Variable], bool]:
        declared: list[Variable] = []
        while self._peek_word().kind is Kind.VARIABLE:
            variable = self._next_word()
            after = self._at
            following = self._next_word()
            is_comma = following.kind is Kind.CHARACTER and following.text == ","
            if not is_comma and following.kind not in (Kind.ASSIGN, Kind.DECLARE):
                self._at = after - 1  # it is an argument
                return declared, False
            declared.append(Variable(variable.position, (variable.text,)))
            self._variables.append(variable.text)
            if not is_comma:
                return declared, following.kind is Kind.ASSIGN
            if context != "range" or len(declared) >= 2:
                self._fail(f"too many declarations in {context}")
            if self._peek_word().kind not in (Kind.VARIABLE, Kind.RIGHT_DELIMITER, Kind.RIGHT_PARENTHESIS):
                self._fail("range can only initialize variables")
        return declared, False

    def _command(self) -> Command:
        position = self._peek_word().position
        arguments: list[Node] = []
        while True:
            self._peek_word()
            while self._peek().kind is Kind.SPACE:
                self._next()
            operand = self._operand()
            if operand is not None:
                arguments.append(operand)
            token = self._next()
            if token.kind is Kind.SPACE:
                continue
            if token.kind in (Kind.RIGHT_DELIMITER, Kind.RIGHT_PARENTHESIS):
                self._at -= 1
            elif token.kind is not Kind.PIPE:
                self._unexpected(token, "operand")
            break
        if not arguments:
            self._fail("empty command")
        return Command(position, tuple(arguments))

    def _operand(self) -> Node | None:
        node = self._term()
        if node is None or self._peek().kind is not Kind.FIELD:
            return node
        position = self._peek().position
        names: list[str] = []
        while self._peek().kind is Kind.FIELD:
            names.append(self._next().text[1:])
        if isinstance(node, Field):
            return Field(position, (*node.names, *names))
        if isinstance(node, Variable):
            return Variable(position, (*node.names, *names))
        if isinstance(node, Bool | String | Number | Nil | Dot):
            self._fail(f"unexpected . after term {quoted(str(node))}")
        return Chain(position, node, tuple(names))

    def _term(self) -> Node | None:
        token = self._next_word()
        position = token.position
        match token.kind:
            case Kind.IDENTIFIER:
                if token.text not in self._functions:
                    self._fail(f"function {quoted(token.text)} not defined")
                return Identifier(position, token.text)
            case Kind.DOT:
                return Dot(position)
            case Kind.VARIABLE:
                if token.text not in self._variables:
                    self._fail(f"undefined variable {quoted(token.text)}")
                return Variable(position, (token.text,))
            case Kind.FIELD:
                return Field(position, (token.text[1:],))
            case Kind.BOOL:
                return Bool(position, token.text == "true")
            case Kind.CHARACTER_CONSTANT | Kind.NUMBER:
                try:
                    return literals.number(position, token.text)
                except ValueError as error:
                    self._fail(str(error))
            case Kind.LEFT_PARENTHESIS:
                self._deeper()
                pipeline = self._pipeline("parenthesized pipeline", Kind.RIGHT_PARENTHESIS)
                self._depth -= 1
                return pipeline
            case Kind.STRING | Kind.RAW_STRING:
                return String(position, token.text, self._unquoted(token))
        if token.is_keyword("nil"):
            return Nil(position)
        self._at -= 1
        return None
