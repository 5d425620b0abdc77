"""X-ray images as pipelines read them: which of a study can be read, and what each shows.

`chosen` says which images of a study are radiographs and why others are not; `read` gives one
of them as it is displayed, bones bright, with what its header says of patient and view.
"""

from pipelines.radiographs.choosing import chosen
from pipelines.radiographs.exposure import Exposure, exposure
from pipelines.radiographs.radiograph import Radiograph, from_square, square
from pipelines.radiographs.reading import read

__all__ = ["Exposure", "Radiograph", "chosen", "exposure", "from_square", "read", "square"]
