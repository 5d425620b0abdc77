"""Keeps a process small that moves DICOM files and never looks at a pixel."""

from __future__ import annotations

import sys

PIXEL_LIBRARIES = ("numpy", "gdcm", "PIL", "openjpeg", "libjpeg", "rle", "pylibjpeg", "jpeg_ls")
"""What pydicom imports where it is installed and does without where it is not."""


def hide_pixel_libraries() -> None:
    """Make the libraries that decode pixels look absent: 44 MB of memory instead of 107.

    To be called by a process's entry point before anything imports pydicom; what was imported
    before stays.
    """
    for name in PIXEL_LIBRARIES:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
