"""Texts that nobody may see: passwords, tokens, URLs with a token in them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SECRET_BYTES_MAX = 65_536
HIDDEN = "<secret>"

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class SecretMissing(Exception):
    """A secret's file cannot be read, or its variable is not set; the text says which, and nothing of any secret."""


@dataclass(frozen=True, repr=False)
class Secret:
    """One secret: given in the configuration, with `${NAME}` for environment variables, or the content of a file.

    A file is read each time, so that whoever writes a new one need not restart the server. Printed it is `<secret>`.
    """

    text: str = ""
    file: Path | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, compare=False)

    def reveal(self) -> str:
        """The secret itself, without the blanks around it. Raises SecretMissing."""
        if self.file is None:
            return _VARIABLE.sub(self._variable, self.text)
        try:
            with self.file.open(encoding="utf-8") as file:
                text = file.read(SECRET_BYTES_MAX).strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise SecretMissing(f"the secret's file {self.file} cannot be read: {reason}") from None
        if not text:
            raise SecretMissing(f"the secret's file {self.file} is empty")
        return text

    def _variable(self, match: re.Match[str]) -> str:
        value = self.environment.get(match[1])
        if value is None:
            raise SecretMissing(f"the environment variable {match[1]} is not set")
        return value

    def __repr__(self) -> str:
        return HIDDEN

    __str__ = __repr__
