"""Real peers for the tests: each is a process on free ports of the loopback address."""

from tests.peers.dcmtk import StoreSCP, echoscu, storescu
from tests.peers.orthanc import Orthanc
from tests.peers.processes import PeerError, Server, free_port, listening, wait_for

__all__ = [
    "Orthanc",
    "PeerError",
    "Server",
    "StoreSCP",
    "echoscu",
    "free_port",
    "listening",
    "storescu",
    "wait_for",
]
