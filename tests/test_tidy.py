"""The rules that can be read off the files: floors, the test mirror, lengths, headers, the top level."""

import re
import subprocess
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

import mythos

ROOT = Path(__file__).resolve().parents[1]
CPP = ROOT / "cpp"
TESTS = ROOT / "tests" / "cpp"

# Lowest first; a file includes only its own floor and lower ones.
FLOORS = ["base", "stats", "observe", "protocol", "store", "journal", "hub", "transport", "monitor", "server"]

LINES_MAX = 400

# Sources without a unit test of their own, and what tests them instead.
WITHOUT_UNIT_TEST = {
    "pch.cpp": "empty: the unit that the precompiled header is made for",
    "server/echo_main.cpp": "tests/conformance drives the program",
    "server/main.cpp": "tests/functional drives the program",
}

# Tests of a floor as a whole, and what they are for.
WITHOUT_UNIT = {
    "protocol/vectors_test.cpp": "runs tests/vectors, which a client in another language has to pass too",
}

# The only place that knows Boost.Beast: it costs seconds in each file that includes it.
BEAST_SOURCES = {"transport/http_parser.cpp"}

TOP_LEVEL = {
    *{".ci", ".clang-format", ".clang-tidy", ".gitattributes", ".gitignore", ".github"},
    *{"CHANGELOG.md", "CMakeLists.txt", "CMakePresets.json", "CONTRIBUTING.md", "DEVELOPERS.md", "LICENSE", "Makefile"},
    *{"README.md", "SECURITY.md", "pyproject.toml"},
    *{"bench", "bindings", "cpp", "deploy", "docs", "notebooks", "python", "tests", "web"},
}

# Signs of work that is not done, or of a check that does not check.
UNFINISHED = re.compile(
    r"\b(TODO|FIXME|XXX|HACK)\b|GTEST_SKIP|\bDISABLED_|mark\.(skip|xfail)|pytest\.skip"
    r"|EXPECT_TRUE\(true\)|assert True\b"
)


def project_files() -> list[Path]:
    """What is or would be committed."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout.split("\0")
    return sorted({ROOT / name for name in names if name and (ROOT / name).is_file()})


FILES = project_files()
CODE = [f for f in FILES if f.suffix in {".cpp", ".hpp", ".py", ".mjs", ".js", ".ts", ".tsx", ".cmake", ".sh", ".def"}]
SOURCES = [f for f in FILES if f.is_relative_to(CPP) and f.suffix in {".cpp", ".hpp", ".def"}]
HEADERS = [f for f in FILES if f.suffix == ".hpp"]


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT))


def floor_of(file: Path) -> str | None:
    parts = file.relative_to(CPP).parts
    return parts[0] if len(parts) > 1 else None


def includes_of(file: Path) -> list[str]:
    return re.findall(r'^\s*#\s*include\s+["<]([^">]+)[">]', file.read_text(), re.MULTILINE)


def test_there_is_something_to_look_at():
    assert len(SOURCES) > 50
    assert len(HEADERS) > 20


def test_floors_are_known():
    unknown = {floor_of(f) for f in SOURCES} - {None} - set(FLOORS)
    assert not unknown


def test_no_file_includes_a_higher_floor():
    upward = []
    for file in SOURCES:
        floor = floor_of(file)
        if floor is None:
            continue
        for include in includes_of(file):
            other = include.split("/")[0]
            if other in FLOORS and FLOORS.index(other) > FLOORS.index(floor):
                upward.append(f"{name_of(file)} includes {include}")
    assert not upward


def test_includes_are_written_from_the_root():
    relative = [
        f"{name_of(file)}: {include}"
        for file in SOURCES
        for include in includes_of(file)
        if include.startswith(".") or (include.endswith(".hpp") and "/" not in include)
    ]
    assert not relative


def test_every_source_has_its_test():
    missing = []
    for file in SOURCES:
        unit = str(file.relative_to(CPP))
        if file.suffix == ".cpp" and unit not in WITHOUT_UNIT_TEST:
            test = TESTS / file.relative_to(CPP).with_name(file.stem + "_test.cpp")
            if not test.exists():
                missing.append(f"{unit} needs {name_of(test)}")
    assert not missing


def test_every_unit_test_has_its_unit():
    """`dual_client_test` and, for another side of it, `dual_client_model_test` belong to `dual_client`."""
    stray = []
    for floor in FLOORS:
        units = {f.stem for f in (CPP / floor).glob("*.?pp")}
        for test in sorted((TESTS / floor).glob("*_test.cpp")):
            words = test.stem.removesuffix("_test").split("_")
            has_unit = any("_".join(words[:n]) in units for n in range(1, len(words) + 1))
            if not has_unit and str(test.relative_to(TESTS)) not in WITHOUT_UNIT:
                stray.append(name_of(test))
    assert not stray


@pytest.mark.parametrize("unit", sorted(WITHOUT_UNIT_TEST))
def test_the_exceptions_are_needed(unit):
    source = CPP / unit
    assert source.exists(), "the exception outlived its file"
    assert not (TESTS / unit).with_name(source.stem + "_test.cpp").exists(), "it has a test now"


def test_no_file_is_two_ideas():
    written = [f for f in CODE if f.name != "settings_tables.py"]  # that one is generated
    long = {name_of(f): n for f in written if (n := len(f.read_text().splitlines())) > LINES_MAX}
    assert not long


def test_headers_open_with_what_they_are_for():
    assert not [name_of(f) for f in HEADERS if not f.read_text().startswith("// ")]


def test_headers_are_included_once():
    assert not [name_of(f) for f in HEADERS if "#pragma once" not in f.read_text()]


def test_beast_stays_where_it_is():
    using = {str(f.relative_to(CPP)) for f in SOURCES if any(i.startswith("boost/beast") for i in includes_of(f))}
    assert using <= BEAST_SOURCES


def test_nothing_is_left_unfinished():
    found = []
    for file in CODE:
        if file == Path(__file__).resolve():
            continue
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if UNFINISHED.search(line):
                found.append(f"{name_of(file)}:{number}: {line.strip()}")
    assert not found


def test_every_counter_counts():
    names = re.findall(r"MYTHOS_COUNTER\((\w+),", (CPP / "stats/counters.def").read_text())
    names += re.findall(r"MYTHOS_CLOSE_REASON\((\w+)\)", (CPP / "stats/close_reasons.def").read_text())
    code = "".join(path.read_text() for path in CPP.rglob("*.[ch]pp"))
    assert [name for name in names if not re.search(rf"\b{name}\b", code)] == []


def test_the_top_level_is_the_agreed_one():
    assert {f.relative_to(ROOT).parts[0] for f in FILES} <= TOP_LEVEL


def test_there_is_one_version():
    """It stands in CMakeLists.txt; the package, the binary and the wheel take it from there."""
    cmake = re.search(r"project\(mythos VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text()).group(1)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "version" not in project and project["dynamic"] == ["version"]
    said = [name_of(f) for f in CODE if re.search(rf"""["']{re.escape(cmake)}["']""", f.read_text())]
    assert not said
    assert version("mythos") == mythos.__version__ == cmake
