"""Holds live servers to docs/api/openapi.yaml by schemathesis: mythosd, and the game, as `mythos serve` serves it.

    python tests/conformance/run_contract.py build/release/mythosd .venv/bin/mythos --seconds 90 --seed 1

Every route but the streams is asked what the document allows and what it does not; what the document does not say of an
answer is a failure. The routes that end a server are asked last, by themselves. The last line is
`contract: N passed, N failed`: operations, of both servers.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests" / "functional"))
from contract import DOCUMENT_FILE, document  # noqa: E402
from mythosd import Mythosd  # noqa: E402

STREAMS = "/(api/ws|ws/|api/events|sse/|monitoring/stream)"
ENDS = "/drain$"
COMMANDS = ["subscribe", "unsubscribe", "publish", "ping", "presence", "history", "promote", "ack", "refresh"]
GAMES_COMMANDS = ["enter", "look", "go", "say", "tell", "who"]
# What is too long is refused by 413, and a faulty command in its reply, by an answer of 200. That a channel is no more
# than 256 bytes is a format, of which what is made to break it may be none the less. What a matcher is, and that a
# silence ends after it begins, no schema says; what a filter is beyond that, any text may be.
CONFIG = """
[checks.negative_data_rejection]
expected-statuses = ["400", "404", "413", "415"]

[parameters]
"query.session_id" = {session}

[[operations]]
include-name = "POST /api/commands"
checks.negative_data_rejection.expected-statuses = ["200", "400", "410", "413", "415"]

[[operations]]
include-path-regex = "/api/v2/"
checks.negative_data_rejection.expected-statuses = ["200", "400", "404", "413", "415", "431"]
checks.positive_data_acceptance.expected-statuses = ["200", "400", "404", "431"]

[[operations]]
include-path-regex = "/api/(history|presence)/"
checks.negative_data_rejection.expected-statuses = ["200", "400", "404"]
"""


class Check:
    """One server, and what schemathesis found there."""

    def __init__(self, server: Mythosd, commands: list[str], seed: int) -> None:
        self.server = server
        self.seed = seed
        with httpx.Client(base_url=server.url, trust_env=False) as http:
            epoch = http.get("/api/connections/stats").json()["journal"]["epoch"]
            session = http.post("/api/connections/ann/session", json={}).json()["session_id"]
        self.config = server.directory / "schemathesis.toml"
        self.config.write_text(CONFIG.format(session=json.dumps(session)))
        self.environment = {
            **os.environ,
            "SCHEMATHESIS_HOOKS": "contract_hooks",
            "PYTHONPATH": str(HERE),
            "MYTHOS_EPOCH": epoch,
            "MYTHOS_COMMANDS": ",".join(commands),
        }
        self.passed = self.failed = 0
        self.asked: set[str] = set()

    def run(self, *selection: str, seconds: int) -> None:
        report = self.server.directory / "report.ndjson"
        command = [
            str(Path(sys.executable).with_name("st")),
            "--config-file",
            str(self.config),
            "run",
            str(DOCUMENT_FILE),
        ]
        told = subprocess.run(
            [
                *(*command, "--url", self.server.url, *selection, "--max-time", str(seconds), "--seed", str(self.seed)),
                *("--phases", "examples,coverage,fuzzing", "-n", "25", "--generation-database", "none"),
                *("--no-color", "--warnings", "off", "--report-ndjson-path", str(report)),
            ],
            cwd=self.server.directory,
            env=self.environment,
            timeout=4 * seconds + 120,
        )
        asked: dict[str, bool] = {}
        for line in report.read_text().splitlines():
            ended = json.loads(line).get("ScenarioFinished")
            if ended and ended["recorder"].get("cases"):
                label = ended["recorder"]["label"]
                asked[label] = asked.get(label, True) and ended["status"] == "success"
        self.passed += sum(asked.values())
        self.failed += len(asked) - sum(asked.values())
        if told.returncode != 0 and all(asked.values()):
            self.failed += 1  # it found something that is no operation's, or broke off
        self.asked |= asked.keys()


def operations() -> set[str]:
    """Every operation of the document but the streams."""
    paths = {path: methods for path, methods in document()["paths"].items() if not re.match(STREAMS, path)}
    return {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("mythosd", type=Path)
    arguments.add_argument("mythos", type=Path)
    arguments.add_argument("--seconds", type=int, default=90, help="at most, for each of the two servers")
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    programs = [
        ([str(given.mythosd.resolve())], COMMANDS),
        ([str(given.mythos.resolve()), "serve", "--demo", "--bots", "0"], COMMANDS + GAMES_COMMANDS),
    ]
    passed = failed = 0
    for program, commands in programs:
        with tempfile.TemporaryDirectory() as directory:
            # Long enough for the session that commands are posted to.
            server = Mythosd(Path(directory), {"session.grace_s": 3600}, program=program).start()
            try:
                check = Check(server, commands, given.seed)
                check.run("--exclude-path-regex", f"^({STREAMS}|{ENDS})", seconds=given.seconds)
                if any(re.match(ENDS, path) for path in document()["paths"]):
                    check.run("--include-path-regex", f"^{ENDS}", seconds=10)
            finally:
                server.stop()
        for operation in sorted(operations() - check.asked):
            print(f"{operation} was not asked of {program[0]} in {given.seconds} s")
            failed += 1
        passed, failed = passed + check.passed, failed + check.failed
    print(f"contract: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
