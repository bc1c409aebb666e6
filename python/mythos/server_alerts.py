"""What a server asks of its alert rules before it starts. numpy and more are loaded for those alone who have rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mythos.errors import ConfigError, StartFailed
from mythos.settings import Settings

if TYPE_CHECKING:
    from mythos.alerts.setup import AlertFiles


def alert_files(settings: Settings) -> AlertFiles | None:
    """What a server with these settings evaluates and whom it tells; None where it has no rules.

    Raises ConfigError with every fault of the rule files and of the notification file.
    """
    if not [name for name in settings.alerts.rules if name != "auto"]:
        return None
    from mythos.alerts import setup

    return setup.load_files(settings)


def files_to_start_with(settings: Settings) -> AlertFiles | None:
    """The same; raises StartFailed."""
    try:
        return alert_files(settings)
    except ConfigError as error:
        raise StartFailed("bad_config", "\n".join(error.complaints)) from None
