"""`mythos deploy`: the files of deploy/ with the names given, taken by those who read them, and never over others."""

from __future__ import annotations

import configparser
import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from mythos.alerts.notify.config_file import load_config
from mythos.alerts.rule_file import load_rule_files
from mythos.cli import app, exits
from mythos.cli.deploy import Names
from notify_answers import rows

DEPLOY = Path(__file__).parents[2] / "deploy"
FILES = sorted(
    path.relative_to(DEPLOY) for path in DEPLOY.rglob("*") if path.is_file() and "__pycache__" not in path.parts
)
OTHER = Names(
    servers=("one.test:8001", "two.test:8002"),
    job="game",
    external_url="https://game.test/live",
    prometheus="prometheus.test:9190",
    alertmanagers=("am-1.test:9193", "am-2.test:9194"),
    runbooks="https://books.test/run",
    webhook="https://hooks.test/in",
    smtp="mail.test:465",
    mail_from="game@mail.test",
    mail_critical="night@mail.test",
    mail_warning="day@mail.test",
    slack_channel="#nightly",
    slack_url_file="/run/secrets/slack",
    program="/srv/game/bin/mythos",
)
# As far from the examples as names may be.
UNUSUAL = Names(
    servers=("[::1]:8001", "two-b.game.test:443"),
    job="my-game.eu_1",
    external_url="https://game.test:8443/live/~one/",
    prometheus="[fe80::1]:9190",
    alertmanagers=("[::1]:9193",),
    runbooks="https://books.test/run/~me",
    webhook="https://hooks.test/in?a=b@c&d=%20",
    smtp="[::1]:465",
    mail_from="a.b+c@mail.test",
    slack_channel="#1.night_x",
    slack_url_file="/run/a@b/s",
)
ROWS = {row[0]: row for row in rows("id", "deployed with", "exit code", "says")}


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["deploy", *words], env={"COLUMNS": "300"})


def flags(names: Names) -> list[str]:
    found = []
    for name, value in vars(names).items():
        flag = f"--{name.replace('_', '-')}"
        for one in value if isinstance(value, tuple) else [value]:
            found += [flag.removesuffix("s") if isinstance(value, tuple) else flag, one]
    return found


