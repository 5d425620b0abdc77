"""Decides who may open an association: by AE titles, addresses and how many are open."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Literal

from config.settings import Peer, Settings
from dicom_node.peers import addresses, plain_address
from dicom_node.receiver.negotiation import APPLICATION_CONTEXT, Request
from dicom_node.receiver.seats import Seats
from dicom_node.statuses import Rejection


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Why a request for an association is rejected: for the peer, and for a person."""

    rejection: Rejection
    because: str


def is_checked(setting: bool | Literal["auto"], listening_on: str) -> bool:
    """Whether a check is on; "auto" means that only loopback needs none."""
    if setting == "auto":
        return not ipaddress.ip_address(plain_address(listening_on)).is_loopback
    return setting


def object_to(
    request: Request, settings: Settings, *, listening_on: str, address: str
) -> Refusal | None:
    """Why this peer may not open an association, or None."""
    if not request.protocol_version & 1:
        return Refusal(rejection=Rejection.PROTOCOL_VERSION, because="unknown protocol version")
    if request.application_context != APPLICATION_CONTEXT:
        return Refusal(
            rejection=Rejection.APPLICATION_CONTEXT, because="unknown application context"
        )
    ours = settings.node.ae_title.strip()
    if is_checked(settings.receiver.check_called_ae, listening_on) and request.called_ae != ours:
        return Refusal(rejection=Rejection.CALLED_AE, because=f"our AE title is {ours}")
    if is_checked(settings.receiver.check_calling_ae, listening_on):
        return _object_to_calling(request, settings, address)
    return None


def _object_to_calling(request: Request, settings: Settings, address: str) -> Refusal | None:
    known = settings.peers_by_ae(request.calling_ae).values()
    if not known:
        because = "its AE title is not that of a configured peer"
    elif not any(address in addresses(peer.host) for peer in known):
        because = "its AE title is configured with another address"
    else:
        return None
    return Refusal(rejection=Rejection.CALLING_AE, because=because)


class Admission:
    """The seats one association holds; a connection that has not asked for one holds none."""

    def __init__(self, seats: Seats, settings: Settings, address: str) -> None:
        self._seats = seats
        self._settings = settings
        self._address = address
        self._taken: list[int] = []

    def take(self, peer: tuple[str, Peer] | None) -> bool:
        """Whether one more association may be had, from this address and peer; it is had then."""
        receiver = self._settings.receiver
        return (
            self._take("all", receiver.max_associations)
            and self._take(f"address {self._address}", receiver.max_associations_per_peer)
            and (peer is None or self._take_for(*peer))
        )

    def _take_for(self, name: str, peer: Peer) -> bool:
        return peer.max_associations is None or self._take(f"peer {name}", peer.max_associations)

    def leave(self) -> None:
        """Give everything back."""
        while self._taken:
            self._seats.leave(self._taken.pop())

    def _take(self, name: str, limit: int) -> bool:
        seat = self._seats.take(name, limit)
        if seat is None:
            return False
        self._taken.append(seat)
        return True
