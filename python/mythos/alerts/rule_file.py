"""Loads Prometheus' rule files as they are, and refuses at once whatever would go wrong at night.

    groups = load_rule_files(["deploy/rules/mythos.yml"])

Checked is all that Prometheus checks (model/rulefmt), and what this engine does not do: expressions, `query_offset`,
labels that chase themselves. Every fault of every file is told together, each with its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import yaml

from mythos.alerts.alert import LABEL_NAME
from mythos.alerts.expression import Expression, ExpressionError, parse_expression
from mythos.alerts.rule import Group, Rule, RuleText
from mythos.alerts.rule_checks import label_loop, reads_own_state
from mythos.alerts.templates import TemplateError
from mythos.alerts.yaml_reader import FileError, Problem, YamlReader

GROUP_FIELDS = ("name", "interval", "limit", "rules", "labels", "query_offset")
RULE_FIELDS = ("record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations")
RULES_MAX = 10_000  # of a file

_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")


def load_rule_files(paths: Iterable[str | Path]) -> list[Group]:
    """Raises FileError with all that is wrong with any of them."""
    groups: list[Group] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            text = Path(path).read_bytes().decode()
        except OSError as error:
            problems.append(Problem(str(path), 1, "", f"the file cannot be read: {error.strerror}"))
            continue
        except UnicodeDecodeError:
            problems.append(Problem(str(path), 1, "", "this is no YAML", "", "save the file as UTF-8 text"))
            continue
        try:
            groups += load_rules(text, str(path))
        except FileError as error:
            problems += error.problems
    if problems:
        raise FileError(problems)
    return groups


def load_rules(text: str, file: str) -> list[Group]:
    """Of a file's text. Raises FileError."""
    loader = _Loader(file)
    groups = loader.load(text)
    if loader.problems:
        raise FileError(loader.problems)
    return groups


