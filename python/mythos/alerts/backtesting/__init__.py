"""Rules over the past: when they would have fired, beside those in force."""

from mythos.alerts.backtesting.outcome import Backtest, Firing, History, Pending, Row, RuleNote
from mythos.alerts.backtesting.past import PastError
from mythos.alerts.backtesting.run import backtest
from mythos.alerts.backtesting.suggest import Suggestion, suggest

__all__ = [
    "Backtest",
    "Firing",
    "History",
    "PastError",
    "Pending",
    "Row",
    "RuleNote",
    "Suggestion",
    "backtest",
    "suggest",
]
