"""Matchers and routing trees beside amtool: the same values match, and the same receivers are told."""

import json
import random

import pytest

from alertmanager import amtool
from mythos.alerts.notify.config_file import load_config
from mythos.alerts.notify.matchers import Matcher
from mythos.errors import ConfigError

# Expressions and values on which Go's and Python's could differ.
EXPRESSIONS = [
    *(r"", r".", r".*", r"a|b", r"^a$", r"a$", r"(?i)ABC", r"(?s).*", r"(?:a|b)+c", r"a{2}", r"a{,2}", r"a{1,}"),
    *(r"[[:digit:]]+", r"[[:alpha:]é]+", r"[]a]+", r"[^]a]", r"[a\]b]+", r"[a-c&&b]", r"[\d.]+", r"\d+", r"\w+", r"\s"),
    *(r"\Aa\z", r"(?P<n>a)b", r"x*?y", r"é+", r"\bfoo\b.*", r"a\.b", r"\x41", r"\t", r"a{", r"a\nb", r"[|~\[]+"),
    *(r"a(?i)b|c", r"(a(?i)b)c", r"(?i)a(?-i)b", r"x|(?s).", r"(?i)(?:A|(?-i)b|C)+", r"(|a)", r"[(|)]", r"(?i:A)b"),
]
NOT_IN_GO = [
    *(
        r"(?=a)a",
        r"a**",
        r"a++",
        r"(",
        r"[b-a]",
        r"(a)\1",
        r"\Z",
        r"(?<!a)b",
        r"a{2}{3}",
        r"[[:word",
        r"\8",
        r")",
    ),
]
VALUES = [
    *("", "a", "b", "ab", "aa", "aaa", "abc", "ABC", "a\n", "a\nb", "\n", "a{,2}", "a{", "é", "aé", "éé", "٣", "1.5"),
    *("]", "a]b", "&", "b", "ac", "bac", "A", "\t", "foo bar", "xxy", "a.b", "|~[", "_1", " ", "\u00a0"),
]


def test_expressions_match_as_in_go(tmp_path):
    routes = [
        {"matchers": [str(Matcher("x", expression, "=~"))], "receiver": f"r{n}", "continue": True}
        for n, expression in enumerate(EXPRESSIONS)
    ]
    names = ["none", *(route["receiver"] for route in routes)]
    config = {"route": {"receiver": "none", "routes": routes}, "receivers": [{"name": name} for name in names]}
    file = tmp_path / "a.yml"
    file.write_text(json.dumps(config))
    route = load_config(file).route
    for value in VALUES:
        quoted = value.replace("\n", "\\n")
        found = amtool("config", "routes", "test", f"--config.file={file}", f'x="{quoted}"')
        assert found.returncode == 0, found.stderr
        assert found.stdout.strip().split(",") == [each.receiver for each in route.match({"x": value})], repr(value)


@pytest.mark.parametrize("expression", NOT_IN_GO)
def test_an_expression_that_go_refuses_is_refused(tmp_path, expression):
    file = tmp_path / "a.yml"
    file.write_text(
        json.dumps(
            {"route": {"receiver": "a", "routes": [{"match_re": {"x": expression}}]}, "receivers": [{"name": "a"}]}
        )
    )
    assert amtool("check-config", str(file)).returncode == 1
    with pytest.raises(ConfigError, match="is refused"):
        load_config(file)


LABELS = ["a", "b", "c"]
RANDOM_VALUES = ["x", "y", "xy", "", "x.y", 'q"u', "z z", "{}", ",", "é", "\\"]
RANDOM_EXPRESSIONS = ["x|y", "x.*", ".+", "", "[xy]+", "(?i)X", r"x\.y", ".*", "^$"]


class Tree:
    """A random routing tree; each route has a receiver of its own, or that of its parent."""

    def __init__(self, seed: int) -> None:
        self.random, self.routes = random.Random(seed), 0
        self.root = {"receiver": "r0", "routes": [self.route(3) for _ in range(4)]}

    def route(self, depth):
        choose = self.random
        self.routes += 1
        route = {"receiver": f"r{self.routes}"} if choose.random() < 0.8 else {}
        matchers = [self.matcher() for _ in range(choose.randint(0, 2))]
        if matchers:
            route["matchers"] = ["{" + ", ".join(matchers) + "}"] if choose.random() < 0.5 else matchers
        if choose.random() < 0.2:
            route["match"] = {choose.choice(LABELS): choose.choice(RANDOM_VALUES)}
        if choose.random() < 0.2:
            route["match_re"] = {choose.choice(LABELS): choose.choice(RANDOM_EXPRESSIONS)}
        route["continue"] = choose.random() < 0.4
        route["routes"] = [self.route(depth - 1) for _ in range(choose.randint(0, 3) if depth else 0)]
        return route

    def matcher(self):
        sign = self.random.choice(["=", "!=", "=~", "!~"])
        value = self.random.choice(RANDOM_EXPRESSIONS if "~" in sign else RANDOM_VALUES)
        text = str(Matcher(self.random.choice(LABELS), value, sign))
        return text.replace(sign, f" {sign} ", 1) if self.random.random() < 0.3 else text

    def label_set(self):
        return {name: self.random.choice(RANDOM_VALUES) for name in LABELS if self.random.random() < 0.7}


@pytest.mark.parametrize("seed", range(8))
def test_random_trees_route_as_amtool_does(tmp_path, seed):
    tree = Tree(seed)
    receivers = [{"name": f"r{n}"} for n in range(tree.routes + 1)]
    file = tmp_path / "a.yml"
    file.write_text(json.dumps({"route": tree.root, "receivers": receivers}))
    route = load_config(file).route
    for _ in range(10):
        labels = tree.label_set()
        given = [str(Matcher(name, value, "=")) for name, value in labels.items()]
        found = amtool("config", "routes", "test", f"--config.file={file}", *given)
        assert found.returncode == 0, found.stderr
        assert found.stdout.strip().split(",") == [each.receiver for each in route.match(labels)], labels
