"""`mythos deploy`: writes what a deployment needs (Prometheus, Alertmanager, Grafana, systemd), with its own names.

The files are those of deploy/ in the repository, which hold examples; the command puts the names in their places.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from mythos.cli import exits

PORT_MAX = 65535


@dataclass(frozen=True)
class Names:
    """What differs from one deployment to the next. The defaults are what stands in the files."""

    servers: tuple[str, ...] = ("localhost:8000",)
    job: str = "mythos"
    external_url: str = "http://localhost:8000"
    prometheus: str = "localhost:9090"
    alertmanagers: tuple[str, ...] = ("localhost:9093",)
    runbooks: str = "https://docs.example.com/mythos/runbooks"
    webhook: str = "http://localhost:5001/"
    smtp: str = "localhost:587"
    mail_from: str = "alerts@yourdomain.com"
    mail_critical: str = "admin@yourdomain.com"
    mail_warning: str = "dev-team@yourdomain.com"
    slack_channel: str = "#alerts"
    slack_url_file: str = "/etc/alertmanager/slack_url"
    program: str = "/opt/mythos/bin/mythos"

    def as_written(self) -> list[str]:
        """The names with as much around them as tells them from other text, always in the same order."""
        return [
            f"targets: {[*self.servers]}",
            f"targets: {[*self.alertmanagers]}",
            self.servers[0],
            self.alertmanagers[0],
            f'job="{self.job}"',
            f'job = "{self.job}"',
            f"job: {self.job}",
            f"job_name: {self.job}",
            f'external_url = "{self.external_url}"',
            self.prometheus,
            self.runbooks,
            self.webhook,
            self.smtp,
            self.mail_from,
            self.mail_critical,
            self.mail_warning,
            f"'{self.slack_channel}'",
            self.slack_url_file,
            f"ExecStart={self.program}",
        ]


def rewriter(names: Names) -> Callable[[str], str]:
    """Puts the names where the examples stand, all at once: a name may be the example of another."""
    written = dict(zip(Names().as_written(), names.as_written(), strict=True))
    longest_first = sorted(written, key=len, reverse=True)
    pattern = re.compile("|".join(rf"(?<![\w.@-]){re.escape(text)}(?!\w)" for text in longest_first))
    return lambda text: pattern.sub(lambda found: written[found[0]], text)


def packaged_files(names: Names) -> dict[Path, str]:
    """Each file by its path below the directory, with the names in it."""
    rewritten = rewriter(names)
    return {path: rewritten(file.read_text("utf-8")) for path, file in _below(files("mythos") / "deploy", Path())}


def _below(directory: Traversable, path: Path) -> Iterator[tuple[Path, Traversable]]:
    for each in directory.iterdir():
        if each.is_file():
            yield path / each.name, each
        elif each.name != "__pycache__":
            yield from _below(each, path / each.name)


def _option(
    flag: str, matches: Callable[[str], object], form: str, says: str, default: str | bool = True
) -> typer.models.OptionInfo:
    def checked(given: str | list[str] | None) -> str | list[str] | None:
        for value in given if isinstance(given, list) else [given] if given is not None else []:
            if not matches(value):
                raise typer.BadParameter(f"{value!r} is no {form}")
        return given

    option: typer.models.OptionInfo = typer.Option(
        flag, metavar=form, callback=checked, help=says, show_default=default
    )
    return option


def _is_address(text: str) -> bool:
    found = re.fullmatch(r"(?:[A-Za-z0-9.-]+|\[[0-9a-f:.]+\]):(\d+)", text)
    return found is not None and 0 < int(found[1]) <= PORT_MAX


def _is_url(text: str) -> bool:
    """Of what stands unquoted in YAML as well as quoted."""
    try:
        url = urlsplit(text)
        return bool(
            url.scheme in ("http", "https") and url.hostname and re.fullmatch(r"[\w.~:/?&=%+@\[\]-]+", text, re.A)
        )
    except ValueError:
        return False


def _is_site(text: str) -> bool:
    """One that paths are added to."""
    return _is_url(text) and "?" not in text


def _is_job(text: str) -> bool:
    """`true` and `null` are no texts in YAML."""
    import yaml

    return bool(_is(r"[A-Za-z_][\w.-]*")(text)) and yaml.safe_load(text) == text


def _is(pattern: str) -> Callable[[str], object]:
    return lambda text: re.fullmatch(pattern, text, re.A)


_MAIL = _is(r"[\w.+-]+@[A-Za-z0-9.-]+")
_FILE = _is(r"/[\w./@+-]*\w")
_EXAMPLE = Names()


Servers = Annotated[
    list[str] | None,
    _option("--server", _is_address, "HOST:PORT", "A server to scrape; may be given again.", _EXAMPLE.servers[0]),
]
Job = Annotated[str, _option("--job", _is_job, "NAME", "What Prometheus calls the servers together.")]
ExternalUrl = Annotated[
    str | None,
    _option("--external-url", _is_site, "URL", "Where people reach the server.", "http:// and the first --server"),
]
Prometheus = Annotated[str, _option("--prometheus", _is_address, "HOST:PORT", "Where Prometheus listens.")]
Alertmanagers = Annotated[
    list[str] | None,
    _option("--alertmanager", _is_address, "HOST:PORT", "One; may be given again.", _EXAMPLE.alertmanagers[0]),
]
Runbooks = Annotated[str, _option("--runbooks", _is_site, "URL", "Where the pages of docs/runbooks are.")]
Webhook = Annotated[str, _option("--webhook", _is_url, "URL", "Gets the alerts that are nobody else's.")]
Smtp = Annotated[str, _option("--smtp", _is_address, "HOST:PORT", "The mail server, which must know STARTTLS.")]
MailFrom = Annotated[str, _option("--mail-from", _MAIL, "ADDRESS", "Sender of mails.")]
MailCritical = Annotated[str, _option("--mail-critical", _MAIL, "ADDRESS", "Who is told what is critical.")]
MailWarning = Annotated[str, _option("--mail-warning", _MAIL, "ADDRESS", "Who is told of warnings.")]
SlackChannel = Annotated[
    str, _option("--slack-channel", _is(r"#[\w.-]+"), "#NAME", "Who is told what is critical, in Slack.")
]
SlackUrlFile = Annotated[
    str, _option("--slack-url-file", _FILE, "PATH", "File with the address of Slack's webhook, for Alertmanager.")
]
Program = Annotated[str, _option("--program", _FILE, "PATH", "This command on the server, for systemd.")]


def deploy(
    directory: Annotated[Path, typer.Argument(metavar="DIR", file_okay=False, help="Made if it is not there.")],
    server: Servers = None,
    job: Job = _EXAMPLE.job,
    external_url: ExternalUrl = None,
    prometheus: Prometheus = _EXAMPLE.prometheus,
    alertmanager: Alertmanagers = None,
    runbooks: Runbooks = _EXAMPLE.runbooks,
    webhook: Webhook = _EXAMPLE.webhook,
    smtp: Smtp = _EXAMPLE.smtp,
    mail_from: MailFrom = _EXAMPLE.mail_from,
    mail_critical: MailCritical = _EXAMPLE.mail_critical,
    mail_warning: MailWarning = _EXAMPLE.mail_warning,
    slack_channel: SlackChannel = _EXAMPLE.slack_channel,
    slack_url_file: SlackUrlFile = _EXAMPLE.slack_url_file,
    program: Program = _EXAMPLE.program,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
) -> None:
    """Write deploy/ with your names: Prometheus, rules, Alertmanager, Grafana, compose file, systemd unit.

    Nothing is written if a file is there that would be changed, unless --force is given; it ends with 1 then.
    """
    servers = tuple(server or _EXAMPLE.servers)
    names = Names(
        servers=servers,
        job=job,
        external_url=external_url or f"http://{servers[0]}",
        prometheus=prometheus,
        alertmanagers=tuple(alertmanager or _EXAMPLE.alertmanagers),
        runbooks=runbooks.rstrip("/"),
        webhook=webhook,
        smtp=smtp,
        mail_from=mail_from,
        mail_critical=mail_critical,
        mail_warning=mail_warning,
        slack_channel=slack_channel,
        slack_url_file=slack_url_file,
        program=program,
    )
    written = {directory / path: text for path, text in packaged_files(names).items()}
    try:
        _write(written, force)
    except OSError as error:
        exits.fail(exits.FAILED, f"{error.filename}: {error.strerror}")
    typer.echo(f"{len(written)} files in {directory}; {directory / 'README.md'} says what to do with them")


def _write(texts: dict[Path, str], force: bool) -> None:
    changed = [path for path, text in texts.items() if path.exists() and path.read_bytes() != text.encode()]
    if changed and not force:
        exits.fail(exits.FAILED, f"{', '.join(map(str, changed))}: is there; --force overwrites it")
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
