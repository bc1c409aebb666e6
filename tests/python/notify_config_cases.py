"""For each row of `In alertmanager.yml` in docs/reference/answers.md: the file, and the line that is complained of."""

from __future__ import annotations

OPS = "route: {receiver: ops}\nreceivers:\n"


def receiver(fields: str) -> tuple[str, int]:
    """One receiver with these fields, which are on the fourth line."""
    return f"{OPS}- name: ops\n  {fields}\n", 4


def root(fields: str) -> tuple[str, int]:
    return f"route: {{{fields}}}\nreceivers:\n- name: ops\n", 1


def below(fields: str) -> tuple[str, int]:
    return f"route:\n  receiver: ops\n  routes:\n  - {{{fields}}}\nreceivers:\n- name: ops\n", 4


URL = "https://hooks.example.org/s3cr3t"
CASES: dict[str, tuple[str, int]] = {
    "am-no-yaml": ("route: {receiver: ops\n", 2),
    "am-no-table": ("- route\n", 1),
    "am-no-route": ("receivers:\n- name: ops\n", 1),
    "am-no-receiver": root("group_by: [job]"),
    "am-unknown-receiver": below("receiver: nobody"),
    "am-twice": (f"{OPS}- name: ops\n- name: ops\n", 4),
    "am-root-matchers": root("receiver: ops, matchers: [a=b]"),
    "am-root-continue": root("receiver: ops, continue: true"),
    "am-unknown-field": below("receivers: ops"),
    "am-twice-field": ("route:\n  receiver: ops\n  receiver: ops\nreceivers:\n- name: ops\n", 3),
    "am-integration": receiver("pagerduty_configs: [{routing_key: s3cr3t}]"),
    "am-time-intervals": ("time_intervals: []\n" + OPS + "- name: ops\n", 1),
    "am-mute-times": below("mute_time_intervals: [night]"),
    "am-matcher": below("matchers: ['severity:critical']"),
    "am-matcher-regex": below("matchers: ['severity=~\"(?=c)critical\"']"),
    "am-duration": root("receiver: ops, group_wait: 5 minutes"),
    "am-zero-interval": root("receiver: ops, group_interval: 0s"),
    "am-group-by": root("receiver: ops, group_by: [alert-name]"),
    "am-group-by-all": root("receiver: ops, group_by: ['...', job]"),
    "am-url": receiver("webhook_configs: [{url: YOUR_WEBHOOK_s3cr3t}]"),
    "am-url-password": receiver("webhook_configs: [{url: 'https://user:s3cr3t#s@hooks.example.org/'}]"),
    "am-no-url": receiver("webhook_configs: [{send_resolved: true}]"),
    "am-secret-file": receiver("slack_configs: [{api_url_file: gone}]"),
    "am-secret-empty": receiver(
        "email_configs: [{to: a@b.c, from: a@b.c, smarthost: 'm:25', auth_username: u, auth_password_file: empty}]"
    ),
    "am-secret-variable": receiver("webhook_configs: [{url: 'https://hooks.example.org/${MYTHOS_TEST_UNSET}'}]"),
    "am-two-secrets": receiver(f"webhook_configs: [{{url: '{URL}', url_file: empty}}]"),
    "am-redirects": receiver(f"webhook_configs: [{{url: '{URL}', http_config: {{follow_redirects: true}}}}]"),
    "am-proxy": receiver(f"webhook_configs: [{{url: '{URL}', http_config: {{proxy_url: 'http://p'}}}}]"),
    "am-oauth2": receiver(f"webhook_configs: [{{url: '{URL}', http_config: {{oauth2: {{client_secret: s3cr3t}}}}}}]"),
    "am-subject": receiver("email_configs: [{to: a@b.c, from: a@b.c, smarthost: 'm:25', subject: Alert}]"),
    "am-smarthost": receiver("email_configs: [{to: a@b.c, from: a@b.c, smarthost: mail}]"),
    "am-no-password": receiver("email_configs: [{to: a@b.c, from: a@b.c, smarthost: 'm:25', auth_username: u}]"),
    "am-template": receiver(f"slack_configs: [{{api_url: '{URL}', title: '{{{{ range }}}}'}}]"),
    "am-template-file": ("templates: [gone.tmpl]\n" + OPS + "- name: ops\n", 1),
    "am-apprise": receiver("apprise_configs: [{url: 'json://user:s3cr3t@example.org'}]"),
}
