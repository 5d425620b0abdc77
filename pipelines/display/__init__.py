"""A stored frame as the picture that a viewer shows: what the radiologist sees, models see too."""

from pipelines.display.errors import NotShown
from pipelines.display.frames import described, first, value
from pipelines.display.greys import windowed
from pipelines.display.pictures import grey, grey_and_padding, shown

__all__ = [
    "NotShown",
    "described",
    "first",
    "grey",
    "grey_and_padding",
    "shown",
    "value",
    "windowed",
]
