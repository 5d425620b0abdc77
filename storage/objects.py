"""The files of the objects this node made, named by a hash of their UIDs."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Protocol


class Writable(Protocol):
    """What can write itself as a DICOM file."""

    def save_as(self, filename: Path, /, *, enforce_file_format: bool) -> None:
        """Write a Part 10 file."""


def key_of(SOPInstanceUID: str) -> str:
    """The name of an object's file, relative to the folder of results."""
    name = hashlib.sha256(SOPInstanceUID.encode()).hexdigest()
    return f"{name[:2]}/{name[2:]}.dcm"


def write(folder: Path, SOPInstanceUID: str, dataset: Writable) -> tuple[str, int]:
    """Write an object so that it survives a power cut; returns its key and size.

    Writing it again replaces the file in one step: a reader sees the old or the new one.
    """
    key = key_of(SOPInstanceUID)
    path = folder / key
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        dataset.save_as(part, enforce_file_format=True)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
            size = file.seek(0, os.SEEK_END)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    for place in (path.parent, folder):
        descriptor = os.open(place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    return key, size
