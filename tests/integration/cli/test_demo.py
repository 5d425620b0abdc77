"""`make demo`, without make."""

from __future__ import annotations

import subprocess
import sys

from tests.node import Node


def test_the_demonstration_uses_the_node_that_runs(running_node: Node) -> None:
    """Phantoms are sent to the running node and followed to their end, a line for each step."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.demo", "--no-tty", "--kind", "photograph"],
        env=running_node.environment,
        cwd=running_node.folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Using the node that runs at 127.0.0.1:{running_node.port}." in done.stdout
    assert "photograph: done: 1 instance, intake-check done" in done.stdout
    assert f"http://127.0.0.1:{running_node.http_port}/" in done.stdout
