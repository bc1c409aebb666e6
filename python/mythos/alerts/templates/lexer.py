"""The tokens of a template: text/template/parse/lex.go. White space is trimmed here; the parser never sees it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple

LEFT, RIGHT = "{{", "}}"
SPACES = " \t\r\n"


class Kind(Enum):
    ERROR = auto()
    BOOL = auto()
    CHARACTER = auto()  # a single one that means something, such as a comma
    CHARACTER_CONSTANT = auto()
    ASSIGN = auto()
    DECLARE = auto()
    EOF = auto()
    FIELD = auto()
    IDENTIFIER = auto()
    LEFT_DELIMITER = auto()
    LEFT_PARENTHESIS = auto()
    NUMBER = auto()
    PIPE = auto()
    RAW_STRING = auto()
    RIGHT_DELIMITER = auto()
    RIGHT_PARENTHESIS = auto()
    SPACE = auto()
    STRING = auto()
    TEXT = auto()
    VARIABLE = auto()
    DOT = auto()
    KEYWORD = auto()


KEYWORDS = frozenset(("block", "break", "continue", "define", "else", "end", "if", "range", "nil", "template", "with"))


class Token(NamedTuple):
    kind: Kind
    position: int  # in characters
    text: str
    line: int

    def is_keyword(self, word: str) -> bool:
        return self.kind is Kind.KEYWORD and self.text == word

    def __str__(self) -> str:
        if self.kind is Kind.EOF:
            return "EOF"
        if self.kind is Kind.ERROR:
            return self.text
        if self.kind in (Kind.KEYWORD, Kind.DOT):
            return f"<{self.text}>"
        return quoted(self.text[:10]) + "..." if len(self.text.encode()) > 10 else quoted(self.text)


_ESCAPED = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\a": "\\a", "\b": "\\b", "\f": "\\f"}
_ESCAPED["\v"] = "\\v"


def quoted(text: str) -> str:
    """As strconv.Quote does."""
    return '"' + "".join(_ESCAPED.get(character) or _printable(character) for character in text) + '"'


def _printable(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


_SPACE_RUN = re.compile(r"[ \t\r\n]+")
_WORD = re.compile(r"\w*")
_NUMBER = re.compile(
    r"[+-]?(?:0[xX][\da-fA-F_]*(?:\.[\da-fA-F_]*)?(?:[pP][+-]?[\d_]*)?|0[oO][0-7_]*(?:\.[0-7_]*)?"
    r"|0[bB][01_]*(?:\.[01_]*)?|[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?[\d_]*)?)i?"
)
_QUOTED = {
    '"': (re.compile(r'"(?:[^"\\\n]|\\[^\n])*"'), Kind.STRING, "unterminated quoted string"),
    "'": (re.compile(r"'(?:[^'\\\n]|\\[^\n])*'"), Kind.CHARACTER_CONSTANT, "unterminated character constant"),
    "`": (re.compile(r"`[^`]*`"), Kind.RAW_STRING, "unterminated raw quoted string"),
}
_SINGLE = {"=": Kind.ASSIGN, "|": Kind.PIPE}


class _Stop(Exception):
    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


def tokens(text: str) -> Iterator[Token]:
    """Ends with EOF. What cannot be read is a token ERROR, whose text says why, and nothing but EOF follows it."""
    lexer = _Lexer(text)
    try:
        yield from lexer.run()
    except _Stop as stop:
        yield Token(Kind.ERROR, stop.position, str(stop), lexer.line_at(stop.position))
    yield Token(Kind.EOF, len(text), "EOF", lexer.line_at(len(text)))


class _Lexer:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._counted, self._line = 0, 1
        self._depth = 0

    def line_at(self, position: int) -> int:
        if position < self._counted:
            return self._line - self._text.count("\n", position, self._counted)
        self._line += self._text.count("\n", self._counted, position)
        self._counted = position
        return self._line

    def run(self) -> Iterator[Token]:
        while self._at < len(self._text):
            start = self._at
            found = self._text.find(LEFT, start)
            end = len(self._text) if found < 0 else found
            trimmed = self._text[start:end]
            if found >= 0 and self._trims_left(found + 2):
                trimmed = trimmed.rstrip(SPACES)
            if trimmed:
                yield Token(Kind.TEXT, start, trimmed, self.line_at(start))
            self._at = end
            if found < 0:
                return
            if self._skip_comment():
                continue
            yield Token(Kind.LEFT_DELIMITER, found, LEFT, self.line_at(found))
            self._at = found + 2 + (2 if self._trims_left(found + 2) else 0)
            yield from self._action()

    def _trims_left(self, position: int) -> bool:
        return self._text[position : position + 1] == "-" and self._is_space(position + 1)

    def _is_space(self, position: int) -> bool:
        return position < len(self._text) and self._text[position] in SPACES

    def _right_delimiter(self, position: int) -> int:
        """Its length at this position, with the marker that trims; 0 where there is none."""
        if self._text.startswith(RIGHT, position):
            return 2
        return 4 if self._is_space(position) and self._text.startswith("-" + RIGHT, position + 1) else 0

    def _after_right_delimiter(self, position: int, length: int) -> int:
        end = position + length
        if length == 4 and (spaces := _SPACE_RUN.match(self._text, end)):
            end = spaces.end()
        return end

    def _skip_comment(self) -> bool:
        inner = self._at + 2 + (2 if self._trims_left(self._at + 2) else 0)
        if not self._text.startswith("/*", inner):
            return False
        end = self._text.find("*/", inner + 2)
        if end < 0:
            raise _Stop("unclosed comment", inner)
        length = self._right_delimiter(end + 2)
        if not length:
            raise _Stop("comment ends before closing delimiter", inner)
        self._at = self._after_right_delimiter(end + 2, length)
        return True

    def _action(self) -> Iterator[Token]:
        self._depth = 0
        while True:
            start = self._at
            if length := self._right_delimiter(start):
                if self._depth:
                    raise _Stop("unclosed left paren", start)
                self._at = self._after_right_delimiter(start, length)
                at = start + length - 2
                yield Token(Kind.RIGHT_DELIMITER, at, RIGHT, self.line_at(at))
                return
            if start >= len(self._text):
                raise _Stop("unclosed action", start)
            kind = self._next()
            yield Token(kind, start, self._text[start : self._at], self.line_at(start))

    def _next(self) -> Kind:
        start, text = self._at, self._text
        character = text[start]
        if spaces := _SPACE_RUN.match(text, start):
            # The last of them may belong to a delimiter that trims.
            self._at = spaces.end() - (1 if self._right_delimiter(spaces.end() - 1) == 4 else 0)
            return Kind.SPACE
        self._at = start + 1
        if character in _SINGLE:
            return _SINGLE[character]
        if character == ":":
            if not text.startswith(":=", start):
                raise _Stop("expected :=", start)
            self._at = start + 2
            return Kind.DECLARE
        if character in _QUOTED:
            return self._quoted(character)
        if character == "$":
            return self._word(Kind.VARIABLE)
        if character == "." and not text[start + 1 : start + 2].isdigit() and start + 1 < len(text):
            return self._word(Kind.FIELD)
        if character in ".+-" or "0" <= character <= "9":
            return self._number()
        if character.isalnum() or character == "_":
            return self._word(Kind.IDENTIFIER)
        return self._other(character)

    def _other(self, character: str) -> Kind:
        if character == "(":
            self._depth += 1
            return Kind.LEFT_PARENTHESIS
        if character == ")":
            self._depth -= 1
            if self._depth < 0:
                raise _Stop("unexpected right paren", self._at - 1)
            return Kind.RIGHT_PARENTHESIS
        if character.isascii() and character.isprintable():
            return Kind.CHARACTER
        raise _Stop(f"unrecognized character in action: {_named(character)}", self._at - 1)

    def _quoted(self, character: str) -> Kind:
        pattern, kind, complaint = _QUOTED[character]
        start = self._at - 1
        found = pattern.match(self._text, start)
        if found is None:
            raise _Stop(complaint, start)
        self._at = found.end()
        return kind

    def _word(self, kind: Kind) -> Kind:
        start = self._at - 1
        if kind is not Kind.IDENTIFIER and self._ends_word(self._at):
            return Kind.DOT if kind is Kind.FIELD else kind
        self._at = max(self._at, self._word_end(start if kind is Kind.IDENTIFIER else self._at))
        if not self._ends_word(self._at):
            raise _Stop(f"bad character {_named(self._text[self._at])}", start)
        if kind is not Kind.IDENTIFIER:
            return kind
        word = self._text[start : self._at]
        return Kind.KEYWORD if word in KEYWORDS else Kind.BOOL if word in ("true", "false") else kind

    def _word_end(self, position: int) -> int:
        found = _WORD.match(self._text, position)
        return found.end() if found else position

    def _ends_word(self, position: int) -> bool:
        if position >= len(self._text) or self._text[position] in " \t\r\n.,|:)(":
            return True
        return self._text.startswith(RIGHT, position)

    def _number(self) -> Kind:
        start = self._at - 1
        found = _NUMBER.match(self._text, start)
        self._at = found.end() if found else self._at
        following = self._text[self._at : self._at + 1]
        if following.isalnum() or following in ("_", "+", "-"):
            raise _Stop(f"bad number syntax: {quoted(self._text[start : self._at + 1])}", start)
        return Kind.NUMBER


def _named(character: str) -> str:
    return f"U+{ord(character):04X}" + (f" '{character}'" if character.isprintable() else "")
