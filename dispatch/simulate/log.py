"""The event log of one replication: every state change, in order."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dispatch.simulate.changes import NAMES
from dispatch.simulate.world import Floats, Ints, World

HEADINGS = ("minute", "change", "alert", "unit", "zone")


@dataclass(frozen=True, slots=True, eq=False)
class Log:
    """One row a state change: `minute`, `change` (codes of `changes`), `alert` (row of the tape), `unit`, `zone`.

    -1 where a column does not apply. Equal minutes stand in the order in which things happened.
    """

    minute: Floats
    change: Ints
    alert: Ints
    unit: Ints
    zone: Ints

    def __len__(self) -> int:
        return len(self.minute)


def log_of(rows: Floats, number: Ints) -> Log:
    """The log of the kernel's rows, its cases named by the rows of the tape."""
    change, case, unit, zone = rows[:, 1:].astype(np.int64).T
    alert = np.where(case >= 0, number[case], -1) if len(number) else case
    return Log(rows[:, 0].copy(), change, alert, unit, zone)


def write_log(path: Path, world: World, log: Log) -> None:
    """The log as CSV, units and zones by their ids; what does not apply is empty."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(HEADINGS)
        for minute, change, alert, unit, zone in zip(
            log.minute, log.change, log.alert, log.unit, log.zone, strict=True
        ):
            out.writerow(
                (
                    f"{minute:.4f}",
                    NAMES[int(change)],
                    alert if alert >= 0 else "",
                    world.units.ids[unit] if unit >= 0 else "",
                    world.zones.ids[zone] if zone >= 0 else "",
                )
            )
