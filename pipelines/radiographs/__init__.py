"""X-ray images as pipelines read them: which of a study can be read, and what each shows.

`chosen` says which images of a study are radiographs and why others are not; `read` gives one
of them as it is displayed, bones bright, with what its header says of patient and view. `square`
is what a model is shown of it; `from_square` and `over_frame` bring back what it found there.
"""

from pipelines.radiographs.choosing import body_parts, chosen
from pipelines.radiographs.exposure import Exposure, exposure
from pipelines.radiographs.radiograph import Radiograph, from_square, over_frame, square
from pipelines.radiographs.reading import read

__all__ = [
    "Exposure",
    "Radiograph",
    "body_parts",
    "chosen",
    "exposure",
    "from_square",
    "over_frame",
    "read",
    "square",
]
