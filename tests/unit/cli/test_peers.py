"""How a person names a peer."""

from __future__ import annotations

import pytest

from config.loader import load
from dicom_node.cli.exits import USAGE, Stop
from dicom_node.cli.node import itself, peer

SETTINGS = load(
    {
        "DICOM_NODE_PEERS__PACS__AE_TITLE": "ORTHANC",
        "DICOM_NODE_PEERS__PACS__PORT": "4242",
        "DICOM_NODE_NODE__HOST": "0.0.0.0",  # noqa: S104 - nothing listens here
    }
)


def test_a_configured_peer_by_its_name() -> None:
    """Its settings are those of the configuration."""
    name = next(iter(SETTINGS.peers))
    found, asked = peer(SETTINGS, name)
    assert (found, asked.ae_title, asked.port) == (name, "ORTHANC", 4242)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("host:104", ("host", 104, "ANY-SCP")),
        ("10.0.0.1:11112:MY AE", ("10.0.0.1", 11112, "MY AE")),
        ("[::1]:104:AE", ("::1", 104, "AE")),
    ],
)
def test_an_address(text: str, expected: tuple[str, int, str]) -> None:
    """HOST:PORT, with an AE title behind it or not."""
    _, asked = peer(SETTINGS, text)
    assert (asked.host, asked.port, asked.ae_title) == expected


@pytest.mark.parametrize("text", ["nobody", "host:", ":104", "h:99999", f"h:1:{'A' * 17}", "h:-1"])
def test_nonsense_is_wrong_usage(text: str) -> None:
    """What is neither a name nor an address is told with what there is."""
    with pytest.raises(Stop) as stopped:
        peer(SETTINGS, text)
    assert stopped.value.status == USAGE


def test_the_node_itself_is_reached_nearby() -> None:
    """A node that listens everywhere is reached on the loopback address."""
    assert itself(SETTINGS).host == "127.0.0.1"
    assert itself(SETTINGS).ae_title == "DICOM_NODE"
