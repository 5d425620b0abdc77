"""The gateway as a process: orders, memory, and what a browser makes of its pages."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from storage import jobs
from storage.database import Database
from tests.integration.gateway.running import REPOSITORY, Gateway, settings_for
from tests.unit.storage.making import STUDY, bring, claim, close, done

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """The database that the gateway reads, with one study that was worked on."""
    found = Database(f"sqlite:///{tmp_path / 'node.sqlite'}")
    found.upgrade()
    done(found)
    yield found
    found.close()


@pytest.fixture
def gateway(db: Database, tmp_path: Path) -> Iterator[Gateway]:
    """A running gateway."""
    with Gateway(settings_for(tmp_path), tmp_path / "gateway.log") as running:
        yield running


def test_it_serves_says_so_and_stops_when_told(gateway: Gateway, tmp_path: Path) -> None:
    """Ready means that the next request is answered; a drain ends it with status 0."""
    assert httpx.get(f"{gateway.url}/healthz").json() == {"status": "alive"}
    assert gateway.drain() == 0
    assert (tmp_path / "gateway.log").read_text() == ""


def test_it_ends_with_the_supervisor(gateway: Gateway) -> None:
    """Nothing is left behind that holds the port."""
    gateway.channel.close()
    assert gateway.process.wait(10) == 70


def test_new_settings_are_shown_at_once(gateway: Gateway) -> None:
    """A reload changes what the page says, without a restart."""
    settings = gateway.plain()
    settings["node"]["ae_title"] = "RENAMED"
    gateway.tell(settings=settings)
    for _ in range(50):
        title = httpx.get(f"{gateway.url}/api/v2/status").json()["ae_title"]
        if title == "RENAMED":
            break
    assert title == "RENAMED"


def test_it_is_small(gateway: Gateway) -> None:
    """Under 90 MB after a while of pages being read."""
    for path in ("/", "/studies/1", "/api/v2/status", "/api/v2/openapi.json", "/readyz") * 10:
        httpx.get(gateway.url + path)
    assert gateway.peak_mb() < 90


def test_it_imports_no_pixels() -> None:
    """Neither DICOM nor numbers: a page is text."""
    code = (
        "import sys, gateway.process; "
        "print([n for n in ('torch', 'tensorflow', 'numpy', 'pydicom') if n in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, check=True, text=True
    )
    assert found.stdout.strip() == "[]"


def browse(url: str, folder: Path, *options: str) -> str:
    """What a headless Chromium makes of a page."""
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed: no /usr/bin/chromium (apt: chromium)")
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--enable-logging=stderr",
        f"--user-data-dir={folder / 'profile'}",
    ]
    done = subprocess.run(
        [str(CHROMIUM), *flags, *options, url],
        capture_output=True,
        check=True,
        text=True,
        timeout=60,
    )
    complaints = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert complaints == []
    return done.stdout


def test_a_browser_shows_the_board(gateway: Gateway, tmp_path: Path) -> None:
    """A picture of the right size, and no complaint on the console."""
    picture = tmp_path / "board.png"
    browse(f"{gateway.url}/", tmp_path, f"--screenshot={picture}", "--window-size=1280,900")
    assert picture.stat().st_size > 20_000


def test_a_browser_runs_the_script_of_the_page(
    gateway: Gateway, db: Database, tmp_path: Path
) -> None:
    """After three refreshes the page is whole, and updates can be paused."""
    close(db, bring(db, study=f"{STUDY}.2"))
    job = claim(db)
    jobs.beat(db, job, 60, 0.5, "reading headers")
    page = browse(f"{gateway.url}/", tmp_path, "--virtual-time-budget=7000", "--dump-dom")
    assert '<button id="toggle" type="button" aria-pressed="false">Pause updates' in page
    assert page.count("50 %: reading headers") == 1
    assert page.count('id="summary"') == 1
    assert '<body class="lost">' not in page
