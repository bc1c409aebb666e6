"""Writes python/mythos/settings_tables.py from the core's table of options: `python bindings/generate_settings.py`.

The model stands in the tree as source, so that type checkers and editors know every option; a test fails while it
differs from the table.
"""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

from mythos import _core

HEAD = '''"""The options as typed tables; made by bindings/generate_settings.py from the core's own table."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Table(BaseModel):
    """Some options that belong together."""

    model_config = ConfigDict(extra="forbid", frozen=True)

'''
TARGET = Path(__file__).resolve().parents[1] / "python" / "mythos" / "settings_tables.py"


def type_name(default: Any) -> str:
    return "list[str]" if isinstance(default, list) else type(default).__name__


def default_text(default: Any) -> str:
    if isinstance(default, str):
        return f'"{default}"'
    return f"{default:_}" if type(default) is int else repr(default)


def field(row: dict[str, Any]) -> str:
    key = row["name"].rpartition(".")[2]
    kind, default = type_name(row["default"]), default_text(row["default"])
    start = f"default={default}"
    if kind == "list[str]":
        start = f"default_factory=lambda: {json.dumps(row['default'])}" if row["default"] else "default_factory=list"
    if row["secret"]:
        start += ",\n        repr=False"
    help = " ".join(part for part in (row["help"], f"({row['expected']})" if row["expected"] else "") if part)
    lines = [help] if len(help) <= 97 else textwrap.wrap(help, 94, drop_whitespace=False)
    if len(lines) == 1 and len(lines[0]) + len(key) + len(kind) + len(start) < 85:
        return f'    {key}: {kind} = Field({start}, description="{lines[0]}")\n'
    quoted = "\n".join(f'        "{line}"' for line in lines)
    return f"    {key}: {kind} = Field(\n        {start},\n        description={quoted.strip()},\n    )\n"


def render(table: list[dict[str, Any]]) -> str:
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in table:
        groups.setdefault(row["name"].rpartition(".")[0], []).append(row)
    out = HEAD
    for name, rows in groups.items():
        if name:
            out += (
                f'\nclass {name.capitalize()}Table(Table):\n    """`{name}.*`"""\n\n' + "".join(map(field, rows)) + "\n"
            )
    out += '\nclass Tables(Table):\n    """All options."""\n\n' + "".join(map(field, groups.pop("")))
    for name in groups:
        out += f"    {name}: {name.capitalize()}Table = Field(default_factory={name.capitalize()}Table)\n"
    return out


if __name__ == "__main__":
    TARGET.write_text(render(_core.option_table()))
