"""Which configured peer it is that calls: by its AE title and the address it calls from."""

from __future__ import annotations

import ipaddress
import socket
import time

from config.settings import Peer, Settings
from dicom_node import logs

_NAME_SECONDS = 60.0
_names: dict[str, tuple[float, frozenset[str]]] = {}


def peer_of(settings: Settings, calling_ae: str, address: str) -> tuple[str, Peer] | None:
    """The configured peer with this AE title and its name; of several, the one at this address.

    Where they have the address in common too, it is the first of them. One that is alone with
    its title is that peer wherever it calls from: whether it may is for the receiver to say.
    """
    known = settings.peers_by_ae(calling_ae)
    if len(known) > 1:
        known = {name: peer for name, peer in known.items() if address in addresses(peer.host)}
    return next(iter(known.items()), None)


def plain_address(address: str) -> str:
    """An IP address in one spelling, so that IPv4 peers of an IPv6 socket are recognised."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return str(mapped or ip)


def addresses(host: str) -> frozenset[str]:
    """The addresses of a host by name or number; names are asked for once a minute."""
    now = time.monotonic()
    until, found = _names.get(host, (0.0, frozenset()))
    if now >= until:
        try:
            found = frozenset(plain_address(str(i[4][0])) for i in socket.getaddrinfo(host, None))
        except (OSError, UnicodeError) as error:
            logs.log().warning("a peer's name is not known", host=host, error=type(error).__name__)
            found = frozenset()
        _names[host] = (now + _NAME_SECONDS, found)
    return found