class _Loader(YamlReader):
    def load(self, text: str) -> list[Group]:
        root = self.mapping(self.compose(text), "", ("groups",))
        groups: list[Group] = []
        names: set[str] = set()
        for node in self.sequence(root.get("groups"), "groups", "groups"):
            group = self._group(node)
            if group.name in names:
                self.tell(node, "", f"the group {group.name} is there twice", group.name, "give it another name")
            names.add(group.name)
            groups.append(group)
        if sum(len(group.rules) for group in groups) > RULES_MAX:
            self.tell(None, "", f"there are more than {RULES_MAX} rules", "", "split the file")
        return groups

    def _group(self, node: yaml.Node) -> Group:
        found = self.mapping(node, "a group", GROUP_FIELDS)
        name = self.text(found.get("name"), "a group", "name")
        where = f"group {name}"
        if not name:
            self.tell(node, "a group", "it has no name", "", "write `name: ...`")
        if "query_offset" in found:
            self.tell(
                found["query_offset"],
                where,
                "query_offset is not supported: the engine evaluates samples that it took itself, none of them late",
                "query_offset",
                "leave it out here and set rule_query_offset in prometheus.yml",
            )
        self._texts(found.get("labels"), where, "label", "")
        rules = [
            rule
            for each in self.sequence(found.get("rules"), where, "rules")
            if (rule := self._rule(each, where, found.get("labels"))) is not None
        ]
        return Group(
            self.file,
            name,
            self.duration(found.get("interval"), where, "interval"),
            self.whole(found.get("limit"), where, "limit"),
            tuple(rules),
        )

    def _rule(self, node: yaml.Node, group: str, group_labels: yaml.Node | None) -> Rule | None:
        before = len(self.problems)
        found = self.mapping(node, f"{group}, a rule", RULE_FIELDS)
        alert = self.text(found.get("alert"), group, "alert")
        record = self.text(found.get("record"), group, "record")
        where = f"{group}, {'alert' if alert else 'record'} {alert or record or 'without a name'}"
        if alert and record:
            self.tell(found["record"], where, "a rule is an alert or a record", "record", "leave one of them out")
        elif not alert and not record:
            self.tell(node, where, "it is neither an alert nor a record", "", "write `alert: ...` or `record: ...`")
        expression = self._expression(found.get("expr"), node, where)
        if record:
            self._record_checks(found, record, where)
        own = self._texts(found.get("labels"), where, "label", alert)
        shared = self._texts(group_labels, where, "label", alert)
        annotations = self._texts(found.get("annotations"), where, "annotation", alert)
        if alert:
            self._loop_checks(found, where, alert, expression, own)
        times = [self.duration(found.get(name), where, name) for name in ("for", "keep_firing_for")]
        if len(self.problems) > before or expression is None:
            return None
        return Rule(
            "alert" if alert else "record",
            alert or record,
            expression,
            for_s=times[0],
            keep_firing_for_s=times[1],
            labels={**shared, **own},
            annotations=annotations,
            line=node.start_mark.line + 1,
        )

    def _expression(self, node: yaml.Node | None, rule: yaml.Node, where: str) -> Expression | None:
        text = self.text(node, where, "expr")
        if not text.strip():
            self.tell(node or rule, where, "it has no expression", "", "write `expr: ...`")
            return None
        try:
            return parse_expression(text)
        except ExpressionError as error:
            self.tell(node, f"{where}, expr", error.reason, error.part, error.instead, error.line)
            return None

    def _record_checks(self, found: dict[str, yaml.Node], record: str, where: str) -> None:
        for name in ("for", "keep_firing_for", "annotations"):
            if name in found:
                self.tell(found[name], where, f"a record has no {name}", name, "leave it out")
        if not _METRIC.fullmatch(record):
            hint = "put braces and what is in them into expr or labels" if "{" in record else ""
            self.tell(
                found["record"],
                where,
                "this is no metric's name",
                record,
                hint or "write letters, digits, _ and :, such as job:requests:rate5m",
            )

    def _texts(self, node: yaml.Node | None, where: str, what: str, alert: str) -> dict[str, RuleText]:
        texts: dict[str, RuleText] = {}
        for name, (text, value) in self.texts(node, f"{where}, {what}s").items():
            if not LABEL_NAME.fullmatch(name) or (what == "label" and name == "__name__"):
                instead = "write letters, digits and _, and not __name__, which is the metric's"
                self.tell(value, where, f"this is no {what}'s name", name, instead)
                continue
            try:
                texts[name] = RuleText.parse(text, alert) if alert else RuleText(text)
            except TemplateError as error:
                message, instead = _template_fault(str(error))
                part = [*text.splitlines(), ""][error.line - 1]
                self.tell(value, f"{where}, {what} {name}", message, part.strip(), instead, error.line)
        return texts

    def _loop_checks(
        self,
        found: dict[str, yaml.Node],
        where: str,
        alert: str,
        expression: Expression | None,
        labels: dict[str, RuleText],
    ) -> None:
        if expression is not None and (series := reads_own_state(expression, alert)):
            self.tell(
                found["expr"],
                where,
                f"it reads {series} of itself, so that once it fires it never ends",
                series,
                f'add a matcher, such as {series}{{alertname!="{alert}"}}, or name the alert that is meant',
            )
        if ring := label_loop(labels):
            shown = " is made of ".join((*ring, ring[0]))
            self.tell(
                found["labels"],
                where,
                f"labels are made of each other in a ring ({shown})",
                f"$labels.{ring[1 % len(ring)]}",
                "a template sees the labels of the expression's result only: give one of them another name",
            )


def _template_fault(text: str) -> tuple[str, str]:
    """What is said of a template that cannot be read, and what to write."""
    message = "this template cannot be read: " + re.sub(r"^template: \S+:\d+: ", "", text)
    if unknown := re.search(r'undefined variable "([^"]+)"', text):
        return message, f"declare it, {{{{ {unknown[1]} := ... }}}}, or use $labels, $value, $externalLabels"
    if "not defined" in text:
        return message, "docs/reference/alerts.md lists the functions"
    return message, ""


__all__ = ["FileError", "load_rule_files", "load_rules"]
