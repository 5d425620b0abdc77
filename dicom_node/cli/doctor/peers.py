"""Checks of the peers: do they answer, and do they offer what the configuration relies on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dicom_node.cli.doctor.finding import Finding, fail, ok, warn

if TYPE_CHECKING:
    from config.settings import Peer, Settings

PATIENCE_SECONDS = 10.0
COMMITMENT = "1.2.840.10008.1.20.1"
"""Storage Commitment Push Model SOP Class."""
VERIFICATION = "1.2.840.10008.1.1"
NO_STUDY = "2.25.1"
"""A study that nobody has: what is asked is whether an answer comes."""


def check(settings: Settings) -> Iterator[Finding]:
    """Every configured peer."""
    if not settings.peers:
        yield ok("peers", "None is configured: results stay here.")
    for name, peer in settings.peers.items():
        seconds = min(peer.timeout_seconds, PATIENCE_SECONDS)
        patient = peer.model_copy(update={"timeout_seconds": seconds})
        yield from _peer(settings, name, patient)


def _peer(settings: Settings, name: str, peer: Peer) -> Iterator[Finding]:
    from dicom_node import scu

    what = f"peer {name}"
    try:
        scu.echo(settings, peer)
    except scu.Unreachable as error:
        advice = (
            f"Is it running, is {peer.host}:{peer.port} right, does a firewall stand between, "
            f"and does it know our AE title {settings.node.ae_title}?"
        )
        is_destination = any(name in route.send_to for route in settings.routes)
        yield (fail if is_destination else warn)(what, str(error), advice)
        return
    yield ok(what, f"{peer.ae_title} at {peer.host}:{peer.port} answers C-ECHO.")
    if peer.count or peer.verify:
        yield _query(settings, name, peer)
    if peer.commitment:
        yield _commitment(settings, name, peer)


def _query(settings: Settings, name: str, peer: Peer) -> Finding:
    """C-FIND, by which instances are counted and deliveries verified."""
    from dicom_node import scu

    what = f"peer {name}, C-FIND"
    try:
        scu.count_instances(settings, peer, NO_STUDY)
    except scu.Unreachable as error:
        if peer.verify:
            advice = "Allow us to query there, or set verify = false: deliveries are never done."
            return fail(what, str(error), advice)
        advice = "Studies are complete after the quiet period instead; count = false says so."
        return warn(what, str(error), advice)
    return ok(what, "It answers queries for studies.")


def _commitment(settings: Settings, name: str, peer: Peer) -> Finding:
    """Whether Storage Commitment is offered; nothing is asked to be committed."""
    from pynetdicom.presentation import build_context

    from dicom_node import scu

    what = f"peer {name}, Storage Commitment"
    advice = "Switch it on there (see orthanc/README.md for Orthanc), or set commitment = false."
    try:
        # With Verification, which everybody takes: else a peer without it would seem absent.
        contexts = [build_context(COMMITMENT), build_context(VERIFICATION)]
        with scu.association(settings, peer, contexts) as assoc:
            offered = any(c.abstract_syntax == COMMITMENT for c in assoc.accepted_contexts)
    except scu.Unreachable as error:
        return fail(what, str(error), advice)
    if not offered:
        return fail(what, f"{peer.ae_title} does not offer it.", advice)
    return ok(what, "It is offered.")
