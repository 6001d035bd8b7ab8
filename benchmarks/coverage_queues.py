"""Published figures of queues and busy units beside ours: rows of `python -m benchmarks.coverage`.

Values are compared as printed: `gap_percent` is 0 where every printed digit agrees.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from dispatch.coverage.hypercube import approximate, exact
from dispatch.coverage.queues import mmc

LARSON_RATES = (0.50, 0.25, 0.35, 0.40)
"""Larson & Odoni, Urban Operations Research, §5.4.3: ten atoms, those with the same list taken together."""
LARSON_LISTS = np.array([(0, 1, 2), (0, 2, 1), (1, 0, 2), (2, 0, 1)])

Case = tuple[str, str, Callable[[], float], float, int]


def cases() -> Iterator[Case]:
    """Instance, model, how it is computed, the published value and its decimals."""
    hour = np.ones(3)

    def of_exact(unit: int) -> Callable[[], float]:
        return lambda: float(exact(LARSON_RATES, LARSON_LISTS, hour).share[unit])

    def of_approximate(unit: int) -> Callable[[], float]:
        return lambda: float(
            approximate(LARSON_RATES, LARSON_LISTS, hour, tolerance=0.0011, decimals=4).share[unit]
        )

    for unit, (right, near) in enumerate(((0.5574, 0.5627), (0.4734, 0.4716), (0.4693, 0.4657))):
        yield f"larson-5.4.3-unit-{unit + 1}", "hypercube", of_exact(unit), right, 4
        yield f"larson-5.5.3-unit-{unit + 1}", "hypercube_approximate", of_approximate(unit), near, 4
    waits = lambda: float(exact(LARSON_RATES, LARSON_LISTS, hour).waits[0])  # noqa: E731 - one of a row of such
    yield "larson-5.4.3-all-busy", "hypercube", waits, 0.23684, 5
    line = mmc(300, 182.5, 3)
    yield "mm3-300-182.5-p0", "mmc", lambda: line.idle_share, 0.17754, 5
    yield "mm3-300-182.5-lq", "mmc", lambda: line.waiting_mean, 0.352, 3
    yield "mm3-300-182.5-wq", "mmc", lambda: line.wait_hours, 0.001175, 6


def queue_rows() -> list[dict[str, Any]]:
    """One row a published figure, as `python -m benchmarks.coverage --json` lists them."""
    rows = []
    for instance, model, compute, published, decimals in cases():
        begun = time.process_time()
        value = round(compute(), decimals)
        rows.append(
            {
                "instance": instance,
                "model": model,
                "value": value,
                "bound": published,
                "gap_percent": round(100.0 * abs(value - published) / published, 4),
                "cpu_seconds": round(time.process_time() - begun, 4),
            }
        )
    return rows
