"""The URL of a receiver, as far as it is the same for all: what is one, and the credentials in it."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx


def check_url(text: str) -> None:
    """Raises ValueError, whose text has nothing of the URL: there may be a token in it."""
    try:
        parts = urlsplit(text)
        port_fits = parts.port is None or parts.port > 0
        httpx.URL(text)
    except (ValueError, httpx.InvalidURL):
        raise ValueError("is no URL such as https://example.org/hook") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_fits:
        raise ValueError("is a URL that begins with http:// or https:// and names a host")


def authorization_in(url: str) -> Mapping[str, str]:
    """The header for `https://USER:PASSWORD@...`, both of which may be percent-encoded; empty without one."""
    parsed = httpx.URL(url)
    return basic(parsed.username, parsed.password) if parsed.userinfo else {}


def basic(name: str, password: str) -> Mapping[str, str]:
    flow = httpx.BasicAuth(name, password).auth_flow(httpx.Request("GET", "http://host"))
    return {"Authorization": next(flow).headers["Authorization"]}
