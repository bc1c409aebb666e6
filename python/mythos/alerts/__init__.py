"""Alert rules: Prometheus' files evaluated over the server's own series, and the ways out to people.

`backtest` tries proposed rules on the past, and `suggest` learns thresholds from it: `mythos.alerts.backtesting`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mythos.alerts.backtesting import Backtest, Suggestion, backtest, suggest

__all__ = ["Backtest", "Suggestion", "backtest", "suggest"]


def __getattr__(name: str) -> Any:
    """Not before it is asked for: a server needs none of it."""
    if name in __all__:
        from mythos.alerts import backtesting

        return getattr(backtesting, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
