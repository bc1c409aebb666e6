"""The rows "When a certificate cannot be read" of docs/reference/answers.md, and certificates that can."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import httpx

from answer_case import TABLE
from certificates import expiry, make_certificate
from mythosd import Mythosd, eventually

NOT_READ = "Certificate not read"
BEGIN = re.compile(rb"(BEGIN CERTIFICATE-----\n)....")


def swap(path: Path, change: Callable[[bytes], bytes]) -> None:
    """At once, so that nobody sees it half written."""
    new = path.with_suffix(".new")
    new.write_bytes(change(path.read_bytes()))
    new.replace(path)


def lead_to_a_directory(path: Path) -> None:
    link = path.with_suffix(".link")
    link.symlink_to(path.parent)
    link.replace(path)


# What makes a file that is otherwise well into one of the row's.
BREAKS: dict[str, Callable[[Path], object]] = {
    "certificate-no-file": Path.unlink,
    "certificate-directory": lead_to_a_directory,
    "certificate-too-big": lambda path: swap(path, lambda pem: bytes(1 << 20) + pem),
    "certificate-none": lambda path: swap(path, lambda pem: pem.partition(b"-----BEGIN CERTIFICATE")[0]),
    "certificate-cut": lambda path: swap(path, lambda pem: pem[:-80]),
    "certificate-broken": lambda path: swap(path, lambda pem: BEGIN.sub(rb"\1AAAA", pem)),
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
    for row, (code, says) in ROWS.items():
        line = server.wait_log(
            f"that of {row}", lambda line, file=str(files[row]): (line["event"], line.get("file")) == (NOT_READ, file)
        )
        assert (line["error_code"], line["severity"], line["level"]) == (code, "medium", "error")
        assert says in line["error"], row

    for path in files.values():
        make_certificate(path, days=90)
    renewed = {f"expiry_timestamp_seconds {row}": expiry(path) for row, path in files.items()}
    assert all(at > well[name] for name, at in renewed.items())
    renewed |= {f"readable {row}": 1.0 for row in files} | {"failures_total": len(files)}
    eventually("all are renewed", lambda: metrics(server) == renewed)
    eventually(
        "each reading is told",
        lambda: sorted(line["file"] for line in server.log_lines() if line["event"] == "Certificate read")
        == sorted(2 * [*map(str, files.values())]),
    )


def test_no_certificates_no_metrics_of_them(server: Mythosd):
    assert metrics(server) == {"failures_total": 0}
