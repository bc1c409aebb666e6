"""The configuration: where it comes from, who wins, and that the core's word is the only one."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pydantic
import pytest

from mythos import ConfigError, Server, Settings, _core
from mythos.settings import flat

ROOT = Path(__file__).resolve().parents[2]
TABLE = _core.option_table()


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory without mythos.toml."""
    monkeypatch.chdir(tmp_path)


def complaints(**options: Any) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        Settings(environment={}, **options)
    return raised.value.complaints


def test_defaults_are_the_cores():
    assert Settings(environment={}).values == {row["name"]: row["default"] for row in TABLE}


def test_the_tables_in_the_tree_are_the_cores():
    render = runpy.run_path(str(ROOT / "bindings/generate_settings.py"))["render"]
    assert (ROOT / "python/mythos/settings_tables.py").read_text() == render(TABLE), "run `make reference`"


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["name"])
def test_every_option_has_its_field_with_the_cores_words(row: dict[str, Any]):
    model: Any = Settings
    for key in row["name"].split("."):
        field = model.model_fields[key]
        model = field.annotation
    assert field.get_default(call_default_factory=True) == row["default"]
    assert row["help"] in field.description


def test_keywords_win_over_the_environment_that_over_the_file_that_over_the_default(tmp_path: Path):
    file = tmp_path / "m.toml"
    file.write_text("[session]\ngrace_s = 1\nidle_timeout_s = 1\nsweep_interval_s = 1\n")
    environment = {"MYTHOS_SESSION_GRACE_S": "2", "CONNECTION_TIMEOUT": "2"}
    settings = Settings(file, environment, session={"grace_s": 3})
    assert settings.session.grace_s == 3
    assert settings.session.idle_timeout_s == 2, "the guide's name"
    assert settings.session.sweep_interval_s == 1
    assert settings.session.replaced_ids == 65_536


def test_the_process_has_an_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("MYTHOS_HTTP_ORIGINS", "https://a.example, https://b.example")
    assert Settings().http.origins == ["https://a.example", "https://b.example"]
    (tmp_path / "mythos.toml").write_text("heartbeat_ms = 500\n")
    assert Settings().heartbeat_ms == 500
    (tmp_path / "other.toml").write_text("heartbeat_ms = 600\n")
    monkeypatch.setenv("MYTHOS_CONFIG", "other.toml")
    assert Settings().heartbeat_ms == 600
    assert Settings.only().heartbeat_ms == 15_000, "only what is said"


def test_options_may_be_named_in_full_or_by_table():
    by_name = Settings.only(**{"session.grace_s": 5, "listen": "127.0.0.1:1"})
    by_table = Settings.only(session={"grace_s": 5}, listen="127.0.0.1:1")
    assert by_name == by_table == Settings.only(listen="127.0.0.1:1", session=by_name.session)
    assert by_name.values["session.grace_s"] == 5
    assert flat({"session": by_name.session})["session.grace_s"] == 5


def test_changed_keeps_the_rest():
    one = Settings.only(heartbeat_ms=500, session={"grace_s": 5})
    two = one.changed(session={"idle_timeout_s": 9})
    assert (two.heartbeat_ms, two.session.grace_s, two.session.idle_timeout_s) == (500, 5, 9)
    assert one.session.idle_timeout_s == 180
    with pytest.raises(pydantic.ValidationError):
        one.heartbeat_ms = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("options", "option", "word"),
    [
        ({"session": {"grace_s": -1}}, "session.grace_s", "0 to 86400"),
        ({"session": {"grace_s": "soon"}}, "session.grace_s", "not a text"),
        ({"session": {"grace_s": 1.5}}, "session.grace_s", "integer"),
        ({"session": {"grace_s": None}}, "session.grace_s", "integer"),
        ({"session": {"grace_s": 1 << 80}}, "session.grace_s", "integer"),
        ({"limits": {"limit_policy": "maybe"}}, "limits.limit_policy", "displace"),
        ({"http": {"origins": ["nonsense"]}}, "http.origins", "origins"),
        ({"http": {"origins": [1]}}, "http.origins", "origins"),
        ({"listen": "nowhere"}, "listen", "HOST:PORT"),
        ({"session": {"grce_s": 1}}, "session.grce_s", "did you mean session.grace_s?"),
        ({"grace_s": 1}, "grace_s", "did you mean session.grace_s?"),
        ({"session": 5}, "session", "unknown"),
    ],
)
def test_complaints_are_the_cores(options: dict[str, Any], option: str, word: str):
    (line,) = complaints(**options)
    assert line.startswith(f"{option}: ") and word in line


def test_all_complaints_come_at_once_and_name_their_place(tmp_path: Path):
    assert len(complaints(heartbeat_ms=1, session={"grace_s": -1})) == 2
    file = tmp_path / "m.toml"
    file.write_text("\n[session]\ngrace_s = -1\n")
    with pytest.raises(ConfigError) as raised:
        Settings(file, {"MYTHOS_HEARTBEAT_MS": "never"})
    first, second = raised.value.complaints
    assert first.startswith(f"{file}:3: session.grace_s: ")
    assert second.startswith("environment variable MYTHOS_HEARTBEAT_MS: heartbeat_ms: ")


def test_options_are_checked_together():
    (line,) = complaints(limits={"body_bytes": 1 << 20}, journal={"retention_bytes": 1 << 16})
    assert line.startswith("limits.body_bytes is above journal.retention_bytes")


def test_a_missing_file_is_a_complaint():
    with pytest.raises(ConfigError, match="cannot be read"):
        Settings("missing.toml")


def test_a_secret_is_not_shown() -> None:
    settings = Settings.only(store={"url": "postgresql://me:hunter2@db/game"})
    assert settings.store.url.endswith("@db/game")
    for shown in (repr(settings), str(settings), repr(settings.store), str(settings.store), f"{Server(settings)!r}"):
        assert "hunter2" not in shown
    with pytest.raises(ConfigError) as refused:
        Settings.only(store={"url": "mysql://me:hunter2@db/game"})
    assert "hunter2" not in f"{refused.value!r} {refused.value}"
