"""Orthanc's web viewer in a browser, used as a person does: by its buttons, wheel and window."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import BrowserContext, Dialog

from tests.peers.orthanc import Orthanc

Picture = NDArray[np.uint8]
"""Rows, columns and the three colours."""
WINDOW = 1000, 800
"""Width and height of the window that a series is opened in."""
_NARROW = 250
"""In a narrower window the viewer's texts lie over all of the picture, and take the wheel."""
_PICTURE_ONLY = (
    "body * {visibility: hidden !important}"
    "#dicomImage, #dicomImage canvas {visibility: visible !important}"
)
"""What the viewer writes over the picture is hidden for the moment of the screenshot."""
_STATE = """() => {
    const enabled = cornerstone.getEnabledElement($('#dicomImage').get(0));
    const canvas = $('#dicomImage canvas').get(0);
    return {
        image: enabled.image ? enabled.image.imageId : null,
        scale: enabled.viewport ? enabled.viewport.scale : null,
        size: [canvas.width, canvas.height],
        bar: $('#slider').parent().height(),
    };
}"""
_SHOWS = """wanted => {
    const enabled = cornerstone.getEnabledElement($('#dicomImage').get(0));
    return enabled.image !== undefined && enabled.image.imageId === wanted;
}"""
_FITS = """([width, height]) => {
    const canvas = $('#dicomImage canvas').get(0);
    return canvas.width === width && canvas.height === height;
}"""
_PAINTED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


class Viewer:
    """A series in the viewer; `shown` gives what stands on the screen."""

    def __init__(self, browser: BrowserContext, orthanc: Orthanc, SeriesInstanceUID: str) -> None:
        self._orthanc = orthanc
        self._alerts: list[str] = []
        self._page = browser.new_page()
        self._page.set_default_timeout(10_000)
        self._page.on("dialog", self._alerted)
        self.open(SeriesInstanceUID)

    def open(self, SeriesInstanceUID: str) -> None:
        """Go to a series."""
        (series,) = self._orthanc.find("Series", SeriesInstanceUID=SeriesInstanceUID)
        listed = self._orthanc.get(f"/web-viewer/series/{series}").json()
        self.slices: list[str] = listed["Slices"]
        """The frames in the viewer's order, each as `INSTANCE_NUMBER` with numbers from 0."""
        self._alerts.clear()
        self._page.goto(f"{self._orthanc.url}/web-viewer/app/viewer.html?series={series}")

    def close(self) -> None:
        """Leave the page."""
        self._page.close()

    @property
    def title(self) -> str:
        """The page's title: a page that has crashed has none."""
        return self._page.title()

    @property
    def shows_a_picture(self) -> bool:
        """Whether it shows any frame at all."""
        return self._state()["image"] is not None

    def complaint(self) -> str:
        """What it says in a box when it cannot show the first frame; empty when it shows it."""
        for _ in range(200):
            if self._alerts or self.shows_a_picture:
                break
            self._page.wait_for_timeout(50)
        return "".join(self._alerts)

    def plainly(self) -> Viewer:
        """Ask for the best quality, unsmoothed: by itself it shows smoothed JPEG images."""
        self._page.click("#open-toolbar")
        self._page.click(".jsPanel [title^='Best quality']")
        self._page.click(".jsPanel [title='Interpolation']")
        # It goes on showing what it has drawn already until something else changes.
        for _ in range(2):
            self._page.click(".jsPanel [title='Reverse contrast']")
        self._page.click("#open-toolbar")
        return self

    def as_opened(self) -> tuple[Picture, float]:
        """A screenshot of the first frame as it comes up, and how much it is enlarged."""
        self._page.wait_for_function(_SHOWS, arg=self.slices[0])
        return self._screenshot(), float(self._state()["scale"])

    def shown(self, SOPInstanceUID: str, frame: int = 1, *, zoom: int = 1) -> Picture:
        """A frame as it is on the screen, where a pixel of it is a square of so many, all alike."""
        (instance,) = self._orthanc.find(SOPInstanceUID=SOPInstanceUID)
        self._turn_to(f"{instance}_{frame - 1}")
        tags = self._orthanc.dicom_tags(instance)
        self._fit(int(tags["Columns"]) * zoom, int(tags["Rows"]) * zoom, zoom)
        assert self._state()["scale"] == zoom
        taken = self._screenshot()
        picture = taken[::zoom, ::zoom]
        assert np.array_equal(taken, picture.repeat(zoom, axis=0).repeat(zoom, axis=1))
        return picture

    def _turn_to(self, wanted: str) -> None:
        """Turn the wheel until the frame is there."""
        now, end = (self.slices.index(one) for one in (self._state()["image"], wanted))
        if now != end and self._state()["size"][0] < _NARROW:
            self._page.set_viewport_size({"width": WINDOW[0], "height": WINDOW[1]})
        self._page.mouse.move(20, self._state()["size"][1] * 3 / 4)
        step = 1 if end > now else -1
        for place in range(now + step, end + step, step) if now != end else ():
            self._page.mouse.wheel(0, 100 * step)
            self._page.wait_for_function(_SHOWS, arg=self.slices[place])

    def _fit(self, width: int, height: int, zoom: int) -> None:
        """Give the window so much room: it fits a picture in when the size of that changes."""
        state = self._state()
        if state["size"] == [width, height] and state["scale"] == zoom:
            return
        for more in (1, 0):
            size = [width + more, height + more]
            self._page.set_viewport_size({"width": size[0], "height": size[1] + int(state["bar"])})
            self._page.wait_for_function(_FITS, arg=size)

    def _screenshot(self) -> Picture:
        self._page.evaluate(_PAINTED)
        clip = self._page.locator("#dicomImage canvas").bounding_box()
        assert clip is not None
        taken = self._page.screenshot(clip=clip, style=_PICTURE_ONLY)
        return np.asarray(Image.open(BytesIO(taken)).convert("RGB"))

    def _state(self) -> dict[str, Any]:
        state: dict[str, Any] = self._page.evaluate(_STATE)
        return state

    def _alerted(self, dialog: Dialog) -> None:
        self._alerts.append(dialog.message)
        dialog.accept()


Open = Callable[[str], closing[Viewer]]
"""Opens a series by its UID."""
