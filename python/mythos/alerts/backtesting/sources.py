"""Which past paths name: recordings, exports of Prometheus or logs, told apart by what is in them."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from mythos.alerts.backtesting.export import ExportedPast, merged, read_dump, read_matrix
from mythos.alerts.backtesting.log_series import LoggedPast
from mythos.alerts.backtesting.past import Past, PastError, RecordedPast

_HEAD = 4096
KINDS = "recordings (a directory), range exports of Prometheus or logs of the server"


def open_past(paths: Sequence[Path], interval_ms: int, labels: Mapping[str, str]) -> Past:
    """Of one kind: one directory, or files. Raises PastError, also for what cannot be read."""
    if not paths:
        raise PastError(f"there is no past: name {KINDS}")
    try:
        if any(path.is_dir() for path in paths):
            if len(paths) > 1:
                raise PastError("a directory of recordings stands for itself: name one, and nothing else")
            return RecordedPast.of(paths[0])
        kinds = {path: _kind_of(path) for path in paths}
        if len(set(kinds.values())) > 1:
            told = ", ".join(f"{path} is a {kind}" for path, kind in kinds.items())
            raise PastError(f"files of one kind are tried together: {told}")
        match next(iter(kinds.values())):
            case "log":
                return LoggedPast.read(paths, interval_ms, labels)
            case "dump":
                return ExportedPast(merged(each for path in paths for each in read_dump(path)))
            case _:
                return ExportedPast(merged(each for path in paths for each in read_matrix(path)))
    except OSError as error:
        raise PastError(str(error)) from None


def _kind_of(path: Path) -> str:
    head = _head_of(path).lstrip()
    if not head:
        raise PastError(f"{path} is empty: name {KINDS}")
    first = head.partition(b"\n")[0]
    if head.startswith((b"{__name__", b'{"__name__"')):
        return "dump"
    if b'"timestamp"' in first and b'"event"' in first:
        return "log"
    if b'"status"' in head or b'"resultType"' in head:
        return "export"
    raise PastError(f"{path} is neither a range export of Prometheus nor a log of the server")


def _head_of(path: Path) -> bytes:
    """As far as it can be read."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head.startswith(b"\x1f\x8b"):
        return head
    try:
        return zlib.decompressobj(wbits=31).decompress(head, _HEAD)
    except zlib.error as error:
        raise PastError(f"{path} is no archive: {error}") from None
