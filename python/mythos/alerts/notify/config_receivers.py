"""The receivers of a configuration file and the defaults that its `global` gives them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec

from mythos.alerts.durations import parse_duration
from mythos.alerts.notify.config import AppriseTarget, Email, Http, Integration, Receiver, Slack, Tls, Webhook
from mythos.alerts.notify.receiver_url import check_url
from mythos.alerts.notify.secret import Secret
from mythos.alerts.notify.yaml_tables import Table

SMTPS_PORT = 465

_OTHERS = {
    **dict.fromkeys(("discord", "incidentio", "jira", "mattermost", "msteams", "msteamsv2", "opsgenie"), ""),
    **dict.fromkeys(("pagerduty", "pushover", "rocketchat", "sns", "telegram", "victorops", "webex", "wechat"), ""),
}
_RECEIVER_ADVICE = {
    f"{name}_configs": f"{name} is not supported here; write webhook_configs, or apprise_configs with the URL that "
    f"Apprise has for it, or send to an Alertmanager (alertmanagers), which has {name}_configs"
    for name in _OTHERS
}
_HTTP_ADVICE = {
    "oauth2": "is not supported here; write authorization with credentials_file",
    "bearer_token": "write authorization: {credentials: …} instead",
    "bearer_token_file": "write authorization: {credentials_file: …} instead",
    **dict.fromkeys(
        ("proxy_url", "proxy_from_environment", "no_proxy", "proxy_connect_header"),
        "proxies are not supported here, because the address that is connected to is checked; leave it out",
    ),
}
_GLOBAL_ADVICE = dict.fromkeys(
    ("smtp_auth_secret", "smtp_auth_secret_file", "smtp_auth_identity"),
    "is not supported here; write smtp_auth_username with smtp_auth_password_file",
)
_EMAIL_ADVICE = {
    **dict.fromkeys(
        ("auth_secret", "auth_secret_file", "auth_identity"),
        "is not supported here; write auth_username with auth_password_file",
    ),
    "subject": "is not known to Alertmanager either; write headers: {Subject: …}",
    "body": "is not known to Alertmanager either; write text or html",
}
_SLACK_TEXTS = {
    "channel": "",
    "username": '{{ template "slack.default.username" . }}',
    "color": '{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}',
    "title": '{{ template "slack.default.title" . }}',
    "title_link": '{{ template "slack.default.titlelink" . }}',
    "pretext": '{{ template "slack.default.pretext" . }}',
    "text": '{{ template "slack.default.text" . }}',
    "fallback": '{{ template "slack.default.fallback" . }}',
    "callback_id": '{{ template "slack.default.callbackid" . }}',
    "footer": '{{ template "slack.default.footer" . }}',
    "icon_emoji": '{{ template "slack.default.iconemoji" . }}',
    "icon_url": '{{ template "slack.default.iconurl" . }}',
    "image_url": "",
    "thumb_url": "",
}


@dataclass(frozen=True)
class Shared:
    """What `global` says."""

    http: Http = field(default_factory=Http)
    slack_api_url: Secret | None = None
    smtp_smarthost: str = ""
    smtp_from: str = ""
    smtp_hello: str = "localhost"
    smtp_username: str = ""
    smtp_password: Secret | None = None
    smtp_require_tls: bool = True
    smtp_tls: Tls = field(default_factory=Tls)


def read_global(table: Table | None, top: Table) -> Shared:
    if table is None:
        return Shared()
    table.parsed("resolve_timeout", parse_duration, 0.0)  # every alert of ours says when it ends
    shared = Shared(
        http=_http(table, Http()),
        slack_api_url=table.secret("slack_api_url", check_url),
        smtp_smarthost=table.text("smtp_smarthost"),
        smtp_from=table.text("smtp_from"),
        smtp_hello=table.text("smtp_hello", "localhost"),
        smtp_username=table.text("smtp_auth_username"),
        smtp_password=table.secret("smtp_auth_password"),
        smtp_require_tls=table.flag("smtp_require_tls", True),
        smtp_tls=_tls(table.table("smtp_tls_config")),
    )
    for name in ("pagerduty_url", "opsgenie_api_url", "wechat_api_url", "victorops_api_url", "telegram_api_url"):
        table.take(name)  # defaults of integrations that a receiver would have to name
    table.end(_GLOBAL_ADVICE)
    return shared


class ReceiverReader:
    """Reads receivers; `check_template` raises ValueError for a text that is no template."""

    def __init__(self, shared: Shared, check_template: Callable[[str, str], None]) -> None:
        self._shared, self._check_template = shared, check_template

    def read(self, table: Table) -> Receiver:
        name = table.text("name")
        if not name:
            table.complain("name", "a receiver has a name")
        integrations: list[Integration] = []
        for kind, read in (
            ("webhook", self._webhook),
            ("slack", self._slack),
            ("email", self._email),
            ("apprise", self._apprise),
        ):
            for index, each in enumerate(table.tables(f"{kind}_configs")):
                integration = read(each, index)
                if integration is not None:
                    integrations.append(integration)
        table.end(_RECEIVER_ADVICE)
        return Receiver(name, tuple(integrations))

    def _webhook(self, table: Table, index: int) -> Webhook | None:
        url = table.secret("url", check_url)
        if url is None:
            table.complain("url", "a webhook has a url or a url_file")
        webhook = Webhook(
            kind="webhook",
            index=index,
            line=table.line,
            send_resolved=table.flag("send_resolved", True),
            url=url or Secret(),
            http=_http(table, self._shared.http),
            max_alerts=table.parsed("max_alerts", _count, 0),
            timeout_s=table.parsed("timeout", parse_duration, 0.0),
        )
        table.end()
        return webhook

    def _slack(self, table: Table, index: int) -> Slack | None:
        api_url = table.secret("api_url", check_url) or self._shared.slack_api_url
        if api_url is None:
            table.complain(
                "api_url", "a slack receiver has an api_url or api_url_file, here or as global slack_api_url"
            )
        slack = Slack(
            kind="slack",
            index=index,
            line=table.line,
            send_resolved=table.flag("send_resolved", False),
            api_url=api_url or Secret(),
            http=_http(table, self._shared.http),
            texts={name: self._template(table, name, default) for name, default in _SLACK_TEXTS.items()},
            link_names=table.flag("link_names", False),
            mrkdwn_in=tuple(text for _, text in table.texts("mrkdwn_in")) or ("fallback", "pretext", "text"),
            fields=self._slack_fields(table),
            actions=tuple(self._slack_action(each) for each in table.tables("actions")),
        )
        table.end({"app_token": "is not supported here; write the api_url of an incoming webhook"})
        return slack

    def _slack_fields(self, table: Table) -> tuple[dict[str, str | bool], ...]:
        short = table.flag("short_fields", False)
        fields: list[dict[str, str | bool]] = []
        for each in table.tables("fields"):
            texts = self._required(each, "title", "value")
            fields.append({**texts, "short": each.flag("short", short)})
            each.end()
        return tuple(fields)

    def _slack_action(self, table: Table) -> dict[str, str | dict[str, str]]:
        texts: dict[str, str | dict[str, str]] = {**self._required(table, "type", "text")}
        for name in ("url", "style", "name", "value"):
            texts[name] = self._template(table, name, "")
        confirm = table.table("confirm")
        if not texts["url"] and not texts["name"]:
            table.complain("url", "an action has a url or a name")
        if texts["url"]:
            texts |= {"name": "", "value": ""}
        elif confirm is not None:
            optional = {name: self._template(confirm, name, "") for name in ("title", "ok_text", "dismiss_text")}
            texts["confirm"] = {**self._required(confirm, "text"), **optional}
            confirm.end()
        table.end()
        return texts

    def _email(self, table: Table, index: int) -> Email | None:
        shared = self._shared
        headers: dict[str, str] = {}
        for name, text in table.pairs("headers").items():
            canonical = "-".join(word.capitalize() for word in name.split("-"))
            if canonical in headers:
                table.complain("headers", f"the header {canonical} is there twice")
            headers[canonical] = text
            self._check(table, "headers", text)
        sender, to = table.text("from") or shared.smtp_from, table.text("to")
        smarthost = table.text("smarthost") or shared.smtp_smarthost
        for name, text in (("to", to), ("from", sender), ("smarthost", smarthost)):
            if not text:
                table.complain(
                    name, f"an email has {name}, here or as global smtp_{name}".replace(" as global smtp_to", "")
                )
        host, port = _host_and_port(table, smarthost)
        password = table.secret("auth_password") or shared.smtp_password
        email = Email(
            kind="email",
            index=index,
            line=table.line,
            send_resolved=table.flag("send_resolved", False),
            to=to,
            sender=sender,
            host=host,
            port=port,
            hello=table.text("hello") or shared.smtp_hello,
            username=table.text("auth_username") or shared.smtp_username,
            password=password,
            headers={"Subject": '{{ template "email.default.subject" . }}', "To": to, "From": sender, **headers},
            html=self._template(table, "html", '{{ template "email.default.html" . }}'),
            text=self._template(table, "text", ""),
            tls_at_once=port == SMTPS_PORT,
            require_tls=table.flag("require_tls", shared.smtp_require_tls),
            tls=_tls(table.table("tls_config")) if table.has("tls_config") else shared.smtp_tls,
        )
        if email.username and email.password is None:
            table.complain("auth_password", "a user name without a password; write auth_password_file")
        table.end(_EMAIL_ADVICE)
        return email

    def _apprise(self, table: Table, index: int) -> AppriseTarget | None:
        url = table.secret("url")
        if url is None:
            table.complain("url", "an apprise receiver has a url or a url_file")
        if find_spec("apprise") is None:
            table.complain("url", "Apprise is not installed: pip install 'mythos[apprise]'")
        target = AppriseTarget(
            kind="apprise",
            index=index,
            line=table.line,
            send_resolved=table.flag("send_resolved", True),
            url=url or Secret(),
            title=self._template(table, "title", '{{ template "email.default.subject" . }}'),
            body=self._template(table, "body", '{{ template "mythos.default.text" . }}'),
        )
        table.end()
        return target

    def _required(self, table: Table, *names: str) -> dict[str, str]:
        texts = {name: self._template(table, name, "") for name in names}
        for name, text in texts.items():
            if not text:
                table.complain(name, "is missing")
        return texts

    def _template(self, table: Table, name: str, default: str) -> str:
        text = table.text(name, default)
        self._check(table, name, text)
        return text

    def _check(self, table: Table, name: str, text: str) -> None:
        try:
            self._check_template(text, f"{table.where}.{name}")
        except ValueError as error:
            table.complain(name, str(error))


def _http(table: Table, default: Http) -> Http:
    given = table.table("http_config")
    if given is None:
        return default
    basic_auth = authorization = None
    if (basic := given.table("basic_auth")) is not None:
        basic_auth = basic.text("username"), basic.secret("password") or Secret()
        basic.end({"username_file": "write the user's name as username"})
    if (bearer := given.table("authorization")) is not None:
        authorization = bearer.text("type", "Bearer"), bearer.secret("credentials") or Secret()
        bearer.end()
    if basic_auth and authorization:
        given.complain("authorization", "either this or basic_auth")
    if given.flag("follow_redirects", False):
        given.complain(
            "follow_redirects", "redirects are never followed here; leave it out, and write the last address"
        )
    given.take("enable_http2")
    http = Http(basic_auth, authorization, _tls(given.table("tls_config")))
    given.end(_HTTP_ADVICE)
    return http


def _tls(table: Table | None) -> Tls:
    if table is None:
        return Tls()
    files = {name: table.file(name) for name in ("ca_file", "cert_file", "key_file")}
    for name, file in files.items():
        if file is not None and not file.is_file():
            table.complain(name, f"there is no file {file}")
    if (files["cert_file"] is None) != (files["key_file"] is None):
        table.complain("cert_file", "cert_file and key_file belong together")
    tls = Tls(
        server_name=table.text("server_name"),
        insecure_skip_verify=table.flag("insecure_skip_verify", False),
        **files,
    )
    table.end({"ca": "write ca_file", "cert": "write cert_file", "key": "write key_file"})
    return tls


def _count(text: str) -> int:
    if not text.isdecimal():
        raise ValueError(f"is a whole number from 0, not {text!r}")
    return int(text)


def _host_and_port(table: Table, text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if text and not (host and colon and port.isdecimal() and 0 < int(port) < 65_536):
        table.complain("smarthost", f"is a host and a port such as mail.example.org:587, not {text!r}")
        return host, 0
    return host, int(port or 0)
