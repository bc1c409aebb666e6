"""Filling in a receiver's templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Protocol, TypeAlias

from mythos.alerts import templates
from mythos.alerts.notify.default_templates import DEFINITIONS
from mythos.alerts.notify.senders.outcome import SendFailed

TEXT_CHARACTERS_MAX = 262_144


class Template(Protocol):
    """A parsed template. Raises ValueError."""

    def render(self, data: Any, variables: Mapping[str, Any] | None = None, *, html: bool = False) -> str: ...


# Takes a text, its name and the text of template files whose definitions it may use. Raises ValueError.
Parse: TypeAlias = Callable[[str, str, str], Template]


def parse_template(text: str, name: str, definitions: str) -> Template:
    """With Alertmanager's functions."""
    return templates.Template.parse(text, name, definitions=definitions, functions=templates.ALERTMANAGER)


class Renderer:
    """The templates of one configuration. Any thread."""

    def __init__(self, template_files: str = "", parse: Parse = parse_template) -> None:
        self._parse_text = parse
        self._definitions = f"{DEFINITIONS}\n{template_files}"
        self._parsed = lru_cache(maxsize=1_024)(self._parse)

    def check(self, text: str, name: str) -> None:
        """Raises ValueError for what is no template."""
        self._parsed(text, name)

    def render(self, text: str, name: str, data: Any, *, html: bool = False) -> str:
        """Raises SendFailed, which is final: the same template would fail again."""
        if "{{" not in text:
            return text
        try:
            return self._parsed(text, name).render(data, {}, html=html)[:TEXT_CHARACTERS_MAX]
        except ValueError as error:
            raise SendFailed("template_failed", f"the template of {name} fails: {error}", final=True) from None

    def _parse(self, text: str, name: str) -> Template:
        return self._parse_text(text, name, self._definitions)
