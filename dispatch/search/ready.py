"""Compiling the search: once after an installation, some twenty seconds of CPU; afterwards it is read from disk."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

from dispatch.search.arrays import (
    DROP_YUAN,
    STAKE_YUAN,
    Day,
    blank_crews,
    blank_nodes,
    setting_row,
    transposed,
)
from dispatch.search.run import search

PATIENCE_SECONDS = 1.5
"""Longer than reading the compiled code takes."""


def make_ready(report: Callable[[str], None] = lambda _: None) -> None:
    """Compile the search or read it from disk; tells `report` if that takes a while."""
    work = threading.Thread(target=search, args=(_smallest_day(),), kwargs={"iterations": 1}, daemon=True)
    work.start()
    work.join(PATIENCE_SECONDS)
    if work.is_alive():
        report("compiling the search: once, less than a minute")
        work.join()


def _smallest_day() -> Day:
    """One case a minute away from one crew."""
    node = blank_nodes(1, 4)
    node[0, [STAKE_YUAN, DROP_YUAN]] = 1.0
    drive = np.ones((1, 2, 2))
    return Day(
        drive=drive,
        back=transposed(drive),
        node=node,
        crew=blank_crews([1]),
        price=np.zeros((1, 1)),
        setting=setting_row(60.0, [0.01]),
        near=np.full((1, 1), -1, np.int64),
        offers=np.zeros((1, 1), np.int64),
    )
