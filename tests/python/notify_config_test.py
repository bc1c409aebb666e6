"""The configuration file: what it says, what is refused and how, and that no secret is seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from mythos.alerts.notify.config import Email, Slack, Webhook
from mythos.alerts.notify.config_file import load_config
from mythos.alerts.notify.rendering import Renderer
from mythos.alerts.notify.secret import Secret, SecretMissing
from mythos.errors import ConfigError
from notify_answers import rows
from notify_config_cases import CASES

DEPLOYED = Path(__file__).resolve().parents[2] / "deploy" / "alertmanager.yml"
ROWS = rows("id", "written", "says")


def load(directory: Path, text: str):
    file = directory / "alertmanager.yml"
    file.write_text(text)
    return load_config(file, lambda text, name, files: Renderer(files).check(text, name))


def test_every_row_has_its_case_and_every_case_its_row():
    assert [row[0] for row in ROWS if row[0] != "am-no-file"] == list(CASES)


@pytest.mark.parametrize("row", [row for row in ROWS if row[0] in CASES], ids=lambda row: row[0])
def test_what_is_refused_is_told_with_its_line_and_without_secrets(tmp_path, row, monkeypatch):
    monkeypatch.setattr("mythos.alerts.notify.config_receivers.find_spec", lambda _: None)  # no Apprise
    (tmp_path / "empty").touch()
    id, _, says = row
    text, line = CASES[id]
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, text)
    assert any(
        each.startswith(f"{tmp_path}/alertmanager.yml:{line}: ") and says in each for each in refused.value.complaints
    ), refused.value.complaints
    assert "s3cr3t" not in str(refused.value)


def test_a_file_that_is_not_there_is_told(tmp_path):
    says = next(says for id, _, says in ROWS if id == "am-no-file")
    with pytest.raises(ConfigError, match=says):
        load_config(tmp_path / "gone.yml")


def test_everything_that_is_wrong_is_told_at_once(tmp_path):
    text = CASES["am-url"][0].replace("receiver: ops", "receiver: nobody, group_wait: soon")
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, text)
    assert len(refused.value.complaints) == 3


def test_the_guides_own_file_is_refused_with_what_to_write_instead(tmp_path):
    text = """
global: {smtp_smarthost: 'localhost:587', smtp_from: 'alerts@yourdomain.com'}
route: {receiver: critical-alerts, routes: [{match: {severity: critical}, receiver: critical-alerts}]}
receivers:
- name: critical-alerts
  email_configs:
  - to: 'admin@yourdomain.com'
    subject: 'CRITICAL: {{ .GroupLabels.alertname }}'
    body: '{{ range .Alerts }}Alert: {{ .Annotations.summary }}{{ end }}'
  slack_configs:
  - {api_url: 'YOUR_SLACK_WEBHOOK_URL', channel: '#alerts'}
"""
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, text)
    told = [complaint.partition("alertmanager.yml:")[2].split(": ")[:2] for complaint in refused.value.complaints]
    assert told == [
        ["11", "receivers[0].slack_configs[0].api_url"],
        ["8", "receivers[0].email_configs[0].subject"],
        ["9", "receivers[0].email_configs[0].body"],
    ]


def test_the_deployed_file_loads_with_its_secret(tmp_path):
    (tmp_path / "slack_url").write_text("https://hooks.slack.test/services/s3cr3t\n")
    config = load(tmp_path, DEPLOYED.read_text().replace("/etc/alertmanager/slack_url", "slack_url"))
    critical = config.receivers["critical-alerts"].integrations
    slack, email = (next(each for each in critical if isinstance(each, kind)) for kind in (Slack, Email))
    assert slack.api_url.reveal() == "https://hooks.slack.test/services/s3cr3t"
    assert (email.host, email.port, email.require_tls, email.send_resolved) == ("localhost", 587, True, True)
    assert config.route.routes[0].repeat_interval_s == 3_600 and config.route.routes[1].repeat_interval_s == 14_400


def test_secrets_come_from_files_and_variables_and_are_never_seen(tmp_path, monkeypatch):
    monkeypatch.setenv("MYTHOS_TEST_TOKEN", "t0ken")
    (tmp_path / "password").write_text(" pa55word\n")
    config = load(
        tmp_path,
        """
global: {http_config: {authorization: {credentials_file: password}}}
route: {receiver: ops}
receivers:
- name: ops
  webhook_configs:
  - {url: 'https://example.org/${MYTHOS_TEST_TOKEN}'}
  - {url: 'https://example.org/x', http_config: {basic_auth: {username: me, password: pl4in}}}
""",
    )
    first, second = config.receivers["ops"].integrations
    assert isinstance(first, Webhook) and isinstance(second, Webhook)
    assert first.url.reveal() == "https://example.org/t0ken"
    assert first.http.authorization is not None and first.http.authorization[1].reveal() == "pa55word"
    assert second.http.basic_auth is not None and second.http.basic_auth[1].reveal() == "pl4in"
    for text in (repr(config), str(config), str(first.url), f"{first.url!r}"):
        assert not any(secret in text for secret in ("t0ken", "pa55word", "pl4in"))
    (tmp_path / "password").unlink()
    with pytest.raises(SecretMissing, match="cannot be read"):
        first.http.authorization[1].reveal()
    assert str(Secret("x")) == "<secret>"


def test_template_files_define_what_receivers_use(tmp_path):
    (tmp_path / "a.tmpl").write_text('outside {{ define "mine" }}{{ .Status }}{{ end }}')
    config = load(
        tmp_path,
        """
templates: ['*.tmpl']
route: {receiver: ops}
receivers: [{name: ops, slack_configs: [{api_url: 'https://example.org/x', title: '{{ template "mine" . }}'}]}]
""",
    )
    assert Renderer(config.templates).render('{{ template "mine" . }}', "title", {"Status": "firing"}) == "firing"
