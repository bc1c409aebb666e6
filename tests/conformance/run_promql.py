"""Holds the alerts' expression engine to a real Prometheus (2.42 or newer, by its HTTP API).

    python tests/conformance/run_promql.py [--count 5000] [--seed 1] [--prometheus prometheus]

Both are given the same samples, Prometheus by remote write; generated expressions are answered by both at the same
instants, and must agree: labels and emptiness exactly, values within 1e-9 (relative), errors as errors. The last line
is `promql: N passed, M failed`.
"""

from __future__ import annotations

import argparse
import math
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import promql_series
from promql_expressions import Maker

from mythos.alerts.expression import EvaluationError, ExpressionError, Scalar, parse_expression
from mythos.alerts.series import SeriesStore

RELATIVE = 1e-9
# What is left where two values cancel each other out, in sums that are formed in another order.
ABSOLUTE = 1e-12
START_TIMEOUT_S = 60
Answer = tuple[str, Any]


class Prometheus:
    def __init__(self, command: str, directory: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        config = Path(directory) / "prometheus.yml"
        config.write_text("global: {evaluation_interval: 1m}\n")
        self.log = (Path(directory) / "log").open("w+")
        self.process = subprocess.Popen(
            [
                command,
                f"--config.file={config}",
                f"--storage.tsdb.path={directory}/data",
                "--storage.tsdb.retention.time=100y",
                f"--web.listen-address={self.address}",
                "--web.enable-remote-write-receiver",
                "--enable-feature=promql-negative-offset,promql-at-modifier",
            ],
            stderr=self.log,
        )
        self.client = httpx.Client(base_url=f"http://{self.address}", timeout=30, trust_env=False)

    def wait(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if self.client.get("/-/ready").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        self.log.seek(0)
        raise SystemExit(f"no Prometheus:\n{self.log.read()[-2000:]}")

    def write(self, recorded: promql_series.Recorded) -> int:
        samples = list(recorded.samples())
        for begin in range(0, len(samples), 2_000):
            response = self.client.post(
                "/api/v1/write",
                content=promql_series.write_request(samples[begin : begin + 2_000]),
                headers={"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf"},
            )
            if response.status_code >= 300:
                raise SystemExit(f"Prometheus refused samples: {response.text}")
        return len(samples)

    def answer(self, expression: str, at_ms: int) -> Answer:
        body = {"query": expression, "time": f"{at_ms / 1000:.3f}"}
        response = self.client.post("/api/v1/query", data=body).json()
        if response["status"] != "success":
            return "refused" if response["errorType"] == "bad_data" else "error", response["error"]
        data = response["data"]
        if data["resultType"] == "scalar":
            return "scalar", float(data["result"][1])
        return "vector", [(tuple(sorted(one["metric"].items())), float(one["value"][1])) for one in data["result"]]

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def engine_answer(store: SeriesStore, expression: str, at_ms: int) -> Answer:
    try:
        found = parse_expression(expression).evaluate(store, at_ms)
    except ExpressionError as error:
        return "refused", str(error)
    except EvaluationError as error:
        return "error", str(error)
    if isinstance(found, Scalar):
        return "scalar", found.value
    return "vector", [(tuple(sorted(labels.items())), value) for labels, value in found]


def is_near(a: float, b: float) -> bool:
    if math.isnan(a) or math.isnan(b) or math.isinf(a) or math.isinf(b):
        return a == b or (math.isnan(a) and math.isnan(b))
    return abs(a - b) <= max(RELATIVE * max(abs(a), abs(b)), ABSOLUTE)


def agree(expression: str, expected: Answer, found: Answer) -> bool:
    """What either refuses to parse is none of the subset."""
    if expected[0] == "refused":
        return False
    if expected[0] != found[0] or expected[0] == "error":
        return expected[0] == found[0]
    if expected[0] == "scalar":
        return is_near(expected[1], found[1])
    if expression.startswith("sort") and not all(
        is_near(a[1], b[1]) for a, b in zip(expected[1], found[1], strict=False)
    ):
        return False
    left, right = dict(expected[1]), dict(found[1])
    return left.keys() == right.keys() and all(is_near(value, right[labels]) for labels, value in left.items())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--prometheus", default="prometheus")
    options = parser.parse_args()
    recorded = promql_series.record(options.seed)
    store = recorded.store()
    rng = random.Random(options.seed)
    maker = Maker(options.seed, range(promql_series.START_MS // 1000 + 75 * 60, promql_series.END_MS // 1000, 60))
    kinds: Counter[str] = Counter()
    failed = 0
    with tempfile.TemporaryDirectory() as directory:
        prometheus = Prometheus(options.prometheus, directory)
        try:
            prometheus.wait()
            samples = prometheus.write(recorded)
            for _ in range(options.count):
                expression = maker.expression()
                at_ms = promql_series.START_MS + rng.randrange(75 * 60, 154 * 60) * 1000 + 500
                expected = prometheus.answer(expression, at_ms)
                found = engine_answer(store, expression, at_ms)
                kinds["empty" if expected[1] == [] else expected[0]] += 1
                if not agree(expression, expected, found):
                    failed += 1
                    print(f"{expression}\n  at {at_ms}\n  Prometheus: {expected}\n  the engine: {found}")
        finally:
            prometheus.stop()
    print(f"{samples} samples of {store.counts.series} series, seed {options.seed}; {dict(kinds)}")
    print(f"promql: {options.count - failed} passed, {failed} failed")
    return 1 if failed or options.count < 1 else 0


if __name__ == "__main__":
    sys.exit(main())
