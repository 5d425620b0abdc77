"""`make chaos`: kills the node at random for a while, and counts that nothing was lost.

    python -m tests.chaos --minutes 5 [--seed 7]

Studies go to a real node without a pause. Every second or so a process of it, chosen by chance,
is ended by SIGKILL: a receiver, assembly, a worker, the sender, the page, the supervisor with all
of them, or the PACS. At the end everything acknowledged must be stored, every result must be in the
PACS exactly once, and the modality must have been told about every commitment it was promised.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from tests.acceptance.conftest import pacs
from tests.acceptance.studies import all_delivered, files, headers, insist, small_ct, uid_of
from tests.node import Node
from tests.peers.modality import Modality
from tests.peers.orthanc import Orthanc
from tests.peers.processes import free_port, wait_for

ROLES = ("receiver", "assembly", "worker", "sender", "gateway", "supervisor", "pacs")


def main() -> int:
    """Run it; the exit status is 0 where nothing was lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--every", type=float, default=1.5, help="seconds between two kills")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        return Chaos(Path(folder), args.seed, args.every).run(args.minutes * 60)


class Chaos:
    """A node and a PACS, somebody who sends, and somebody who kills."""

    def __init__(self, folder: Path, seed: int, every: float) -> None:
        self.folder, self.seed, self.every = folder, seed, every
        self.chance = random.Random(seed)
        port = free_port()
        self.orthanc = Orthanc(folder / "orthanc", node_port=port)
        self.modality = Modality()
        self.node = Node(
            folder / "node",
            node={"port": port},
            assembly={"quiet_seconds": 1.0},
            peers={"pacs": pacs(self.orthanc), "modality": self.modality.as_peer},
            routes=[{"name": "all", "pipelines": ["intake-check"], "send_to": ["pacs"]}],
        )
        self.sent: dict[str, int] = {}
        self.promised: dict[str, str] = {}
        """The transactions of commitment requests, by study."""
        self.killed: Counter[str] = Counter()
        self.over = threading.Event()

    def run(self, seconds: float) -> int:
        """Send and kill for so long, then wait until all is done, and count."""
        print(f"chaos for {seconds:.0f} s, seed {self.seed}", flush=True)
        self.orthanc.start()
        self.modality.start()
        self.node.start()
        sender = threading.Thread(target=self._send, name="sending")
        sender.start()
        try:
            ending = time.monotonic() + seconds
            while time.monotonic() < ending and sender.is_alive():
                time.sleep(self.chance.uniform(0.2, 2 * self.every))
                self._kill(self.chance.choice(ROLES))
            self.over.set()
            sender.join()
            return self._count()
        finally:
            self.over.set()
            self.node.kill()
            self.modality.stop()
            self.orthanc.kill()

    def _send(self) -> None:
        seed = self.seed
        while not self.over.is_set():
            seed += 1
            study = small_ct(seed, slices=self.chance.randint(1, 8))
            paths = files(study, self.folder / "studies" / str(seed))
            insist(paths, self.node.port, seconds=120)
            self.sent[uid_of(paths)] = len(paths)
            self.promised[uid_of(paths)] = self.modality.insist(
                self.node.port, headers(paths), seconds=120
            )

    def _kill(self, role: str) -> None:
        self.killed[role] += 1
        if role == "pacs":
            self.orthanc.kill()
            self.orthanc.start()
        elif role == "supervisor":
            self.node.kill()
            self.node.start()
        else:
            self.node.kill_role(role)

    def _count(self) -> int:
        kills = ", ".join(f"{role} {count}" for role, count in sorted(self.killed.items()))
        print(f"killed: {kills}\nsent: {len(self.sent)} studies", flush=True)
        problems = []
        for study, instances in self.sent.items():
            story = self.node.wait_for_study(study, 120)
            wait_for(lambda study=study: all_delivered(self.node, study), 60, "the delivery")  # type: ignore[misc] # mypy loses the default's type
            if story["study"]["instances"] != instances:
                problems.append(f"{study}: {story['study']['instances']} of {instances} instances")
            reports = self.orthanc.find(StudyInstanceUID=study, Modality="SR")
            made = {row["SOPInstanceUID"] for row in self.node.story(study)["deliveries"]}
            there = sorted(self.orthanc.dicom_tags(each)["SOPInstanceUID"] for each in reports)
            if there != sorted(made):
                problems.append(f"{study}: {len(made)} reports made, {len(there)} in the PACS")
        problems += self._untold()
        total = sum(self.sent.values())
        print(f"{total} instances acknowledged, {len(problems)} problems", flush=True)
        for problem in problems:
            print(f"  {problem}")
        return 1 if problems else 0

    def _untold(self) -> list[str]:
        """What the modality was promised to be told and was not, or told that it is not here."""
        problems = []
        for study, transaction in self.promised.items():
            wait_for(lambda uid=transaction: self.modality.told(uid), 60, "a commitment report")  # type: ignore[misc] # mypy loses the default's type
            if set(self.modality.told(transaction)) != {1}:
                problems.append(f"{study}: not committed to")
        return problems


if __name__ == "__main__":
    sys.exit(main())
