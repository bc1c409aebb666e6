"""The configuration: keyword arguments over environment over TOML file over defaults.

    Settings(listen="127.0.0.1:0", session={"grace_s": 60})
    Settings(**{"session.grace_s": 60})

What an option means and what it may be is the core's to say: it reads the file and the environment, as `mythosd` does,
and checks every value; this module carries its complaints. The typed tables are in settings_tables.py.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypedDict

from pydantic import model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from mythos import _core
from mythos.errors import ConfigError
from mythos.settings_tables import Table, Tables

TABLES = {row["name"].partition(".")[0] for row in _core.option_table() if "." in row["name"]}


def flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """`{"session": {"grace_s": 5}}` as `{"session.grace_s": 5}`; names with dots stay as they are."""
    out: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Table):
            value = value.model_dump(exclude_unset=True)
        if name in TABLES and isinstance(value, Mapping):
            out.update({f"{name}.{key}": each for key, each in value.items()})
        else:
            out[name] = value
    return out


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """The way back."""
    out: dict[str, Any] = {}
    for name, value in values.items():
        table, dot, key = name.partition(".")
        if dot:
            out.setdefault(table, {})[key] = value
        else:
            out[name] = value
    return out


def read_sources(config: str | Path | None, environment: Mapping[str, str] | None) -> dict[str, Any]:
    """What the TOML file and the environment say, by full names, as the core reads them. Raises ConfigError."""
    variables = os.environ if environment is None else environment
    values, complaints, _, _ = _core.read_sources(str(config or ""), dict(variables))
    if complaints:
        raise ConfigError(complaints)
    return values


def warnings_of(config: str | Path | None = None, environment: Mapping[str, str] | None = None) -> list[str]:
    """What the file and the environment seem to say and do not: unknown variables, options without an effect yet."""
    variables = os.environ if environment is None else environment
    _, _, warnings, _ = _core.read_sources(str(config or ""), dict(variables))
    return warnings


class Changed(TypedDict):
    """What `Server.reload` did, option by option: (name, old, new), as text."""

    live: list[tuple[str, str, str]]
    waits_for_restart: list[tuple[str, str, str]]


class Settings(BaseSettings, Tables):
    """Every option with its value, checked. Immutable; `changed` gives another one.

    `config` names the TOML file; without it the one that MYTHOS_CONFIG names is read, or mythos.toml if it is there.
    `environment` stands for the process's own. Raises ConfigError, which has every complaint.
    """

    model_config = SettingsConfigDict(extra="forbid", frozen=True)

    def __init__(
        self, config: str | Path | None = None, environment: Mapping[str, str] | None = None, **options: Any
    ) -> None:
        super().__init__(**nested(read_sources(config, environment) | flat(options)))

    @classmethod
    def only(cls, **options: Any) -> Settings:
        """Defaults and these options, whatever the file and the environment say."""
        return cls._of(flat(options))

    def changed(self, **options: Any) -> Settings:
        """The same with these options."""
        return self._of(self.values | flat(options))

    @classmethod
    def _of(cls, values: Mapping[str, Any]) -> Settings:
        made = cls.__new__(cls)
        BaseSettings.__init__(made, **nested(values))
        return made

    @property
    def values(self) -> dict[str, Any]:
        """Every option by its full name, in the table's order."""
        return flat(self.model_dump())

    @property
    def shown(self) -> dict[str, Any]:
        """The same without what is secret: for people."""
        secret = {row["name"] for row in _core.option_table() if row["secret"]}
        told = {name: "<secret>" if name in secret and value else value for name, value in self.values.items()}
        return told | {"store.url": _core.shown_store_url(self.store.url)}

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *_: Any, **__: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)  # the others are read by the core, for one way of reading them

    @model_validator(mode="before")
    @classmethod
    def _checked_by_the_core(cls, values: Any) -> Any:
        checked, complaints = _core.check_options(flat(values))
        if complaints:
            raise ConfigError(lines_of(complaints))
        return nested(checked)


def lines_of(complaints: Iterable[tuple[str, str]]) -> list[str]:
    """Each complaint as a line, the option before it."""
    return [f"{option}: {complaint}" if option else complaint for option, complaint in complaints]
