"""The templates that a configuration may use without a template file, by the names that Alertmanager gives them."""

from __future__ import annotations

from pathlib import Path

DEFINITIONS = Path(__file__).with_name("default.tmpl").read_text(encoding="utf-8")
