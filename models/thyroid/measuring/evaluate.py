"""What a thyroid model makes of a labelled set: of each picture, and the figures of that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.evaluation import (
    BadPicture,
    Beside,
    Row,
    each,
    fractions,
    named,
    read_picture,
    spoken,
)
from models.opinion import Candidate, Model, Opinion
from models.thyroid.measuring.figures import metrics
from models.thyroid.sector import Sector
from models.thyroid.sight import Sight, seen

Mask = NDArray[np.bool_]

NO_ECHOES = "No echoes are to be found in the picture."


@dataclass(frozen=True)
class Look:
    """What was shown to the model, and what it said."""

    sight: Sight
    opinion: Opinion
    blind: bool
    """No echoes were found: the model was shown the whole picture."""

    @property
    def outlined(self) -> Mask:
        """Every pixel of the whole picture that some candidate's outline takes."""
        inside = np.zeros(self.sight.grey.shape, np.bool_)
        for found in self.opinion.candidates:
            if found.mask is not None:
                inside |= found.mask
        return self.sight.over_picture(inside)


def looked(model: Model, picture: NDArray[np.uint8]) -> Look:
    """Show the model what there is to see in a picture, as the pipeline does."""
    sight = seen(picture)
    if sight is not None:
        return Look(sight, model.look(sight.grey), blind=False)
    rows, columns = picture.shape[:2]
    whole = seen(picture, Sector(0, 0, rows, columns))
    if whole is None:
        raise BadPicture("it has no pixels")
    return Look(whole, model.look(whole.grey), blind=True)


def evaluate(
    model: Model,
    rows: Sequence[Row],
    images: Path,
    beside: Beside,
    report: Callable[[int], None] = lambda done: None,
) -> dict[str, Any]:
    """Look at every picture of a set; what cannot be read is reported in its place."""
    card = model.card

    def judged(row: Row) -> dict[str, Any]:
        look = looked(model, read_picture(images / row.file, "RGB"))
        return {
            **spoken(look.opinion, card.threshold),
            **(_BLIND if look.blind else {}),
            "case": row.more.get("case", ""),
            **_dice(row, beside.masks, look),
            "nodules": [_nodule(look.sight, found) for found in look.opinion.candidates],
        }

    told = each(rows, judged, report)
    return {"model": named(card), "images": told, "metrics": metrics(rows, told, card.threshold)}


_BLIND = {"verdict": "indeterminate", "refused": True, "doubts": [NO_ECHOES]}
"""What is said whatever the model made of a picture without echoes; its score stays."""


def _nodule(sight: Sight, found: Candidate) -> dict[str, Any]:
    corner = sight.sector.top, sight.sector.left
    return {
        **fractions(found, sight.shape, corner),
        "probability": found.probability,
        "features": dict(found.features),
    }


# ---------------------------------------------------------------- outlines


def dice(outlined: Mask, truth: Mask) -> float:
    """How far two outlines agree: twice what both take, of what each takes."""
    return float(2 * (outlined & truth).sum() / (outlined.sum() + truth.sum()))


def true_outline(row: Row, masks: Path | None, shape: tuple[int, ...]) -> Mask | None:
    """Where the nodules are, by the mask; None without one. Raises `BadPicture`."""
    name = row.more.get("mask", "").strip()
    if masks is None or not name:
        return None
    grey = read_picture(masks / name)
    if grey.shape != shape:
        raise BadPicture("the mask is not as large as its picture")
    inside = np.asarray(grey > grey.max() / 2)  # masks of 0 and 1 are masks too
    return inside if inside.any() else None


def _dice(row: Row, masks: Path | None, look: Look) -> dict[str, Any]:
    try:
        truth = true_outline(row, masks, look.sight.shape)
    except BadPicture as error:
        return {"dice": None, "mask_error": str(error)}
    # A model that outlines nodules doubts a picture where it outlines none: others have no Dice.
    opinion = look.opinion
    silent = not (opinion.candidates or opinion.doubts or opinion.refused or look.blind)
    return {"dice": None if truth is None or silent else dice(look.outlined, truth)}
