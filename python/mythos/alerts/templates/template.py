"""A template, parsed once and rendered often."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

from mythos.alerts.templates.builtins import BUILTINS, escape_html
from mythos.alerts.templates.errors import TemplateError
from mythos.alerts.templates.executor import Executor
from mythos.alerts.templates.nodes import Tree
from mythos.alerts.templates.parser import parse
from mythos.alerts.templates.prometheus import prometheus_functions
from mythos.alerts.templates.values import Function, Html, printed


class Template:
    """Immutable: any thread may render it."""

    def __init__(self, name: str, trees: Mapping[str, Tree], functions: Mapping[str, Function]) -> None:
        self._name = name
        self.trees = trees
        self._functions = functions

    @classmethod
    def parse(
        cls,
        text: str,
        name: str = "",
        *,
        definitions: str = "",
        variables: Collection[str] = (),
        functions: Mapping[str, Function] | None = None,
    ) -> Template:
        """Raises TemplateError.

        `definitions` is text whose `define` blocks the template may use, and replace by its own. `variables` are those
        that `render` gives a value. `functions` are Prometheus' unless others are given (ALERTMANAGER).
        """
        known = {**BUILTINS, **(prometheus_functions() if functions is None else functions)}
        trees = parse(name, text, frozenset(known), variables)
        shared = _definitions(definitions, frozenset(known)) if definitions else {}
        return cls(name, {**shared, **trees}, known)

    def render(
        self,
        data: Any,
        variables: Mapping[str, Any] | None = None,
        *,
        functions: Mapping[str, Function] | None = None,
        html: bool = False,
    ) -> str:
        """Raises TemplateError. `functions` take the place of those of their names, such as `query` at this time.

        `html` escapes what actions print as text or as an attribute's quoted value is escaped.
        """
        known = {**self._functions, **functions} if functions else self._functions
        executor = Executor(self.trees, known, _escaped if html else printed)
        try:
            return executor.run(self.trees[self._name], data, variables or {})
        except RecursionError:
            raise TemplateError(f"template: {self._name}: exceeded maximum depth", 1) from None


@lru_cache(maxsize=64)
def _definitions(text: str, functions: frozenset[str]) -> Mapping[str, Tree]:
    trees = parse("definitions", text, functions)
    return {name: tree for name, tree in trees.items() if name != "definitions"}


def _escaped(value: Any) -> str:
    text = printed(value)
    return text if isinstance(value, Html) else escape_html(text).replace("+", "&#43;")
