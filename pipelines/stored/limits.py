"""What is refused by its size alone, before anything of it is unpacked."""

from __future__ import annotations

from pipelines.stored.headers import Read, whole


def unreadable(read: Read, kind: str, most_pixels: int, least_side: int) -> str | None:
    """Why a picture of that kind cannot be read, by what its header says of its pixels."""
    rows, columns = whole(read("Rows")), whole(read("Columns"))
    if not rows or not columns or min(rows, columns) < 0:
        return "it has no pixels"
    if rows * columns > most_pixels:
        return f"its stated size of {columns} x {rows} pixels is beyond that of any {kind}"
    if min(rows, columns) < least_side:
        return f"with {columns} x {rows} pixels it is too small to be read"
    if (whole(read("BitsAllocated")) or 8) < 8:
        return "it has only black and white, and no greys"
    if whole(read("SamplesPerPixel")) not in (1, 3, None):
        return "its colours are not red, green and blue"
    return None
