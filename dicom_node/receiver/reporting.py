"""Brings commitment reports to modalities that have closed their association meanwhile."""

from __future__ import annotations

import threading

from pynetdicom.presentation import build_context, build_role

from config.settings import Peer, Settings
from dicom_node import logs
from dicom_node.receiver.commitment import Report
from dicom_node.scu import Unreachable, associate
from dicom_node.statuses import SUCCESS
from dicom_node.uids import STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE

WAITS = (0.0, 5.0, 30.0, 120.0, 600.0)
"""Seconds before each try. A modality that was never told asks again by itself."""


class Reporter:
    """One thread per report; a report that nobody takes in is given up after a while."""

    def __init__(self, stop: threading.Event, waits: tuple[float, ...] = WAITS) -> None:
        self._stop = stop
        self._waits = waits

    def bring(self, report: Report, calling_ae: str, settings: Settings) -> None:
        """See to it that the peer with this AE title gets a report, over a new association."""
        found = settings.peer_by_ae(calling_ae)
        if found is None:
            logs.log().warning(
                "a commitment report cannot be brought: the peer is not configured",
                calling_ae=calling_ae,
            )
            return
        threading.Thread(
            target=self._try, args=(report, found[1], settings), name="reporter", daemon=True
        ).start()

    def _try(self, report: Report, peer: Peer, settings: Settings) -> None:
        for wait in self._waits:
            if self._stop.wait(wait):
                return
            if _report(report, peer, settings):
                return
        logs.log().warning("a commitment report was given up", ae_title=peer.ae_title)


def _report(report: Report, peer: Peer, settings: Settings) -> bool:
    """One try; whether the peer has taken it."""
    role = build_role(STORAGE_COMMITMENT, scp_role=True)
    try:
        assoc = associate(settings, peer, [build_context(STORAGE_COMMITMENT)], roles=[role])
    except Unreachable:
        return False
    try:
        status, _ = assoc.send_n_event_report(
            report.data_set, report.event_type, STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE
        )
        return bool(status.get("Status", -1) == SUCCESS.code)
    except ValueError:
        return False  # the peer did not accept that we are the provider
    finally:
        assoc.release()
