"""Compressed objects, and how fast small ones go out to a stock peer."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import UID, ExplicitVRLittleEndian, RLELossless

from bench.phantoms import ct_head, encode
from tests.integration.sender.conftest import MakeNode, peer, post
from tests.peers.chaos import UNCOMPRESSED, FaultyPACS, Script
from tests.peers.dcmtk import StoreSCP
from tests.peers.processes import wait_for


@pytest.mark.parametrize("takes", ["compressed", "native"])
def test_a_compressed_object_goes_as_it_is_unless_the_peer_refuses_that(
    sending: MakeNode, takes: str
) -> None:
    """It is decompressed for a peer that wants it so, and stays the same instance."""
    (ds,) = encode(ct_head(seed=76 + len(takes), size=32, slices=1), "rle")
    script = Script(transfer_syntaxes=UNCOMPRESSED) if takes == "native" else Script()
    with FaultyPACS(script) as pacs:
        node = sending(pacs=peer(pacs))
        post(node, [ds])
        wait_for(lambda: pacs.kept, 10)
        (stored,) = pacs.stored
        assert stored.SOPInstanceUID == ds.SOPInstanceUID
        assert (stored.TransferSyntaxUID == RLELossless) == (takes == "compressed")


@pytest.mark.parametrize("bits", [16, 1])
@pytest.mark.parametrize("wanted", [True, False])
def test_a_peer_that_wants_it_gets_pixels_in_rle(
    sending: MakeNode, wanted: bool, bits: int
) -> None:
    """Pixels of bytes are compressed for it alone; a binary segmentation stays as it is."""
    (ds,) = ct_head(seed=178 + wanted + bits, size=32, slices=1)
    if bits == 1:
        ds.BitsAllocated = ds.BitsStored = 1
        ds.HighBit, ds.PixelData = 0, bytes(32 * 32 // 8)
    with FaultyPACS(Script()) as pacs:
        node = sending(pacs={**peer(pacs), "rle": wanted})
        post(node, [ds])
        wait_for(lambda: pacs.kept, 10)
        (stored,) = pacs.stored
        assert (stored.TransferSyntaxUID == RLELossless) == (wanted and bits == 16)


def test_a_decompressed_object_is_the_same_picture(sending: MakeNode, tmp_path: Path) -> None:
    """What a peer gets in place of the compressed object is pixel for pixel the same."""
    (plain,) = ct_head(seed=78, size=32, slices=1)
    wanted = plain.pixel_array.copy()
    (ds,) = encode([plain], "rle")
    # Without +xa storescp takes uncompressed objects only.
    with StoreSCP(tmp_path / "scp", ae_title="STOCK", options=["--fork", "-pdu", "65536"]) as scp:
        node = sending(pacs={"ae_title": "STOCK", "port": scp.port, "count": False})
        post(node, [ds])
        wait_for(scp.files, 10)
        time.sleep(0.2)
        (found,) = scp.files()
    received = dcmread(found, force=True)
    assert received.SOPInstanceUID == ds.SOPInstanceUID
    assert received.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert np.array_equal(received.pixel_array, wanted)


def test_a_stock_peer_gets_small_objects_at_full_speed(sending: MakeNode, tmp_path: Path) -> None:
    """A storescp that leaves Nagle's algorithm on does not wait 40 ms for each of our messages."""
    datasets = ct_head(seed=79, size=32, slices=150)
    for number, ds in enumerate(datasets):
        ds.SOPInstanceUID = UID(f"{ds.SOPInstanceUID[:50]}.{number}")
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    folder = tmp_path / "scp"
    with StoreSCP(folder, ae_title="STOCK", options=["--fork"], nodelay=False) as scp:
        node = sending(pacs={"ae_title": "STOCK", "port": scp.port, "count": False})
        post(node, datasets)
        wait_for(lambda: len(scp.files()) == 150, 20)
        times = sorted(path.stat().st_mtime for path in scp.files())
    rate = 149 / (times[-1] - times[0])
    assert rate > 40, f"{rate:.0f} objects a second"  # 23 with the delay; some hundred when idle
    print(f"{rate:.0f} objects a second")
