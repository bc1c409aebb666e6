"""Go's literals as templates write them: strconv.Unquote, and numbers as text/template/parse/node.go reads them."""

from __future__ import annotations

import re

from mythos.alerts.templates.lexer import quoted
from mythos.alerts.templates.nodes import Number

_INT_MIN, _INT_MAX = -(1 << 63), (1 << 63) - 1
_ESCAPE = re.compile(r"\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|(.))", re.DOTALL)
_SIMPLE = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92}


def unquote(text: str) -> str:
    """Of a string with its quotes. Raises ValueError."""
    quote, inner = text[0], text[1:-1]
    if quote == "`":
        return inner.replace("\r", "")
    return _unescape(inner, quote)


def number(position: int, text: str) -> Number:
    """Of a number or a character constant. Raises ValueError."""
    if text.startswith("'"):
        character = _unescape(text[1:-1], "'")
        if len(character) != 1:
            raise ValueError(f"malformed character constant: {text}" if character else "invalid syntax")
        return Number(position, text, ord(character), float(ord(character)))
    integer = _integer(text)
    if integer is not None and _INT_MIN <= integer <= _INT_MAX:
        return Number(position, text, integer, float(integer))
    real = _real(text)
    if real is None:
        raise ValueError(f"illegal number syntax: {quoted(text)}")
    if not set(".eEpP") & set(text):
        raise ValueError(f"integer overflow: {quoted(text)}")
    return Number(position, text, int(real) if real.is_integer() and abs(real) <= _INT_MAX else None, real)


def _integer(text: str) -> int | None:
    if re.fullmatch(r"[+-]?0[\d_]+", text):
        text = re.sub(r"^([+-]?)0_?", r"\g<1>0o", text)
    try:
        return int(text, 0)
    except ValueError:
        return None


def _real(text: str) -> float | None:
    try:
        return float.fromhex(text) if "x" in text.lower() else float(text)
    except (ValueError, OverflowError):
        return None


def _unescape(inner: str, quote: str) -> str:
    parts: list[bytes] = []
    at = 0
    while at < len(inner):
        if inner[at] != "\\":
            following = inner.find("\\", at)
            end = len(inner) if following < 0 else following
            parts.append(inner[at:end].encode())
            at = end
            continue
        found = _ESCAPE.match(inner, at)
        if found is None:
            raise ValueError("invalid syntax")
        parts.append(_escaped(found, quote))
        at = found.end()
    return b"".join(parts).decode(errors="replace")


def _escaped(found: re.Match[str], quote: str) -> bytes:
    byte, short, long, octal, single = found.groups()
    if code := short or long:
        value = int(code, 16)
        if value > 0x10FFFF or 0xD800 <= value < 0xE000:
            raise ValueError("invalid syntax")
        return chr(value).encode()
    if byte or octal:
        value = int(byte, 16) if byte else int(octal, 8)
        if value > 255:
            raise ValueError("invalid syntax")
        return chr(value).encode() if quote == "'" else bytes((value,))
    if single == quote:
        return quote.encode()
    if single not in _SIMPLE:
        raise ValueError("invalid syntax")
    return bytes((_SIMPLE[single],))
