"""For tests of applications on Mythos: a server, clients, and a proxy that cuts single wires.

As a pytest plugin (installed with the package) it offers the fixtures of `mythos.testing.plugin`; its classes are as
useful elsewhere.
"""

from mythos.testing.link_proxy import LinkProxy
from mythos.testing.links import Lane
from mythos.testing.server_process import ServerProcess

__all__ = ["Lane", "LinkProxy", "ServerProcess"]
