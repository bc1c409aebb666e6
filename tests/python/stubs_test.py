"""The stubs of the compiled core say what it is: mypy's stubtest compares them with the module itself."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from mythos import _core

STUB = Path(_core.__file__).with_name("_core.pyi")
CLASSES = [name for name, value in vars(_core).items() if type(value).__name__ == "pybind11_type"]


def test_the_stubs_are_right(tmp_path: Path):
    # By itself, so that mypy need not read all that the package imports.
    for file in (Path(_core.__file__), STUB):
        shutil.copy(file, tmp_path)
    # pybind11's classes have a metaclass of its own, and an `__init__` (which raises) even where Python can make none.
    # A buffer has a method to show only from Python 3.12 on.
    allowlist = tmp_path / "allowlist"
    allowlist.write_text("".join(rf"_core\.{name}(\.__init__|\.__buffer__)?" + "\n" for name in CLASSES))
    command = [sys.executable, "-m", "mypy.stubtest", "_core", "--allowlist", str(allowlist), "--concise"]
    given = subprocess.run(
        [*command, "--ignore-unused-allowlist"], capture_output=True, text=True, timeout=100, cwd=tmp_path
    )
    assert given.returncode == 0, given.stdout


def test_every_class_has_its_stub():
    stub = STUB.read_text()
    assert len(CLASSES) > 10
    assert not [name for name in CLASSES if f"class {name}" not in stub]
