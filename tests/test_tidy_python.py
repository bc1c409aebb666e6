"""The rules that can be read off the Python package's files: tests, who knows whom, lengths, openings."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "python" / "mythos"
TESTS = ROOT / "tests" / "python"
FUNCTION_LINES_MAX = 60

MODULES = sorted(PACKAGE.rglob("*.py"))

# Modules without a test of their own name, and what tests them instead.
WITHOUT_TEST = {
    "__init__": "every test imports it",
    "__main__": "cli_test starts the command by it",
    "entries": "client_test and client_inbox_test",
    "errors": "each is raised in the test of what raises it",
    "testing/links": "link_proxy_test",
    "testing/server_process": "plugin_test and the functional tests of mythosd",
}

# Who may know whom inside the package; a name stands for all modules that begin with it. `_core` is for everybody here.
KNOWS = {
    "errors": set(),
    "entries": set(),
    "client": {"client", "entries", "errors"},
    "command": {"errors"},
    "settings": {"settings", "errors"},
    "logs": {"command", "errors", "settings"},
    "log": {"log"},
    "stats": set(),
    "store": {"errors"},
    "authenticator": {"command"},
    "dispatcher": {"authenticator", "command", "errors"},
    "health": {"health"},
    "monitoring": {"server"},
    "alerts": {"alerts", "errors", "log_files", "settings"},
    "server": {
        "server",
        "alerts",
        "authenticator",
        "dispatcher",
        "settings",
        "command",
        "entries",
        "errors",
        "health",
        "monitoring",
        "store",
    },
    "testing": {"testing", "client", "server", "settings", "entries", "errors"},
}


def name_of(module: Path) -> str:
    return str(module.relative_to(PACKAGE).with_suffix(""))


def imports_of(module: Path) -> set[str]:
    """What it imports of the package, by dotted name below `mythos`; "" is the package itself."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found |= (
                {f"{node.module}.{alias.name}" for alias in node.names} if node.module == "mythos" else {node.module}
            )
    return {name.removeprefix("mythos").lstrip(".") for name in found if name.split(".")[0] == "mythos"}


def known_as(name: str) -> str | None:
    """The entry of KNOWS that a module falls under."""
    first = name.replace("/", ".").split(".")[0]
    return next((word for word in KNOWS if first == word or first.startswith(f"{word}_")), None)


def test_there_is_something_to_look_at():
    assert len(MODULES) > 20


def test_every_module_has_its_test():
    """`client_shell` by `client_shell_test` or, as a part of it, `client_test`; `cli/tail` by `cli_test` as well."""
    missing = []
    for module in MODULES:
        name = name_of(module)
        words = module.stem.split("_")
        candidates = {"_".join(words[:n]) for n in range(1, len(words) + 1)} | set(Path(name).parent.parts)
        if name not in WITHOUT_TEST and not any((TESTS / f"{c}_test.py").exists() for c in candidates):
            missing.append(name)
    assert not [name for name in missing if not name.endswith("__init__")]


@pytest.mark.parametrize("name", sorted(WITHOUT_TEST))
def test_the_exceptions_are_needed(name: str):
    assert (PACKAGE / f"{name}.py").exists(), "the exception outlived its file"
    assert not (TESTS / f"{Path(name).name}_test.py").exists(), "it has a test now"


@pytest.mark.parametrize("module", [m for m in MODULES if known_as(name_of(m))], ids=name_of)
def test_a_module_knows_only_what_it_may(module: Path):
    allowed = KNOWS[known_as(name_of(module)) or ""] | {"_core"}
    known = {name.split(".")[0] for name in imports_of(module)}
    assert {word for word in known if known_as(word) not in allowed and word not in allowed} == set()


def test_the_game_stands_on_the_public_names_alone():
    source = (PACKAGE / "game.py").read_text()
    assert imports_of(PACKAGE / "game.py") == {""}
    private = [
        node.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and node.attr.startswith("_")
        if not (isinstance(node.value, ast.Name) and node.value.id == "self")
    ]
    assert not private


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_a_module_opens_with_what_it_is_for(module: Path):
    assert ast.get_docstring(ast.parse(module.read_text()))


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_no_function_is_two_ideas(module: Path):
    long = [
        node.name
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= FUNCTION_LINES_MAX
    ]
    assert not long
