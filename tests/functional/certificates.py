"""Certificates as a proxy has them, made by openssl."""

from __future__ import annotations

import os
import subprocess
from datetime import datetime
from pathlib import Path

MAKE = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost"


def make_certificate(path: Path, days: int = 60) -> Path:
    """Takes the place of what is there, at once; the key is in the same file, before the certificate."""
    key, certificate = path.with_suffix(".key"), path.with_suffix(".new")
    command = [*MAKE.split(), "-days", str(days), "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    key.write_bytes(key.read_bytes() + certificate.read_bytes())
    certificate.unlink()
    os.replace(key, path)
    return path


def expiry(path: Path) -> float:
    """In seconds since 1970, as openssl tells it."""
    command = ["openssl", "x509", "-noout", "-enddate", "-dateopt", "iso_8601", "-in", str(path)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return datetime.fromisoformat(told.strip().removeprefix("notAfter=")).timestamp()
