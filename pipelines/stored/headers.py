"""Reading a stored image's attributes so that broken ones count as missing, or refuse the image."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pydicom import Dataset, dcmread
from pydicom.config import disable_value_validation
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.uid import UID

from pipelines.contract import Instance, Rejected, Retryable
from pipelines.display import described
from pipelines.malformed import MALFORMED
from pipelines.router.evidence import Reader
from pipelines.stored.packing import MOST_INFLATED, inflates_too_far

Read = Callable[[str], Any]

UNREADABLE = (zlib.error, *MALFORMED)
NOT_DICOM = "its attributes cannot be read as DICOM"
CUT_OFF = "its file is cut off before its end"


_IN_ITEMS = ("CodingSchemeDesignator", "CodeValue", "CodeMeaning", "ReferencedSOPInstanceUID")
"""What is looked at in the items of sequences."""


@contextmanager
def quiet() -> Iterator[None]:
    """Without pydicom's warnings, which would quote values, and values may be the patient's."""
    with disable_value_validation(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def refused() -> Iterator[None]:
    """What reading a file raises, as what becomes of the image."""
    try:
        yield
    except OSError as error:
        if error.errno is None:  # of pydicom, which found no sense in the file
            raise Rejected(NOT_DICOM) from error
        raise Retryable("a stored file cannot be read at the moment") from error
    except UNREADABLE as error:
        raise Rejected(NOT_DICOM) from error


def dataset(instance: Instance) -> Dataset:
    """The whole data set, read anew so that no one keeps its pixels."""
    check_packing(instance)
    with refused():
        return _whole(dcmread(instance.path))


def _whole(ds: Dataset) -> Dataset:
    """The data set, which pydicom leaves empty where the file ends too early."""
    if not len(ds):
        raise Rejected(CUT_OFF)
    return ds


def values(instance: Instance, frame: int | None = None) -> Read:
    """How a value of a stored image is read: from the index where it is there, else the file.

    One that is broken counts as missing; a file that cannot be read at all is refused.
    """

    def read(keyword: str) -> Any:
        if keyword in instance.header:
            return instance.header[keyword]
        with refused():
            return described(_whole(instance.dataset), frame or 1, [keyword]).get(keyword)

    return read


def check_packing(instance: Instance) -> None:
    """Refuse a small file that would fill the memory once unpacked."""
    with refused():
        too_far = UID(instance.TransferSyntaxUID).is_deflated and inflates_too_far(instance)
    if too_far:
        raise Rejected(f"unpacked it would have more than {MOST_INFLATED >> 20} MB")


def many(read: Read) -> Reader:
    """The same by lists of values, of which the empty ones are left out."""

    def listed(keyword: str) -> list[Any]:
        value = read(keyword)
        parts = value if isinstance(value, list | tuple | MultiValue | Sequence) else [value]
        found = [part for part in parts if part is not None and part != ""]
        if not keyword.endswith("Sequence"):
            return found
        items = [part for part in found if isinstance(part, Dataset)]
        return [described(item, 1, _IN_ITEMS) for item in items]

    return listed


def line(value: Any) -> str:
    """A value as one line of text, such as a report may quote; empty where there is none."""
    text = "" if value is None else str(value).replace("\\", " ")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:64]


def whole(value: Any) -> int | None:
    """A value as a whole number; None where it is none."""
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None
