"""Which addresses may be connected to, however they are written, and looking names up."""

from __future__ import annotations

import pytest

from mythos.alerts.notify.addresses import AddressGuard, AddressRefused, Unresolvable, resolve_by_system

PRIVATE = [
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.100.100.200", "0.0.0.0"),
    *("224.0.0.1", "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1%eth0", "fd00:ec2::254", "ff02::1"),
    *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1"),
    *("64:ff9b:1::7f00:1", "64:ff9b:1:a00:1::", "64:ff9b:1::5db8:d822", "fec0::1", "::127.0.0.1", "::169.254.169.254"),
    *("::ffff:0:127.0.0.1", "::ffff:0:10.0.0.1"),
]
PUBLIC = [
    *("93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"),
    *("::93.184.216.34", "::ffff:0:93.184.216.34"),
]


@pytest.mark.parametrize("address", PRIVATE)
async def test_addresses_that_are_not_public_are_refused(address):
    async def resolve(_host, _port):
        return [address]

    with pytest.raises(AddressRefused, match=r"alerts\.allowed_networks"):
        await AddressGuard(resolve=resolve).addresses("name.test", 80)
    with pytest.raises(AddressRefused):
        await AddressGuard().addresses(address, 80)
    assert AddressGuard().refuses(address)


@pytest.mark.parametrize("address", PUBLIC)
async def test_public_addresses_are_connected_to(address):
    assert await AddressGuard().addresses(address, 80) == [address]
    assert not AddressGuard().refuses(address)


async def test_networks_are_allowed_for_what_an_address_leads_to():
    guard = AddressGuard(["127.0.0.0/8", "::1/128", "fd00::/8", "64:ff9b:1::/48", "fec0::/10"])
    local = ("127.0.0.1", "::ffff:127.0.0.1", "::ffff:0:127.0.0.1", "::127.0.0.1")
    for address in (*local, "::1", "fd00:ec2::254", "64:ff9b:1::1", "fec0::1"):
        assert await guard.addresses(address, 80) == [address]
    assert not guard.refuses("localhost") and AddressGuard().refuses("localhost")


async def test_names_are_looked_up_by_the_system():
    assert set(await resolve_by_system("localhost", 80)) <= {"127.0.0.1", "::1"}
    with pytest.raises(Unresolvable, match="is no name of a host"):
        await AddressGuard().addresses("a" * 64 + ".test", 80)
    assert not AddressGuard().refuses("name.test")
