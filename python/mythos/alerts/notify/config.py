"""What a notifier's configuration says: routes, receivers, inhibition. Read by `config_file`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from mythos.alerts.notify.matchers import Matcher, all_match, text_of
from mythos.alerts.notify.secret import Secret


@dataclass(frozen=True)
class Tls:
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    server_name: str = ""
    insecure_skip_verify: bool = False


@dataclass(frozen=True)
class Http:
    """How a receiver is called. `authorization` is a scheme and its credentials."""

    basic_auth: tuple[str, Secret] | None = None
    authorization: tuple[str, Secret] | None = None
    tls: Tls = field(default_factory=Tls)


@dataclass(frozen=True, kw_only=True)
class Integration:
    """One way out of a receiver. `index` counts those of its kind, as in Alertmanager's logs: `webhook[0]`."""

    kind: str
    index: int
    send_resolved: bool
    line: int = field(default=0, compare=False)

    @property
    def name(self) -> str:
        return f"{self.kind}[{self.index}]"


@dataclass(frozen=True, kw_only=True)
class Webhook(Integration):
    url: Secret
    http: Http
    max_alerts: int = 0  # 0: all
    timeout_s: float = 0.0  # 0: the notifier's own


@dataclass(frozen=True, kw_only=True)
class Slack(Integration):
    """`texts` are the templates by field; `fields` and `actions` have templates as values."""

    api_url: Secret
    http: Http
    texts: Mapping[str, str]
    link_names: bool = False
    mrkdwn_in: tuple[str, ...] = ("fallback", "pretext", "text")
    fields: tuple[Mapping[str, str | bool], ...] = ()
    actions: tuple[Mapping[str, str | Mapping[str, str]], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Email(Integration):
    """`headers` by canonical name; these, `sender`, `to`, `html` and `text` are templates."""

    to: str
    sender: str
    host: str
    port: int
    hello: str
    username: str
    password: Secret | None
    headers: Mapping[str, str]
    html: str
    text: str
    tls_at_once: bool  # without STARTTLS, as port 465 has it
    require_tls: bool
    tls: Tls


@dataclass(frozen=True, kw_only=True)
class AppriseTarget(Integration):
    """A service that the library Apprise knows, by its URL; without the guarantees of the others."""

    url: Secret
    title: str
    body: str


@dataclass(frozen=True)
class Receiver:
    name: str
    integrations: tuple[Integration, ...]


@dataclass(eq=False)
class Route:
    """A node of the routing tree, with what it inherits filled in. Times are in seconds."""

    parent: Route | None
    receiver: str
    matchers: tuple[Matcher, ...]
    group_by: frozenset[str]
    group_by_all: bool
    group_wait_s: float
    group_interval_s: float
    repeat_interval_s: float
    continues: bool
    routes: list[Route] = field(default_factory=list)
    position: str = ""  # such as /0/2: the third child of the root's first

    @cached_property
    def key(self) -> str:
        """The matchers on the way here, which groups' keys begin with."""
        own = text_of(self.matchers)
        return own if self.parent is None else f"{self.parent.key}/{own}"

    def match(self, labels: Mapping[str, str]) -> list[Route]:
        """The nodes that an alert goes to: depth first, from left to right."""
        if not all_match(self.matchers, labels):
            return []
        found: list[Route] = []
        for route in self.routes:
            below = route.match(labels)
            found += below
            if below and not route.continues:
                break
        return found or [self]

    def group_labels(self, labels: Mapping[str, str]) -> dict[str, str]:
        return {name: value for name, value in sorted(labels.items()) if self.group_by_all or name in self.group_by}

    def walk(self) -> Iterator[Route]:
        yield self
        for route in self.routes:
            yield from route.walk()


@dataclass(frozen=True)
class InhibitRule:
    """While an alert that `source` matches fires, those that `target` matches are muted if the labels are equal."""

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...]


@dataclass(frozen=True)
class NotifyConfig:
    """A whole file. `templates` is the text of its template files, one after the other."""

    route: Route
    receivers: Mapping[str, Receiver]
    inhibit_rules: tuple[InhibitRule, ...] = ()
    templates: str = ""

    def integrations(self) -> Iterator[tuple[str, Integration]]:
        for receiver in self.receivers.values():
            for integration in receiver.integrations:
                yield receiver.name, integration
