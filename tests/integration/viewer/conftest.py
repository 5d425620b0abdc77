"""One Orthanc and one browser for all of these tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import BrowserContext, sync_playwright

from tests.integration.viewer.page import WINDOW, Open, Viewer
from tests.peers.orthanc import Orthanc

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
)


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """An Orthanc with its viewer, which forwards nothing."""
    folder = tmp_path_factory.mktemp("orthanc")
    with Orthanc(folder, settings={"LuaScripts": []}) as server:
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[BrowserContext]:
    """A Chromium without a window, whose pages share what they have loaded."""
    width, height = WINDOW
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=_FLAGS)
        yield chromium.new_context(viewport={"width": width, "height": height})


@pytest.fixture(scope="module")
def opened(orthanc: Orthanc, browser: BrowserContext) -> Open:
    """Opens a series in the viewer, in a page of its own: `with opened(uid) as viewer`."""
    return lambda SeriesInstanceUID: closing(Viewer(browser, orthanc, SeriesInstanceUID))
