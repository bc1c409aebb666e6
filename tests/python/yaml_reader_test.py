"""YAML read with lines: values as they are written, and where a part of one is."""

from __future__ import annotations

import pytest

from mythos.alerts.yaml_reader import FILE_BYTES_MAX, FileError, YamlReader, texts_of


def read(text: str) -> tuple[YamlReader, dict]:
    reader = YamlReader("f.yml")
    return reader, reader.mapping(reader.compose(text), "here", ("a", "b"))


def told(reader: YamlReader) -> list[str]:
    return [str(problem) for problem in reader.problems]


def test_values_are_taken_as_they_are_written():
    reader, found = read("a: {on: 1.0, off: yes, none: ~, list: 'x'}\nb: 1h30m\n")
    assert texts_of(reader.texts(found["a"], "here")) == {"on": "1.0", "off": "yes", "none": "", "list": "x"}
    assert reader.duration(found["b"], "here", "b") == 5_400
    assert not reader.problems


def test_fields_may_come_from_elsewhere():
    text = "a: &x {one: 1, two: 2}\nb: {<<: [*x, {three: 3, one: 9}], two: 5}\n"
    reader, found = read(text)
    assert texts_of(reader.texts(found["b"], "here")) == {"two": "5", "one": "1", "three": "3"}
    assert not reader.problems


def test_nothing_is_empty():
    reader, found = read("")
    assert found == {} and not reader.problems
    assert reader.sequence(None, "here", "things") == [] and reader.whole(None, "here", "n") == 0


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: |\n  one\n  two\n", 3),
        ("a: >-\n  one\n  two\n", 3),
        ("a: 'one two'\n", 1),
        ("a: one\n  two\n", 2),
        ('\n\na:\n  "one\n  two"\n', 5),
    ],
)
def test_a_part_of_a_value_has_its_line(text: str, line: int):
    reader, found = read(text)
    assert reader.line_of(found["a"], "two") == line


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nc: 2\n", "f.yml:2: here: there is no field c: c; the fields are a, b"),
        ("- a\n", "f.yml:1: here: here should be fields with values: a list; write `name: value`"),
        ("a: 1\na: 2\n", "f.yml:2: here: a is there twice: a; leave one of them out"),
        ("a: [\n", "f.yml:2: this is no YAML: "),
        ("? [x]\n: 1\n", "f.yml:1: here: a field's name is a plain word here"),
        ("a: 1\n--- \nb: 2\n", "f.yml:2: this is no YAML: expected a single document"),
    ],
)
def test_faults(text: str, said: str):
    reader, _ = read(text)
    assert told(reader)[0].startswith(said)


def test_a_file_has_a_bound():
    reader = YamlReader("f.yml")
    assert reader.compose("a" * (FILE_BYTES_MAX + 1)) is None
    assert "larger than 4 MiB" in told(reader)[0]


def test_an_error_has_all_lines_in_their_order():
    reader, found = read("a: x\nb: y\n")
    reader.whole(found["b"], "here", "b")
    reader.whole(found["a"], "here", "a")
    reader.whole(found["a"], "here", "a")
    assert str(FileError(reader.problems)).splitlines() == [
        "f.yml:1: here: a: 'x' is no number; write a whole number from 0",
        "f.yml:2: here: b: 'y' is no number; write a whole number from 0",
    ]
