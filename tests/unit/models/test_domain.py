"""What is unlike the training pictures is strange."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from models.domain import Domain

NUMBERS = 200


@pytest.mark.parametrize("many", [300, 60])
def test_what_is_unlike_the_training_pictures_is_strange(many: int) -> None:
    """Pictures from elsewhere are further away than any of the cloud, which survives storing."""
    rng = np.random.default_rng(0)
    usual, mixing = rng.random(NUMBERS), rng.random((5, NUMBERS))

    def drawn(count: int) -> NDArray[np.float32]:
        noise = 0.02 * rng.random((count, NUMBERS))
        return np.asarray(usual + rng.random((count, 5)) @ mixing + noise, np.float32)

    domain = Domain.around(drawn(many))
    stored = {name: value.astype(np.float16) for name, value in domain.arrays().items()}
    domain = Domain.of(stored)
    home = domain.strangeness(drawn(50))
    elsewhere = domain.strangeness(drawn(50)[:, ::-1])
    assert home.shape == (50,)
    assert elsewhere.min() > home.max()
