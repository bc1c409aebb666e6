"""Which addresses a notification may go to, and connecting to just the one that was checked.

A receiver's URL is written by people, and its name is resolved by servers of others: without a check, whoever controls
either could have this server call its own neighbours, or the cloud's metadata. So the addresses are checked after the
name is resolved, and the connection goes to the very address that was checked; a name that resolves otherwise a moment
later (DNS rebinding) gains nothing. TLS and the Host header keep the name.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from typing import TypeAlias

import httpcore

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]

# The last 32 bits are the IPv4 address that is reached: NAT64 (RFC 6052), IPv4-compatible (RFC 4291), SIIT (RFC 2765).
_EMBEDDING = [ipaddress.IPv6Network(text) for text in ("64:ff9b::/96", "::/96", "::ffff:0:0:0/96")]
_ITSELF = [ipaddress.IPv6Address(text) for text in ("::", "::1")]
# Private ones that the standard library takes for public: NAT64 within a site (RFC 8215), site-local (RFC 3879).
_PRIVATE = [ipaddress.IPv6Network(text) for text in ("64:ff9b:1::/48", "fec0::/10")]


class AddressRefused(Exception):
    """The address is a private one, and not in the networks that are allowed."""


class Unresolvable(Exception):
    """The name has no address, now."""


async def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, in the system's order. Raises OSError and UnicodeError.

    On a thread that nobody waits for at the program's end, as for those of an executor: a lookup may take minutes.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[str]] = loop.create_future()

    def look_up() -> None:
        found: list[str] | Exception
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found = list(dict.fromkeys(str(address[0]) for *_, address in rows))
        except (OSError, UnicodeError) as error:
            found = error
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(tell, found)

    def tell(found: list[str] | Exception) -> None:
        if answer.done():  # given up
            return
        if isinstance(found, Exception):
            answer.set_exception(found)
        else:
            answer.set_result(found)

    threading.Thread(target=look_up, name="mythos-alerts-dns", daemon=True).start()
    return await answer


class AddressGuard:
    """Any thread; immutable. `allowed` are networks such as 10.0.0.0/8. Raises ValueError for one that is none."""

    def __init__(self, allowed: Iterable[str] = (), resolve: Resolve = resolve_by_system) -> None:
        self._allowed = [_network(text) for text in allowed]
        self._resolve = resolve

    async def addresses(self, host: str, port: int) -> list[str]:
        """Those of a host that may be connected to. Raises AddressRefused, where there is none, and Unresolvable."""
        try:
            found = [host] if _is_address(host) else await self._resolve(host, port)
        except OSError as error:
            raise Unresolvable(f"{host} cannot be resolved: {error.strerror or error}") from None
        except UnicodeError:
            raise Unresolvable(f"{host} is no name of a host") from None
        if not found:
            raise Unresolvable(f"{host} has no address")
        good = [address for address in found if self._may(address)]
        if not good:
            raise AddressRefused(
                f"{host} is at {', '.join(found)}, which is not a public address; allow its network if that is meant "
                "(alerts.allowed_networks)"
            )
        return good

    def refuses(self, host: str) -> bool:
        """Whether it is certain already that it would be refused: an address, or the host's own name."""
        return not self._may("127.0.0.1" if host == "localhost" else host) if _is_literal(host) else False

    def _may(self, text: str) -> bool:
        address = _unwrapped(ipaddress.ip_address(text.partition("%")[0]))
        if any(address.version == network.version and address in network for network in self._allowed):
            return True
        return address.is_global and not address.is_multicast and not any(address in network for network in _PRIVATE)


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"{text} is no network such as 10.0.0.0/8") from None
    address = ipaddress.ip_address(text.partition("/")[0])
    if address != network.network_address:
        raise ValueError(
            f"{text} is one address of a network; write {network}, or {address}/{network.max_prefixlen} for it alone"
        )
    return network


def _is_literal(host: str) -> bool:
    return host == "localhost" or _is_address(host)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _unwrapped(address: Address) -> Address:
    """The IPv4 address that an IPv6 one leads to."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address not in _ITSELF and any(address in network for network in _EMBEDDING):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return inner or address
    return address


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """httpcore's connections, to checked addresses alone."""

    def __init__(self, guard: AddressGuard) -> None:
        self._guard = guard
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  (httpcore's own signature)
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        async with asyncio.timeout(timeout):
            addresses = await self._guard.addresses(host, port)
        last: Exception | None = None
        for address in addresses:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        assert last is not None
        raise last

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise AddressRefused("a socket of the file system is no address of a receiver")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def connected_socket(guard: AddressGuard, host: str, port: int) -> socket.socket:
    """A socket connected to a checked address, for the caller to close. Raises OSError and what the guard raises."""
    loop = asyncio.get_running_loop()
    last: OSError | None = None
    for address in await guard.addresses(host, port):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        connection = socket.socket(family, socket.SOCK_STREAM)
        connection.setblocking(False)
        try:
            await loop.sock_connect(connection, (address, port))
            return connection
        except OSError as error:
            connection.close()
            last = error
        except BaseException:
            connection.close()
            raise
    assert last is not None
    raise last


def client_tls(
    *, ca_file: str | None, cert_file: str | None, key_file: str | None, insecure_skip_verify: bool
) -> ssl.SSLContext:
    """Raises OSError where a file cannot be read."""
    context = ssl.create_default_context(cafile=ca_file)
    if cert_file is not None:
        context.load_cert_chain(cert_file, key_file)
    if insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
