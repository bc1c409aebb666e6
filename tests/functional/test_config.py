"""Configuration: faults named by file, line and key; the environment and `--help`; no open door by accident."""

import pytest

from mythosd import run_to_end

FAULTS = {
    "unknown key": ('log.level = "INFO"\nlimits.conections = 5\n', 2, "limits.conections"),
    "unknown table": ("[nonsense]\nkey = 1\n", None, "nonsense"),
    "wrong type": ('[limits]\n# a comment\nconnections_per_player = "four"\n', 3, "limits.connections_per_player"),
    "out of range": ("[limits]\nconnections_per_player = 0\n", 2, "limits.connections_per_player"),
    "negative": ("\n\nheartbeat_ms = -5\n", 3, "heartbeat_ms"),
    "not a choice": ('[session]\nslow_reader = "forgive"\n', 2, "session.slow_reader"),
    "not a number": ("[session]\ngrace_s = nan\n", 2, "session.grace_s"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_by_file_line_and_key(tmp_path, fault):
    text, line, key = FAULTS[fault]
    file = tmp_path / "faulty.toml"
    file.write_text(text)
    ended = run_to_end("--listen", "127.0.0.1:0", "--config", str(file))
    said = ended.stderr + ended.stdout
    assert ended.returncode not in (0, -6, -11), said
    assert "faulty.toml" in said and key in said, said
    if line is not None:
        assert f"faulty.toml:{line}" in said or f"line {line}" in said, said


def test_bad_toml_is_named_by_file_and_line(tmp_path):
    file = tmp_path / "broken.toml"
    file.write_text("heartbeat_ms = 5000\nlimits = [[\n")
    ended = run_to_end("--config", str(file))
    assert ended.returncode > 0
    said = ended.stderr + ended.stdout
    assert "broken.toml" in said and ("broken.toml:2" in said or "broken.toml:3" in said or "line " in said), said


def test_a_missing_file_is_named(tmp_path):
    ended = run_to_end("--config", str(tmp_path / "absent.toml"))
    assert ended.returncode > 0 and "absent.toml" in ended.stderr + ended.stdout


@pytest.mark.parametrize(
    "name,option",
    [
        ("MAX_CONNECTIONS_PER_PLAYER", "limits.connections_per_player"),
        ("MYTHOS_LIMITS_CONNECTIONS_PER_PLAYER", "limits.connections_per_player"),
    ],
)
def test_a_fault_in_the_environment_is_named(name, option):
    ended = run_to_end("--listen", "127.0.0.1:0", **{name: "many"})
    said = ended.stderr + ended.stdout
    assert ended.returncode > 0 and name in said, said


@pytest.mark.parametrize(
    "text,line", [('[auth]\nmode = "none"\n\n[drain]\nspread_ms = 60000\n', 5), ('\nlisten = "0.0.0.0:0"\n', 2)]
)
def test_a_fault_of_options_together_is_named_by_file_and_line(tmp_path, text, line):
    file = tmp_path / "apart.toml"
    file.write_text(text)
    ended = run_to_end("--config", str(file))
    assert ended.returncode > 0
    assert f"apart.toml:{line}: " in ended.stderr, ended.stderr


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "[::]:0", "192.0.2.1:9100"])
def test_off_loopback_monitoring_needs_authentication_too(listen):
    ended = run_to_end("--listen", "127.0.0.1:0", METRICS_PORT=listen)
    assert ended.returncode > 0 and f"monitor.listen is {listen}" in ended.stderr and "auth.mode" in ended.stderr


def test_an_argument_behind_a_flags_value_is_refused():
    ended = run_to_end("--listen", "127.0.0.1:0", "serve")
    assert ended.returncode > 0 and "unexpected argument serve" in ended.stderr, ended.stderr


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"])
def test_off_loopback_needs_authentication(listen):
    """Nothing is bound: the refusal comes before any socket."""
    ended = run_to_end("--listen", listen)
    said = (ended.stderr + ended.stdout).lower()
    assert ended.returncode > 0 and "auth.mode" in said, said


@pytest.mark.parametrize("listen", ["nonsense", "127.0.0.1", "127.0.0.1:port", "127.0.0.1:70000", ""])
def test_a_faulty_address_is_refused(listen):
    ended = run_to_end("--listen", listen)
    assert ended.returncode > 0 and "listen" in (ended.stderr + ended.stdout).lower()


def test_an_unknown_flag_is_refused():
    assert run_to_end("--nonsense").returncode > 0


def test_help_names_the_options_and_their_defaults():
    ended = run_to_end("--help")
    assert ended.returncode == 0
    for word in (
        "--listen",
        "--config",
        "heartbeat_ms",
        "limits.connections_per_player",
        "session.grace_s",
        "journal.retention_entries",
        "MAX_CONNECTIONS_PER_PLAYER",
        "127.0.0.1:8000",
    ):
        assert word in ended.stdout, word


def test_an_address_in_use_is_told(server):
    ended = run_to_end("--listen", f"127.0.0.1:{server.port}")
    assert ended.returncode > 0 and str(server.port) in ended.stderr + ended.stdout
