"""The functions of every template: text/template/funcs.go. `and` and `or` stop early, so the executor does them."""

from __future__ import annotations

import html as python_html
from collections.abc import Mapping
from itertools import pairwise
from typing import Any
from urllib.parse import quote_plus

from mythos.alerts.templates.errors import CallError
from mythos.alerts.templates.printf import sprint, sprintf, sprintln
from mythos.alerts.templates.values import NO_VALUE, AnyMap, Function, is_list, is_true, text_of, type_name

_ESCAPED_IN_SCRIPTS = {
    "\\": "\\\\",
    "'": "\\'",
    '"': '\\"',
    "<": "\\u003C",
    ">": "\\u003E",
    "&": "\\u0026",
    "=": "\\u003D",
}


def escape_html(text: str) -> str:
    return python_html.escape(text, quote=False).replace('"', "&#34;").replace("'", "&#39;").replace("\0", "�")


def _kind(value: Any) -> str:
    for kind, types in (("bool", bool), ("int", int), ("float", float), ("string", str)):
        if isinstance(value, types):
            return kind
    return ""


def _eq(first: Any, *others: Any) -> bool:
    if not others:
        raise CallError("missing argument for comparison")
    for other in others:
        if first is None or other is None:
            if first is other:
                return True
        elif _kind(first) != _kind(other):
            raise CallError(f"incompatible types for comparison: {type_name(first)} and {type_name(other)}")
        elif not _kind(first) and (is_list(other) or isinstance(other, Mapping)):
            raise CallError(f"non-comparable type {text_of(other)}: {type_name(other)}")
        elif first == other:
            return True
    return False


def _lt(first: Any, second: Any) -> bool:
    kinds = _kind(first), _kind(second)
    if not all(kinds):
        raise CallError("invalid type for comparison")
    if kinds[0] != kinds[1]:
        raise CallError(f"incompatible types for comparison: {type_name(first)} and {type_name(second)}")
    if kinds[0] == "bool":
        raise CallError("invalid type for comparison")
    return bool(first < second)


def _le(first: Any, second: Any) -> bool:
    return _lt(first, second) or _eq(first, second)


def _position(index: Any, length: int) -> int:
    if index is None:
        raise CallError("cannot index slice/array with nil")
    if not isinstance(index, int) or isinstance(index, bool):
        raise CallError(f"cannot index slice/array with type {type_name(index)}")
    if not 0 <= index <= length:
        raise CallError(f"index out of range: {index}")
    return index


def _index(item: Any, *indexes: Any) -> Any:
    if item is None:
        raise CallError("index of untyped nil")
    for index in indexes:
        if isinstance(item, Mapping):
            if not isinstance(index, str):
                got = "value is nil; should be of type string" if index is None else None
                raise CallError(got or f"value has type {type_name(index)}; should be string")
            item = item[index] if index in item else None if isinstance(item, AnyMap) else ""
        elif is_list(item) or isinstance(item, str):
            values = item.encode() if isinstance(item, str) else item
            position = _position(index, len(values))
            if position == len(values):
                raise CallError(f"reflect: {'string' if isinstance(item, str) else 'slice'} index out of range")
            item = values[position]
        elif item is None:
            raise CallError("index of nil pointer")
        else:
            raise CallError(f"can't index item of type {type_name(item)}")
    return item


def _slice(item: Any, *indexes: Any) -> Any:
    if item is None:
        raise CallError("slice of untyped nil")
    if len(indexes) > 3:
        raise CallError(f"too many slice indexes: {len(indexes)}")
    if not is_list(item) and not isinstance(item, str):
        raise CallError(f"can't slice item of type {type_name(item)}")
    if isinstance(item, str) and len(indexes) == 3:
        raise CallError("cannot 3-index slice a string")
    values = item.encode() if isinstance(item, str) else item
    bounds = [0, len(values)]
    for place, index in enumerate(indexes):
        bounds[place : place + 1] = [_position(index, len(values))]
    for low, high in pairwise(bounds):
        if low > high:
            raise CallError(f"invalid slice index: {low} > {high}")
    part = values[bounds[0] : bounds[1]]
    return part.decode(errors="replace") if isinstance(part, bytes) else part


def _len(item: Any) -> int:
    if isinstance(item, str):
        return len(item.encode())
    if isinstance(item, Mapping) or is_list(item):
        return len(item)
    raise CallError("len of nil pointer" if item is None else f"len of type {type_name(item)}")


def _arguments(arguments: tuple[Any, ...]) -> str:
    return (
        arguments[0]
        if len(arguments) == 1 and isinstance(arguments[0], str)
        else sprint([NO_VALUE if each is None else each for each in arguments])
    )


def _js(*arguments: Any) -> str:
    text = _arguments(arguments)
    return "".join(
        _ESCAPED_IN_SCRIPTS.get(each) or (each if each.isprintable() else f"\\u{ord(each):04X}") for each in text
    )


def _call(*_: Any) -> Any:
    raise CallError("there are no functions among the values of these templates")


BUILTINS = {
    "and": Function(lambda *values: values[-1], ("reflect.Value",), "reflect.Value"),
    "or": Function(lambda *values: values[-1], ("reflect.Value",), "reflect.Value"),
    "not": Function(lambda value: not is_true(value), ("reflect.Value",)),
    "eq": Function(_eq, ("reflect.Value",), "reflect.Value"),
    "ne": Function(lambda first, second: not _eq(first, second), ("reflect.Value",) * 2),
    "lt": Function(_lt, ("reflect.Value",) * 2),
    "le": Function(_le, ("reflect.Value",) * 2),
    "gt": Function(lambda first, second: not _le(first, second), ("reflect.Value",) * 2),
    "ge": Function(lambda first, second: not _lt(first, second), ("reflect.Value",) * 2),
    "index": Function(_index, ("reflect.Value",), "reflect.Value"),
    "slice": Function(_slice, ("reflect.Value",), "reflect.Value"),
    "len": Function(_len, ("reflect.Value",)),
    "call": Function(_call, ("reflect.Value",), "reflect.Value"),
    "print": Function(lambda *values: sprint(values), (), "interface {}"),
    "printf": Function(lambda form, *values: sprintf(form, values), ("string",), "interface {}"),
    "println": Function(lambda *values: sprintln(values), (), "interface {}"),
    "html": Function(lambda *values: escape_html(_arguments(values)), (), "interface {}"),
    "js": Function(_js, (), "interface {}"),
    "urlquery": Function(lambda *values: quote_plus(_arguments(values)), (), "interface {}"),
}
