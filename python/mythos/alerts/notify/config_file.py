"""Loads `alertmanager.yml`: the same file that Alertmanager takes, and `apprise_configs` beside its receivers.

What Alertmanager would refuse is refused, and so is what it supports and this does not; each complaint has its line and
says what to write instead. The file is only read: what it says is `NotifyConfig`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mythos.alerts.alert import LABEL_NAME
from mythos.alerts.durations import parse_duration
from mythos.alerts.notify.config import InhibitRule, NotifyConfig, Receiver, Route
from mythos.alerts.notify.config_receivers import ReceiverReader, read_global
from mythos.alerts.notify.matchers import Matcher, MatcherError, parse_matchers
from mythos.alerts.notify.yaml_tables import Complaints, Table, read_yaml
from mythos.errors import ConfigError

FILE_BYTES_MAX = 1 << 20
GROUP_WAIT_S = 30.0
GROUP_INTERVAL_S = 300.0
REPEAT_INTERVAL_S = 14_400.0

_NO_TIMES = (
    "time intervals are not supported here; mute by a silence (`mythos alerts silence add`), or use Alertmanager"
)
_ROUTE_ADVICE = {"mute_time_intervals": _NO_TIMES, "active_time_intervals": _NO_TIMES}
_TOP_ADVICE = {"mute_time_intervals": _NO_TIMES, "time_intervals": _NO_TIMES}


def load_config(path: Path, check_template: Callable[[str, str, str], object] | None = None) -> NotifyConfig:
    """The configuration in a file. Raises ConfigError with a line for each thing that is wrong.

    `check_template` is called with each template, its name, and the text of the template files; it raises ValueError.
    """
    complaints = Complaints(path)
    text = _read(path)
    top = read_yaml(path, text, complaints)
    config = None if top is None else _read_top(top, check_template)
    if complaints.lines or config is None:
        raise ConfigError(complaints.lines)
    return config


def _read(path: Path, what: str = "the configuration") -> str:
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(FILE_BYTES_MAX + 1)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError([f"{path}: {what} cannot be read: {reason}"]) from None
    if len(text) > FILE_BYTES_MAX:
        raise ConfigError([f"{path}: {what} is longer than {FILE_BYTES_MAX} bytes"])
    return text


def _read_top(top: Table, check_template: Callable[[str, str, str], object] | None) -> NotifyConfig | None:
    templates = _templates(top)

    def check(text: str, name: str) -> None:
        if check_template is not None:
            check_template(text, name, templates)

    shared = read_global(top.table("global"), top)
    reader = ReceiverReader(shared, check)
    receivers: dict[str, Receiver] = {}
    for table in top.tables("receivers"):
        receiver = reader.read(table)
        if receiver.name in receivers:
            table.complain("name", f"there are two receivers {receiver.name!r}")
        receivers[receiver.name] = receiver
    rules = tuple(rule for table in top.tables("inhibit_rules") if (rule := _inhibit_rule(table)) is not None)
    route_table = top.table("route")
    top.end(_TOP_ADVICE)
    if route_table is None:
        top.complain("route", "is missing: it names at least the receiver of everything, `route: {receiver: ops}`")
        return None
    return NotifyConfig(_route(route_table, None, receivers), receivers, rules, templates)


def _templates(top: Table) -> str:
    texts = []
    for _, pattern in top.texts("templates"):
        path = top.complaints.file.parent / pattern
        found = (
            sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))
            if path.is_absolute()
            else sorted(Path().glob(str(path)))
        )
        if not found and not any(character in pattern for character in "*?["):
            top.complain("templates", f"there is no file {path}")
        try:
            texts += [_read(file, "the template file") for file in found]
        except ConfigError as error:
            top.complaints.lines += error.complaints
    return "\n".join(texts)


def _route(table: Table, parent: Route | None, receivers: dict[str, Receiver], position: str = "") -> Route:
    matchers = _matchers(table, "match", "match_re", "matchers")
    group_by = [name for _, name in table.texts("group_by")]
    _check_group_by(table, group_by)
    names = frozenset(group_by) - {"..."}
    # As in Alertmanager: a list of names ends an inherited `...`, an empty one does not.
    inherited_all = parent is not None and parent.group_by_all and not names
    route = Route(
        parent=parent,
        receiver=table.text("receiver") or (parent.receiver if parent else ""),
        matchers=tuple(sorted(matchers)),
        group_by=names if names or parent is None else parent.group_by,
        group_by_all="..." in group_by or inherited_all,
        group_wait_s=table.parsed("group_wait", parse_duration, parent.group_wait_s if parent else GROUP_WAIT_S),
        group_interval_s=_interval(table, "group_interval", parent.group_interval_s if parent else GROUP_INTERVAL_S),
        repeat_interval_s=_interval(
            table, "repeat_interval", parent.repeat_interval_s if parent else REPEAT_INTERVAL_S
        ),
        continues=table.flag("continue", False),
        position=position,
    )
    if parent is None:
        if matchers:
            table.complain("matchers", "the root route takes every alert; put matchers into a route beneath `routes`")
        if route.continues:
            table.complain("continue", "the root route is the last; there is nothing to continue with")
        if not route.receiver:
            table.complain("receiver", "the root route names the receiver of what no other route takes")
    if route.receiver and route.receiver not in receivers:
        known = ", ".join(receivers) or "none"
        table.complain("receiver", f"there is no receiver {route.receiver!r}; known are {known}")
    for number, below in enumerate(table.tables("routes")):
        route.routes.append(_route(below, route, receivers, f"{position}/{number}"))
    table.end(_ROUTE_ADVICE)
    return route


def _check_group_by(table: Table, names: list[str]) -> None:
    for name in names:
        if name != "..." and not LABEL_NAME.fullmatch(name):
            table.complain("group_by", f"{name!r} is no name of a label")
    if "..." in names and len(set(names)) > 1:
        table.complain("group_by", "either '...', which is all labels, or names")
    if len(set(names)) < len(names):
        table.complain("group_by", "a label is there twice")


def _interval(table: Table, name: str, default: float) -> float:
    seconds = table.parsed(name, parse_duration, default)
    if seconds == 0:
        table.complain(name, "is longer than 0s")
    return seconds


def _matchers(table: Table, equal: str, regex: str, list_name: str) -> list[Matcher]:
    found: list[Matcher] = []
    # A group's key has the expression of `match_re` with its anchors, as in Alertmanager.
    for name, sign, form in ((equal, "=", "{}"), (regex, "=~", "^(?:{})$")):
        for label, value in table.pairs(name).items():
            if not LABEL_NAME.fullmatch(label):
                table.complain(name, f"{label!r} is no name of a label")
                continue
            try:
                found.append(Matcher(label, form.format(value), sign))
            except MatcherError as error:
                table.complain(name, str(error))
    for line, text in table.texts(list_name):
        try:
            found += parse_matchers(text)
        except MatcherError as error:
            table.complaints.add(line, f"{table.where}.{list_name}: {error}".lstrip("."))
    return found


def _inhibit_rule(table: Table) -> InhibitRule | None:
    table.take("name")
    source = _matchers(table, "source_match", "source_match_re", "source_matchers")
    target = _matchers(table, "target_match", "target_match_re", "target_matchers")
    equal = tuple(name for _, name in table.texts("equal"))
    table.end()
    return InhibitRule(tuple(sorted(source)), tuple(sorted(target)), equal)
