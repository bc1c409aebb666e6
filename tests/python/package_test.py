"""What was installed, and what somebody is told who did not build it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import mythos

PACKAGE = Path(mythos.__file__).parent
TREE = Path(__file__).parents[2]


def test_without_the_core_an_import_gives_advice(tmp_path: Path):
    shutil.copytree(PACKAGE, tmp_path / "mythos", ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    ended = subprocess.run(
        [sys.executable, "-S", "-c", "import mythos"], cwd=tmp_path, env={}, capture_output=True, text=True
    )
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("ImportError: mythos was not built")
    assert "pip install ." in ended.stderr


def test_the_server_comes_along_as_a_program():
    mythosd = Path(sys.executable).with_name("mythosd")
    said = subprocess.run([mythosd, "--version"], capture_output=True, text=True, check=True).stdout
    assert said.strip() == f"mythosd {mythos.__version__}"


def test_building_it_asks_for_no_node():
    def steps(goal: str) -> str:
        command = ["make", "--dry-run", "--always-make", goal]
        return subprocess.run(command, cwd=TREE, capture_output=True, text=True, check=True).stdout

    assert "npm" in steps("test"), "or this would not see it"
    assert "pip install" in steps("package") and not {"npm", "node"} & set(re.findall(r"\w+", steps("package")))


def test_it_is_typed_and_complete():
    files = {str(file) for file in distribution("mythos").files or []}
    assert {"mythos/py.typed", "mythos/_core.pyi", "mythos/server.py", "mythos/testing/plugin.py"} <= files
    assert any(name.startswith("mythos/_core.") and name.endswith(".so") for name in files)
    needs_of_tests = [each for each in distribution("mythos").requires or [] if "pytest" in each or "node" in each]
    assert not needs_of_tests
