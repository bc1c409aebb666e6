"""Mythos keeps a player on two wires at once and shows the application one ordered stream."""

try:
    from mythos._core import __version__
except ImportError as error:
    raise ImportError(
        "mythos was not built: its compiled core, mythos._core, is missing or was made for another Python. "
        "Run `pip install .` in the source tree, or install a wheel for this Python."
    ) from error

__all__ = ["__version__"]
