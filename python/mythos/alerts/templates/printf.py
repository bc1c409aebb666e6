"""Go's fmt.Sprintf, Sprint and Sprintln, with what they say of verbs and operands that do not fit."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from mythos.alerts.templates.errors import CallError
from mythos.alerts.templates.lexer import quoted
from mythos.alerts.templates.values import float_text, is_list, prints_itself, text_of, type_name

WIDTH_MAX = 10_000  # Go's is a million: nobody writes a message of that width

_VERB = re.compile(r"%([-+# 0]*)(\[\d+\])?(\*|\d+)?(?:(\.)(\[\d+\])?(\*|\d+)?)?(\[\d+\])?(.?)", re.DOTALL)
_REAL_VERBS = frozenset("eEfFgG")
_INT_VERBS = {"d": "d", "b": "b", "o": "o", "O": "o", "x": "x", "X": "X"}


class _Form(NamedTuple):
    flags: str
    width: int | None
    precision: int | None
    verb: str

    def pad(self, text: str, *, zeros: bool = True) -> str:
        if self.width is None or len(text) >= self.width:
            return text
        if "-" in self.flags:
            return text.ljust(self.width)
        if zeros and "0" in self.flags:
            sign = text[0] if text[0] in "+-" else ""
            return sign + text[len(sign) :].rjust(self.width - len(sign), "0")
        return text.rjust(self.width)

    def signed(self, text: str) -> str:
        if self.verb == "v":  # where a plus asks for the names of fields
            return " " + text if " " in self.flags and not text.startswith("-") else text
        if text.startswith(("-", "+")):
            return text
        return "+" + text if "+" in self.flags else " " + text if " " in self.flags else text


def sprint(operands: Sequence[Any]) -> str:
    """With a blank between two operands of which none is a text."""
    parts: list[str] = []
    for index, operand in enumerate(operands):
        if index and not isinstance(operand, str) and not isinstance(operands[index - 1], str):
            parts.append(" ")
        parts.append(text_of(operand))
    return "".join(parts)


def sprintln(operands: Sequence[Any]) -> str:
    return " ".join(map(text_of, operands)) + "\n"


def sprintf(form: str, operands: Sequence[Any]) -> str:
    """Raises CallError for a width or a precision beyond WIDTH_MAX."""
    return _Formatter(operands).run(form)


class _Formatter:
    def __init__(self, operands: Sequence[Any]) -> None:
        self._operands = operands
        self._next = 0
        self._reordered = False

    def run(self, form: str) -> str:
        text = _VERB.sub(self._one, form)
        if self._reordered or self._next >= len(self._operands):
            return text
        left = ", ".join(_told(operand) for operand in self._operands[self._next :])
        return f"{text}%!(EXTRA {left})"

    def _one(self, found: re.Match[str]) -> str:
        flags, width_index, width, point, precision_index, precision, index, verb = found.groups()
        if verb == "":
            return "%!(NOVERB)"
        if verb == "%":
            return "%"
        complaints: list[str] = []
        wide = self._size(width_index if width == "*" else None, width, "%!(BADWIDTH)", complaints)
        if wide is not None and wide < 0:
            flags, wide = flags + "-", -wide
        precise = self._size(precision_index, precision, "%!(BADPREC)", complaints) if point else None
        if point and precise is None and not complaints:
            precise = 0
        operand_index = index or (width_index if width != "*" else None)
        if operand_index and not self._move(operand_index):
            return f"%!{verb}(BADINDEX)"
        if self._next >= len(self._operands):
            return f"%!{verb}(MISSING)" if not complaints else "".join(complaints) + f"%!{verb}(MISSING)"
        operand = self._operands[self._next]
        self._next += 1
        return "".join(complaints) + formatted(operand, _Form(flags, wide, precise, verb))

    def _move(self, index: str) -> bool:
        self._reordered = True
        wanted = int(index[1:-1]) - 1
        if not 0 <= wanted < len(self._operands):
            return False
        self._next = wanted
        return True

    def _size(self, index: str | None, text: str | None, complaint: str, complaints: list[str]) -> int | None:
        if text is None:
            return None
        if text != "*":
            size = int(text)
        else:
            if index and not self._move(index):
                complaints.append(complaint)
                return None
            operand = self._operands[self._next] if self._next < len(self._operands) else None
            self._next += 1
            if not isinstance(operand, int) or isinstance(operand, bool) or abs(operand) > 1_000_000:
                complaints.append(complaint)
                return None
            size = operand
        if abs(size) > WIDTH_MAX:
            raise CallError(f"printf: a width or a precision of {size} is more than {WIDTH_MAX}")
        return size


def formatted(operand: Any, form: _Form) -> str:
    """One operand by one verb."""
    if form.verb == "T":
        return form.pad(type_name(operand), zeros=False)
    if operand is None:
        return form.pad("<nil>", zeros=False) if form.verb == "v" else f"%!{form.verb}(<nil>)"
    if isinstance(operand, bool):
        return form.pad(text_of(operand), zeros=False) if form.verb in "tv" else _wrong(operand, form)
    if form.verb in "svqxX" and (isinstance(operand, datetime) or prints_itself(operand)):
        operand = text_of(operand)
    if isinstance(operand, int):
        return _integer(operand, form)
    if isinstance(operand, float):
        return _real(operand, form)
    if isinstance(operand, str):
        return _text(operand, form)
    if isinstance(operand, Mapping):
        pairs = (f"{formatted(key, form)}:{formatted(each, form)}" for key, each in sorted(operand.items()))
        return "map[" + " ".join(pairs) + "]"
    if is_list(operand):
        return "[" + " ".join(formatted(each, form) for each in operand) + "]"
    return form.pad(text_of(operand), zeros=False)


def _wrong(operand: Any, form: _Form) -> str:
    return f"%!{form.verb}({type_name(operand)}={formatted(operand, form._replace(verb='v'))})"


def _told(operand: Any) -> str:
    return "<nil>" if operand is None else f"{type_name(operand)}={text_of(operand)}"


def _integer(value: int, form: _Form) -> str:
    if form.verb in ("c", "q", "U"):
        return _character(value, form)
    kind = "d" if form.verb == "v" else _INT_VERBS.get(form.verb)
    if kind is None:
        return _wrong(value, form)
    if form.precision == 0 and value == 0:
        return form.pad("", zeros=False)
    digits = format(abs(value), kind)
    if form.precision is not None:
        digits = digits.rjust(form.precision, "0")
    prefix = {"x": "0x", "X": "0X", "o": "0", "b": "0b"}.get(form.verb, "") if "#" in form.flags else ""
    text = form.signed(("-" if value < 0 else "") + ("0o" if form.verb == "O" else prefix) + digits)
    return form.pad(text, zeros=form.precision is None)


def _character(value: int, form: _Form) -> str:
    character = chr(value) if 0 <= value <= 0x10FFFF and not 0xD800 <= value < 0xE000 else "�"
    if form.verb == "q":
        inner = quoted(character)[1:-1].replace('\\"', '"') if character != "'" else "\\'"
        return form.pad(f"'{inner}'", zeros=False)
    if form.verb == "U":
        return form.pad(f"U+{value:04X}" + (f" '{character}'" if "#" in form.flags else ""), zeros=False)
    return form.pad(character, zeros=False)


def _real(value: float, form: _Form) -> str:
    if form.verb not in _REAL_VERBS and form.verb != "v":
        return _wrong(value, form)
    if not math.isfinite(value):
        text = "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
        if "+" not in form.flags and " " not in form.flags:
            text = text if value < 0 or math.isnan(value) else "+Inf"
        elif math.isnan(value):
            text = form.signed(text)
        return form.pad(text, zeros=False)
    alternate = "#" if "#" in form.flags else ""
    if form.verb == "v" and form.precision is None:
        text = float_text(value)
    elif form.verb in "gG" and form.precision is None:
        text = float_text(value).upper() if form.verb == "G" else float_text(value)
    else:
        precision = 6 if form.precision is None else form.precision
        text = format(value, f"{alternate}.{precision}{'g' if form.verb == 'v' else form.verb}")
    return form.pad(form.signed(text))


def _text(value: str, form: _Form) -> str:
    if form.precision is not None and form.verb in "svqxX":
        value = value[: form.precision]
    if form.verb in "sv":
        is_quoted = form.verb == "v" and "#" in form.flags
        return form.pad(quoted(value) if is_quoted else value)
    if form.verb == "q":
        return form.pad(f"`{value}`" if "#" in form.flags and "`" not in value else quoted(value))
    if form.verb in "xX":
        pairs = [f"{byte:02{form.verb}}" for byte in value.encode()]
        return form.pad((" " if " " in form.flags else "").join(pairs))
    return _wrong(value, form)
