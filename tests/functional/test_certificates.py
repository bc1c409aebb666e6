"""The rows "When a certificate cannot be read" of docs/reference/answers.md, and certificates that can."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import httpx

from answer_case import TABLE
from certificates import expiry, make_certificate
from mythosd import Mythosd, eventually

BEGIN = re.compile(r"(BEGIN CERTIFICATE-----\n)....")
# What makes a file that is otherwise well into one of the row's.
BREAKS: dict[str, Callable[[Path], object]] = {
    "certificate-no-file": lambda path: path.unlink(),
    "certificate-directory": lambda path: (path.unlink(), path.mkdir()),
    "certificate-too-big": lambda path: path.write_bytes(bytes(1 << 20) + path.read_bytes()),
    "certificate-none": lambda path: path.write_text(path.read_text().partition("-----BEGIN CERTIFICATE")[0]),
    "certificate-cut": lambda path: path.write_text(path.read_text()[:-80]),
    "certificate-broken": lambda path: path.write_text(BEGIN.sub(r"\1AAAA", path.read_text())),
}
ROWS = {
    row: (code, says)
    for row, code, says in re.findall(
        r"^\| (certificate-[a-z-]+) \| [^|]* \| `([a-z_]+)` \| ([^|]+) \|$", TABLE.read_text(), re.MULTILINE
    )
}


def metrics(server: Mythosd) -> dict[str, float]:
    """Those of certificates, by name and the file's name."""
    text = httpx.get(f"{server.url}/metrics", trust_env=False).text
    found = re.findall(r'^mythos_certificate_(\w+)(?:\{file=".*?([\w-]+)\.pem"\})? (\S+)$', text, re.MULTILINE)
    return {f"{name} {file}".strip(): float(value) for name, file, value in found}


def test_every_row_is_driven():
    assert ROWS.keys() == BREAKS.keys()


def test_a_certificate_is_watched_through_faults_and_renewal(tmp_path: Path, start_server: Callable[..., Mythosd]):
    files = {row: make_certificate(tmp_path / f"{row}.pem") for row in BREAKS}
    server = start_server({"monitor.certificates": [str(path) for path in files.values()]})
    well = {f"expiry_timestamp_seconds {row}": expiry(path) for row, path in files.items()}
    well |= {f"readable {row}": 1.0 for row in files}
    eventually("all are read", lambda: metrics(server) == well | {"failures_total": 0})

    for row, path in files.items():
        BREAKS[row](path)
    broken = {f"readable {row}": 0.0 for row in files} | {"failures_total": len(files)}
    eventually("all are broken", lambda: metrics(server) == broken)
    told = {line["file"]: line for line in server.log_lines() if line["event"] == "Certificate not read"}
    for row, (code, says) in ROWS.items():
        line = told[str(files[row])]
        assert (line["error_code"], line["severity"], line["level"]) == (code, "medium", "error")
        assert says in line["error"], row

    for path in files.values():
        if path.is_dir():
            path.rmdir()
        make_certificate(path, days=90)
    renewed = {f"expiry_timestamp_seconds {row}": expiry(path) for row, path in files.items()}
    assert all(at > well[name] for name, at in renewed.items())
    renewed |= {f"readable {row}": 1.0 for row in files} | {"failures_total": len(files)}
    eventually("all are renewed", lambda: metrics(server) == renewed)
    lines = [line for line in server.log_lines() if line["event"] == "Certificate read"]
    assert len(lines) == 2 * len(files)
    assert {line["file"] for line in lines} == {str(path) for path in files.values()}


def test_no_certificates_no_metrics_of_them(server: Mythosd):
    assert metrics(server) == {"failures_total": 0}
