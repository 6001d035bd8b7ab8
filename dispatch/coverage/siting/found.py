"""What a search of sites hands back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Sites found, what they cost, what none can cost less than, and what showed it."""

    open: NDArray[np.bool_]
    value: float
    bound: float
    engine: str
