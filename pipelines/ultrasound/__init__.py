"""Ultrasound as pipelines read it: which images of a study show tissue, and what each frame shows.

`chosen(study)` gives the ultrasound images of a study as `Loop`s, single pictures too, and why
others are refused, all by their headers. `why_not_neck(loop)` is empty, or says which other part
of the body a header names. `frames(loop, numbers)` gives frames by their numbers, counted from 1,
one `Frame` at a time, however long the loop; it raises `Rejected` at one that cannot be read, and
those after it can be asked for anew. `kind(frame)` is empty for a plain B-mode picture, or says
why a frame is left out: colour Doppler, elastography, nothing to see. `Region`s are where the
scanner says that tissue is shown, and how large its pixels are.
"""

from pipelines.ultrasound.choosing import chosen
from pipelines.ultrasound.judging import kind
from pipelines.ultrasound.necks import why_not_neck
from pipelines.ultrasound.picture import Frame, Loop, Region
from pipelines.ultrasound.reading import frames

__all__ = ["Frame", "Loop", "Region", "chosen", "frames", "kind", "why_not_neck"]
