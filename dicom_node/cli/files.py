"""Finds DICOM in files, folders and zip archives, by what is in a file, never by its name."""

from __future__ import annotations

import os
import shutil
import struct
import tempfile
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

DICOMDIR = "1.2.840.10008.1.3.10"
"""Media Storage Directory Storage: an index of files, nothing to store."""
_TRIES = (
    AttributeError,
    EOFError,
    KeyError,
    NotImplementedError,
    OSError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
)
"""What reading a file that is damaged, or is no DICOM after all, may raise."""


class Damaged(Exception):
    """It is DICOM and cannot be sent; the message says why in a sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """One DICOM instance that was found."""

    name: str
    """What a person calls it: its path, or `ARCHIVE.zip: MEMBER`."""
    path: Path
    member: str | None
    """Its name inside the archive that `path` is."""
    SOPClassUID: str
    SOPInstanceUID: str
    TransferSyntaxUID: str
    size: int
    has_preamble: bool
    has_meta: bool


@dataclass(kw_only=True)
class Gathered:
    """What was found, what is no DICOM, and what is and cannot be sent."""

    found: list[Found] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    damaged: list[tuple[str, str]] = field(default_factory=list)


def gather(paths: Iterable[Path]) -> Iterator[Gathered]:
    """Look at everything under the paths; yields the same, growing answer after each file."""
    so_far = Gathered()
    for path in paths:
        for file in _files(path):
            _look(file, so_far)
            yield so_far
    yield so_far


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for folder, folders, names in os.walk(path):
        folders.sort()
        for name in sorted(names):
            yield Path(folder) / name


def _look(path: Path, so_far: Gathered) -> None:
    name = str(path)
    if not path.is_file():  # a socket, a device, a link to nowhere
        so_far.skipped.append(name)
        return
    try:
        with path.open("rb") as file:
            known = _note(so_far, name, file, path, None, path.stat().st_size)
    except OSError as error:
        so_far.damaged.append((name, f"It cannot be read: {error.strerror}."))
        return
    if known:
        return
    if zipfile.is_zipfile(path):
        _look_into(path, so_far)
    else:
        so_far.skipped.append(name)


def _look_into(path: Path, so_far: Gathered) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                if not member.is_dir():
                    _look_at_member(path, archive, member, so_far)
    except (zipfile.BadZipFile, OSError):
        so_far.damaged.append((str(path), "The archive is damaged."))


def _look_at_member(
    path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, so_far: Gathered
) -> None:
    name = f"{path}: {member.filename}"
    try:
        with archive.open(member) as file:
            known = _note(so_far, name, file, path, member.filename, member.file_size)
    except (RuntimeError, NotImplementedError, zipfile.BadZipFile, EOFError):
        # RuntimeError is how zipfile says that a member is encrypted.
        why = "It is encrypted." if member.flag_bits & 1 else "The archive is damaged there."
        so_far.damaged.append((name, why))
        return
    if not known:
        so_far.skipped.append(name)


def _note(
    so_far: Gathered, name: str, file: IO[bytes], path: Path, member: str | None, size: int
) -> bool:
    """Note a file as found or damaged; False where it is no DICOM."""
    try:
        identity = identify(file)
    except Damaged as error:
        so_far.damaged.append((name, str(error)))
        return True
    if identity is None or identity["SOPClassUID"] == DICOMDIR:
        return False
    so_far.found.append(Found(name=name, path=path, member=member, size=size, **identity))
    return True


def identify(file: IO[bytes]) -> dict[str, Any] | None:
    """Class, instance and transfer syntax of a DICOM file, preamble or not; None: it is none.

    Raises `Damaged` for what begins as DICOM and does not say what it is.
    """
    head = file.read(140)
    has_preamble = head[128:132] == b"DICM"
    if not has_preamble and not _may_be_data_set(head):
        return None
    file.seek(0)
    try:
        ds, encapsulated = _header(file)
    except _TRIES as error:
        if has_preamble:
            raise Damaged("It begins as a DICOM file and cannot be read on.") from error
        return None
    identity = _of_meta(ds) or _of_data_set(ds, encapsulated)
    if identity is None:
        if has_preamble:
            raise Damaged("It does not say which SOP class and instance it is.")
        return None
    return identity | {"has_preamble": has_preamble}


def _may_be_data_set(head: bytes) -> bool:
    """Whether bytes look like the first element of group 2 or 8, in either byte order."""
    if len(head) < 12:
        return False
    for order in "<>":
        group, element = struct.unpack_from(f"{order}HH", head)
        if group in (2, 8) and element <= 0x0100:
            (length,) = struct.unpack_from(f"{order}I", head, 4)
            return (head[4:6].isalpha() and head[4:6].isupper()) or length <= 64
    return False


def _header(file: IO[bytes]) -> tuple[Any, bool]:
    """What identifies an instance, and whether its pixel data are encapsulated."""
    from pydicom import dcmread

    wanted = ["SOPClassUID", "SOPInstanceUID"]
    with warnings.catch_warnings():
        # What pydicom finds odd about a file is for those who read its values.
        warnings.simplefilter("ignore")
        ds = dcmread(file, force=True, stop_before_pixels=True, specific_tags=[*wanted])
    pixels = file.read(12)
    return ds, pixels[:4] == b"\xe0\x7f\x10\x00" and pixels[8:12] == b"\xff\xff\xff\xff"


def _of_meta(ds: Any) -> dict[str, Any] | None:
    """The identity as the file meta information has it, where it is whole."""
    meta = ds.file_meta
    sop_class, instance = (
        meta.get("MediaStorageSOPClassUID"),
        meta.get("MediaStorageSOPInstanceUID"),
    )
    syntax = meta.get("TransferSyntaxUID")
    if not sop_class or not instance or not syntax:
        return None
    return _identity(sop_class, instance, syntax, has_meta=True)


def _of_data_set(ds: Any, encapsulated: bool) -> dict[str, Any] | None:
    """The identity as the data set has it, where there is no file meta information at all."""
    sop_class, instance = ds.get("SOPClassUID"), ds.get("SOPInstanceUID")
    if not sop_class or not instance:
        return None
    if len(ds.file_meta):
        raise Damaged("Its file meta information lacks the class, instance or transfer syntax.")
    if encapsulated:
        raise Damaged("It is compressed and does not say how: it has no file meta information.")
    implicit, little = ds.original_encoding
    syntax = {
        (True, True): "1.2.840.10008.1.2",
        (False, True): "1.2.840.10008.1.2.1",
        (False, False): "1.2.840.10008.1.2.2",
    }[implicit, little]
    return _identity(sop_class, instance, syntax, has_meta=False)


def _identity(
    SOPClassUID: object, SOPInstanceUID: object, syntax: object, *, has_meta: bool
) -> dict[str, Any]:
    return {
        "SOPClassUID": str(SOPClassUID),
        "SOPInstanceUID": str(SOPInstanceUID),
        "TransferSyntaxUID": str(syntax),
        "has_meta": has_meta,
    }


@contextmanager
def as_file(found: Found) -> Iterator[Path]:
    """The instance as a DICOM file on disk: itself, or a copy that is gone afterwards.

    A copy differs from what was found by the preamble and meta information that it lacked; the
    data set is the same, byte for byte.
    """
    if found.member is None and found.has_preamble:
        yield found.path
        return
    copy = Path(_copy(found))
    try:
        yield copy
    finally:
        copy.unlink()


def _copy(found: Found) -> str:
    with tempfile.NamedTemporaryFile(prefix="dicom-node-", suffix=".dcm", delete=False) as copy:
        try:
            _fill(copy, found)
        except BaseException:
            Path(copy.name).unlink()
            raise
        return copy.name


def _fill(copy: IO[bytes], found: Found) -> None:
    if not found.has_preamble:
        copy.write(bytes(128) + b"DICM")
        if not found.has_meta:
            _write_meta(copy, found)
    if found.member is None:
        with found.path.open("rb") as file:
            shutil.copyfileobj(file, copy, 1 << 20)
    else:
        with zipfile.ZipFile(found.path) as archive, archive.open(found.member) as inside:
            shutil.copyfileobj(inside, copy, 1 << 20)


def _write_meta(copy: IO[bytes], found: Found) -> None:
    from pydicom.dataset import FileMetaDataset
    from pydicom.filebase import DicomBytesIO
    from pydicom.filewriter import write_file_meta_info
    from pydicom.uid import UID

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(found.SOPClassUID)
    meta.MediaStorageSOPInstanceUID = UID(found.SOPInstanceUID)
    meta.TransferSyntaxUID = UID(found.TransferSyntaxUID)
    written = DicomBytesIO()
    write_file_meta_info(written, meta)
    copy.write(written.getvalue())