def call(*command: str) -> str:
    called = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert called.returncode == 0, called.stdout + called.stderr
    return called.stdout


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With names that are all other than the examples."""
    assert not set(vars(OTHER).values()) & set(vars(Names()).values())
    directory = tmp_path_factory.mktemp("deploy") / "not" / "there"
    given = run(str(directory), *flags(OTHER))
    assert given.exit_code == exits.DONE, given.output
    return directory


def parsed(directory: Path, name: str) -> Any:
    return yaml.safe_load((directory / name).read_text())


def test_with_defaults_it_writes_what_the_repository_holds(tmp_path: Path):
    assert run(str(tmp_path)).exit_code == exits.DONE
    assert sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()) == FILES
    assert len(FILES) > 20
    assert all((tmp_path / file).read_bytes() == (DEPLOY / file).read_bytes() for file in FILES)


def test_no_example_is_left(others: Path):
    examples = [text for value in vars(Names()).values() for text in (value if isinstance(value, tuple) else [value])]
    examples.remove("mythos")
    examples += ["yourdomain.com", "example.com", 'job="mythos"', "job: mythos", "job_name: mythos", 'job = "mythos"']
    # Where the image has it, whatever the machine has.
    examples[examples.index("/opt/mythos/bin/mythos")] = "ExecStart=/opt/mythos"
    left = [
        f"{file}: {example}"
        for file in FILES
        for example in examples
        if file.suffix != ".md" and re.search(rf"(?<![\w.]){re.escape(example)}\b", (others / file).read_text())
    ]
    assert left == []


@pytest.mark.parametrize("names", [Names(), OTHER, UNUSUAL], ids=["examples", "others", "unusual"])
def test_who_reads_the_files_takes_them(tmp_path: Path, names: Names):
    """promtool and amtool, with the tests of the rules; the engine of the server, and its notifier."""
    assert run(str(tmp_path), *flags(names)).exit_code == exits.DONE
    rules, alertmanager = tmp_path / "rules", tmp_path / "alertmanager.yml"
    called = call("promtool", "check", "config", str(tmp_path / "prometheus.yml"))
    assert "2 rule files found" in called
    files = [rules / "mythos.yml", rules / "mythos_prometheus.yml"]
    assert call("promtool", "check", "rules", *map(str, files)).count("SUCCESS") == 2
    call("promtool", "test", "rules", str(rules / "mythos_test.yml"))
    assert load_rule_files(files)
    assert "3 receivers" in call("amtool", "check-config", str(alertmanager))
    (tmp_path / "slack_url").write_text("https://hooks.slack.test/services/T")
    (tmp_path / "ours.yml").write_text(alertmanager.read_text().replace(names.slack_url_file, "slack_url"))
    route = load_config(tmp_path / "ours.yml").route
    for severity, receiver in (("critical", "critical-alerts"), ("warning", "warning-alerts"), ("none", "web.hook")):
        config = f"--config.file={alertmanager}"
        assert call("amtool", "config", "routes", "test", config, f"severity={severity}").strip() == receiver
        assert [each.receiver for each in route.match({"severity": severity})] == [receiver]


def test_the_names_stand_in_their_places(others: Path):
    prometheus = parsed(others, "prometheus.yml")
    [scrape] = prometheus["scrape_configs"]
    assert scrape["job_name"] == OTHER.job and scrape["static_configs"] == [{"targets": [*OTHER.servers]}]
    [told] = prometheus["alerting"]["alertmanagers"]
    assert told["static_configs"] == [{"targets": [*OTHER.alertmanagers]}]
    alertmanager = parsed(others, "alertmanager.yml")
    assert alertmanager["global"] == {"smtp_smarthost": OTHER.smtp, "smtp_from": OTHER.mail_from}
    hook, critical, warning = alertmanager["receivers"]
    assert hook["webhook_configs"] == [{"url": OTHER.webhook}]
    assert critical["email_configs"][0]["to"] == OTHER.mail_critical
    assert warning["email_configs"][0]["to"] == OTHER.mail_warning
    [slack] = critical["slack_configs"]
    assert (slack["channel"], slack["api_url_file"]) == (OTHER.slack_channel, OTHER.slack_url_file)
    server = tomllib.loads((others / "mythos.toml").read_text())
    assert server["listen"] == server["alerts"]["instance"] == OTHER.servers[0]
    assert (server["alerts"]["job"], server["alerts"]["external_url"]) == (OTHER.job, OTHER.external_url)
    rules = [rule for group in parsed(others, "rules/mythos.yml")["groups"] for rule in group["rules"]]
    pages = {rule["annotations"]["runbook_url"] for rule in rules if "alert" in rule}
    assert all(page.startswith(f"{OTHER.runbooks}/") for page in pages) and len(pages) > 15
    [source] = parsed(others, "grafana/provisioning/datasources/mythos.yml")["datasources"]
    assert source["url"] == f"http://{OTHER.prometheus}"
    assert f"ExecStart={OTHER.program} serve --config" in (others / "mythos.service").read_text()


def test_the_external_url_is_the_servers_own_where_none_is_given(tmp_path: Path):
    assert run(str(tmp_path), "--server", "one.test:8001").exit_code == exits.DONE
    assert 'external_url = "http://one.test:8001"' in (tmp_path / "mythos.toml").read_text()


def test_a_name_may_be_the_example_of_another(tmp_path: Path):
    words = ("--mail-critical", "dev-team@yourdomain.com", "--mail-warning", "admin@yourdomain.com")
    assert run(str(tmp_path), *words).exit_code == exits.DONE
    _, critical, warning = parsed(tmp_path, "alertmanager.yml")["receivers"]
    assert critical["email_configs"][0]["to"] == "dev-team@yourdomain.com"
    assert warning["email_configs"][0]["to"] == "admin@yourdomain.com"


def test_what_is_the_same_is_no_obstacle_and_force_overwrites(tmp_path: Path):
    assert run(str(tmp_path)).exit_code == exits.DONE
    assert run(str(tmp_path)).exit_code == exits.DONE
    (tmp_path / "mythos.toml").write_text("mine")
    assert run(str(tmp_path)).exit_code == exits.FAILED
    assert (tmp_path / "mythos.toml").read_text() == "mine"
    assert run(str(tmp_path), "--force").exit_code == exits.DONE
    assert (tmp_path / "mythos.toml").read_bytes() == (DEPLOY / "mythos.toml").read_bytes()


REFUSED: dict[str, list[str]] = {
    "deploy-there": ["there"],
    "deploy-below-file": ["file/below"],
    "deploy-into-file": ["file"],
    "deploy-no-port": ["new", "--server", "game.test"],
    "deploy-port": ["new", "--prometheus", "game.test:65536"],
    "deploy-url": ["new", "--runbooks", "ftp://docs.test"],
    "deploy-url-query": ["new", "--external-url", "https://game.test/?a=b"],
    "deploy-url-quote": ["new", "--webhook", "http://hooks.test/'"],
    "deploy-job": ["new", "--job", "my game"],
    "deploy-job-yaml": ["new", "--job", "true"],
    "deploy-mail": ["new", "--mail-from", "ann"],
    "deploy-path": ["new", "--program", "bin/mythos"],
}


@pytest.mark.parametrize("row", sorted(ROWS.keys() | REFUSED.keys()))
def test_what_is_refused(tmp_path: Path, row: str):
    _, _, code, says = ROWS[row]
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mythos.toml").write_text("mine")
    (tmp_path / "file").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    directory, *words = REFUSED[row]
    given = run(str(tmp_path / directory), *words)
    assert given.exit_code == int(code)
    assert says in " ".join(given.stderr.split())
    assert sorted(tmp_path.rglob("*")) == before


# What no promtool reads.


@pytest.mark.parametrize("names", [OTHER, UNUSUAL], ids=["others", "unusual"])
def test_the_server_takes_its_configuration(tmp_path: Path, names: Names):
    """With the rules where they are here, and not yet in /etc."""

    def check(directory: Path, *words: str) -> str:
        rules = json.dumps([str(directory / "rules" / "mythos.yml")])
        given = CliRunner().invoke(
            app,
            ["check-config", "--config", str(directory / "mythos.toml"), "--set", f"alerts.rules={rules}", *words],
        )
        assert given.exit_code == exits.DONE, given.output
        return str(given.output)

    assert run(str(tmp_path), *flags(names)).exit_code == exits.DONE
    shown = check(tmp_path, "--listen", "localhost:0")
    assert f'alerts.job = "{names.job}"' in shown and f'instance = "{names.servers[0]}"' in shown
    check(DEPLOY)  # the examples as they are


def test_the_compose_file_mounts_what_is_there():
    compose = parsed(DEPLOY, "docker-compose.yml")
    assert set(compose["services"]) == {"mythos", "prometheus", "alertmanager", "grafana"}
    for name, service in compose["services"].items():
        assert service["network_mode"] == "host" and service["restart"] == "unless-stopped", name
        assert service["cap_drop"] == ["ALL"] and service["read_only"] is True
        assert re.fullmatch(r"mythos|[a-z]+/[a-z]+:v?\d+\.\d+\.\d+", service["image"])
        for volume in service["volumes"]:
            source, _, target = re.fullmatch(r"(\$\{.*\}|[^:]+)(:)(/[^:]+)(?::ro)?", volume).groups()  # type: ignore[union-attr]
            assert target.startswith("/")
            assert source.startswith("${") or source in compose["volumes"] or (DEPLOY / source).exists(), volume
    assert set(compose["volumes"]) == {"mythos", "prometheus", "alertmanager", "grafana"}
    build = compose["services"]["mythos"]["build"]
    assert build == {"context": "${MYTHOS_SOURCE:-..}", "dockerfile": "deploy/Dockerfile"}


def test_the_builder_gets_what_the_package_is_built_from():
    repository = DEPLOY.parent
    kept = re.findall(r"^!(.+)$", (DEPLOY / "Dockerfile.dockerignore").read_text(), re.M)
    assert not [name for name in kept if not (repository / name).exists()]
    project = tomllib.loads((repository / "pyproject.toml").read_text())
    assert {*project["tool"]["scikit-build"]["sdist"]["include"], "CMakeLists.txt", "LICENSE", "Makefile"} <= {*kept}
    assert "COPY --from=build /opt/mythos /opt/mythos" in (DEPLOY / "Dockerfile").read_text()


def test_systemd_takes_the_unit(tmp_path: Path):
    """By its own checker, where the machine has systemd; a program that is there stands in for the server's."""
    program = shutil.which("true")
    assert program
    assert run(str(tmp_path), "--program", program).exit_code == exits.DONE
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(tmp_path / "mythos.service")
    assert unit.sections() == ["Unit", "Service", "Install"]
    service = dict(unit["Service"])
    assert service["ExecStart"].startswith(f"{program} serve --config /etc/mythos/mythos.toml")
    hardened = (
        "DynamicUser",
        "NoNewPrivileges",
        "PrivateTmp",
        "ProtectHome",
        "ProtectKernelTunables",
        "RestrictSUIDSGID",
    )
    assert {service[name] for name in hardened} == {"yes"} and service["ProtectSystem"] == "strict"
    if analyze := shutil.which("systemd-analyze"):
        call(analyze, "verify", "--man=no", os.fspath(tmp_path / "mythos.service"))
