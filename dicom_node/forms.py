"""The forms in which an object may go over the wire, and the one that a peer takes."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from pydicom import Dataset, dcmread
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext, build_context

NATIVE: list[str | UID] = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
MOST_CONTEXTS = 128
"""PS3.8 section 9.3.2.2: their numbers are odd and fit in a byte."""


class Unsendable(Exception):
    """The object cannot be sent as the peer wants it; the message says why."""


def contexts(pairs: Collection[tuple[str, str]], *, rle: bool) -> list[PresentationContext]:
    """Offer each object as it is, and each class uncompressed for the peer that refuses that.

    A peer that wants its pixels compressed is offered that too.
    """
    classes = sorted({uid for uid, _ in pairs})
    offered = [build_context(uid, syntax) for uid, syntax in sorted(pairs)]
    if rle:
        known = {uid for uid, syntax in pairs if syntax == RLELossless}
        offered += [build_context(uid, RLELossless) for uid in classes if uid not in known]
    offered += [build_context(uid, NATIVE) for uid in classes]
    return offered[:MOST_CONTEXTS]


def syntaxes(assoc: Association, SOPClassUID: str) -> set[str]:
    """The transfer syntaxes in which the peer takes objects of a class."""
    return {
        str(context.transfer_syntax[0])
        for context in assoc.accepted_contexts
        if context.abstract_syntax == SOPClassUID
    }


def transmit(assoc: Association, path: Path, syntax: str, taken: Collection[str]) -> Dataset:
    """Send a file and return the peer's response; an empty one where the association broke off.

    `syntax` is the file's, `taken` are those in which the peer takes it.
    """
    try:
        content = _formed(path, syntax, taken)
    except (AttributeError, NotImplementedError, OSError, RuntimeError, ValueError) as error:
        raise Unsendable(
            "The peer does not take the object's transfer syntax, and it cannot be decompressed."
        ) from error
    try:
        return assoc.send_c_store(content)
    except RuntimeError:
        return Dataset()  # pynetdicom's way to say that the association has ended meanwhile
    except (AttributeError, KeyError, OSError, TypeError, ValueError) as error:
        raise Unsendable("The file of the result is damaged.") from error


def _formed(path: Path, syntax: str, taken: Collection[str]) -> Path | Dataset:
    """The object in a form that is taken: compressed where that was offered, else as it is."""
    if RLELossless in taken and syntax in NATIVE:
        ds = dcmread(path)
        if _is_compressible(ds):
            ds.compress(RLELossless, generate_instance_uid=False)
            return ds
    return path if syntax in taken else _decompressed(path)


def _is_compressible(ds: Dataset) -> bool:
    """RLE is made of bytes: the bits of a binary segmentation stay as they are."""
    return "PixelData" in ds and ds.get("BitsAllocated", 0) in (8, 16, 32)


def _decompressed(path: Path) -> Dataset:
    """An object for a peer that refuses its transfer syntax; it keeps its SOP Instance UID."""
    ds = dcmread(path)
    if ds.file_meta.TransferSyntaxUID.is_compressed:
        ds.decompress(generate_instance_uid=False)
    return ds
