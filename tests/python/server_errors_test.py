"""`server.errors`: what went wrong in the server, and what the application records of its own."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from mythos import Server, ServerStopped


def test_the_applications_own_are_counted_kept_and_logged(capfd: pytest.CaptureFixture[str]) -> None:
    before = datetime.now(UTC)
    with Server(listen="127.0.0.1:0", drain={"spread_ms": 0}) as server:
        for shop in (7, 8):
            server.errors.record("system_error", "high", "the shop is down", code="shop_down", player="ann", shop=shop)
        assert httpx.get(f"{server.url}/nowhere", trust_env=False).status_code == 404
        theirs, newer, older = server.errors.recent()
        assert (theirs.type, theirs.error_code, theirs.player_id) == ("validation_error", "not_found", None)
        assert (newer.type, newer.severity, newer.fingerprint) == ("system_error", "high", "system_error/shop_down")
        assert (newer.player_id, newer.session_id, newer.details) == ("ann", None, {"shop": 8})
        assert newer.message == "Application error: the shop is down" and older.details == {"shop": 7}
        assert (newer.at - before).total_seconds() > -1
        assert len(server.errors.recent(1)) == 1
        statistics = server.errors.statistics
        assert statistics["error_breakdown"] == {"system_error_high": 2, "validation_error_low": 1}
        assert statistics["fingerprints"][0]["count"] == 2
        text = httpx.get(f"{server.url}/metrics", trust_env=False).text
        assert 'mythos_errors_total{type="system_error",severity="high"} 2' in text
    line = next(line for line in capfd.readouterr().err.splitlines() if '"error_code":"shop_down"' in line)
    assert '"level":"error"' in line and '"player_id":"ann"' in line


def test_what_cannot_be_recorded() -> None:
    server = Server(listen="127.0.0.1:0", drain={"spread_ms": 0})
    for faulty in (("x", "high"), ("system_error", "x")):
        with pytest.raises(ValueError, match="no such"):
            server.errors.record(*faulty, "text")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="characters"):
        server.errors.record("system_error", "low", "text", code="")
    with pytest.raises(ValueError, match="bytes"):
        server.errors.record("system_error", "low", "text", long="x" * 5_000)
    with pytest.raises(TypeError):
        server.errors.record("system_error", "low", "text", what=object())
    with pytest.raises(ServerStopped):
        server.errors.record("system_error", "low", "text")
