"""A scenario run: replications through the one runner, as many as asked or as the wanted interval needs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dispatch.runner import Block, Task, run
from dispatch.simulate.given import Given, tape_for
from dispatch.simulate.replicate import replicate
from dispatch.simulate.results.estimates import estimate, replications_for
from dispatch.simulate.results.measures import Places, columns, group_names, mark_of, measure, places_in
from dispatch.simulate.world import World

if TYPE_CHECKING:  # workers need no scenario, and load it for a second
    from dispatch.simulate.scenarios.building import Built

AT_LEAST = 5
"""Replications before the spread is trusted to say how many more are needed."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What every replication of a scenario looks at."""

    world: World
    seed: int
    places: Places
    thresholds: tuple[int, ...]
    past: Given | None = None
    """Alerts that did come, to be played instead of drawn ones."""


@dataclass(frozen=True, slots=True)
class Ground:
    """The villages of a scenario: `name`, `county`, `town`, `lon`, `lat` (V each).

    `sums` (V, 3), over all replications: visits asked for, met, met within the threshold a scenario is told by.
    """

    name: tuple[str, ...]
    county: tuple[str, ...]
    town: tuple[str, ...]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    sums: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Result:
    """What a scenario's replications say: blocks laid on each other, shape (replications, …).

    `columns` names the last axis of ``blocks["groups"]``, `groups` its middle one, `shifts` the last of
    ``blocks["shift_busy"]``. `days` are those counted. `keys` is the scenario itself, every key of it; `area` its name.
    """

    name: str
    seed: int
    days: float
    columns: tuple[str, ...]
    groups: tuple[tuple[str, str], ...]
    shifts: tuple[str, ...]
    thresholds: tuple[int, ...]
    blocks: Mapping[str, NDArray[np.float64]]
    notes: tuple[str, ...]
    keys: Mapping[str, Any]
    area: str
    synthetic: bool
    ground: Ground

    @property
    def replications(self) -> int:
        """How many there were."""
        return len(self.blocks["groups"])

    def sums(self, column: str, dimension: str = "all", member: str = "") -> NDArray[np.float64]:
        """A column of one group, one value a replication."""
        row = self.groups.index((dimension, member))
        return self.blocks["groups"][:, row, self.columns.index(column)]

    def share(self, column: str, of: str, dimension: str = "all", member: str = "") -> NDArray[np.float64]:
        """One column as a share of another, by replication; NaN where there is nothing to share."""
        top, bottom = self.sums(column, dimension, member), self.sums(of, dimension, member)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(bottom > 0.0, top / bottom, np.nan)

    @property
    def averted_yuan(self) -> NDArray[np.float64]:
        """Modelled: what would be lost if nobody came or rang, less what is; a replication each."""
        return self.sums("nobody_yuan") - self.sums("modelled_yuan")


def one_replication(shared: Shared, number: int) -> Block:
    """The block of one replication: its tape drawn, played and measured."""
    tape = tape_for(shared.world, shared.seed, number, shared.past)
    return measure(shared.world, replicate(shared.world, tape), shared.places, shared.thresholds)


def run_scenario(
    built: Built,
    thresholds: Sequence[int],
    *,
    workers: int = 1,
    cluster: str | None = None,
    folder: Path | None = None,
    told: Callable[[int, int], None] | None = None,
    past: Given | None = None,
) -> Result:
    """Run a scenario's replications; more of them where `half_width` is not reached yet.

    Parameters
    ----------
    folder
        Where finished replications are kept; the same scenario goes on from there.
    past
        Alerts that did come: every replication plays them, and draws all else.
    """
    keys, places = built.scenario.run, places_of(built)
    shared = Shared(built.world, keys.seed, places, tuple(thresholds), past)
    stamp = _stamp(shared) if folder is not None else ""
    blocks: list[Block] = []
    wanted = keys.replications
    while len(blocks) < wanted:
        tasks = [Task(f"r{number:06d}", number) for number in range(len(blocks), wanted)]
        found = run(
            one_replication,
            tasks,
            shared=shared,
            workers=workers,
            cluster=cluster,
            folder=folder,
            stamp=stamp,
            told=told,
        )
        blocks += [block for _, block in found]
        wanted = _wanted(blocks, shared, keys.half_width, keys.most_replications)
    return result_of(built, places, thresholds, blocks)


def places_of(built: Built) -> Places:
    """What the alerts of a scenario are counted by."""
    districts = built.districts
    return places_in(built.world, districts.counties, districts.towns, districts.town)


def result_of(built: Built, places: Places, thresholds: Sequence[int], blocks: Sequence[Block]) -> Result:
    """The blocks of a scenario's replications as one result."""
    districts = built.districts
    villages = np.array(sorted(districts.row.values()), np.int64)
    sums = sum(np.asarray(block["zone"], np.int64) for block in blocks)
    towns = [districts.towns[int(one)] for one in districts.town[villages]]
    return Result(
        name=built.scenario.name,
        seed=built.scenario.run.seed,
        days=(built.world.horizon_minutes - built.world.warm_up_minutes) / 1440.0,
        columns=columns(thresholds),
        groups=group_names(places),
        shifts=places.shifts,
        thresholds=tuple(thresholds),
        blocks={
            name: np.stack([np.asarray(block[name], np.float64) for block in blocks])
            for name in blocks[0]
            if name != "zone"
        },
        notes=built.notes,
        keys=built.scenario.model_dump(mode="json", by_alias=True),
        area=built.area.name,
        synthetic=built.area.synthetic,
        ground=Ground(
            tuple(districts.names[int(one)] for one in villages),
            tuple(county for county, _ in towns),
            tuple(town for _, town in towns),
            districts.zones.lon[villages],
            districts.zones.lat[villages],
            np.asarray(sums)[villages],
        ),
    )


def _wanted(blocks: list[Block], shared: Shared, half_width: float, most: int) -> int:
    """How many replications there must be in all."""
    if half_width <= 0.0:
        return len(blocks)
    names = columns(shared.thresholds)
    mark = mark_of(shared.thresholds)
    top = np.array([block["groups"][0, names.index(f"reached_within_{mark}")] for block in blocks])
    bottom = np.array([block["groups"][0, names.index("asked")] for block in blocks])
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(bottom > 0.0, top / bottom, np.nan)
    if len(blocks) >= AT_LEAST and not estimate(share).half_width > half_width:
        return len(blocks)
    needed = max(AT_LEAST, replications_for(share, half_width))
    return max(len(blocks), min(needed, 2 * max(len(blocks), AT_LEAST), most))


def _stamp(shared: Shared) -> str:
    """Changes with every number of the world."""
    digest = hashlib.sha256(version("field-dispatch").encode())
    world = shared.world
    parts: list[Any] = [world.zones, world.roads, world.units, world.demand, world.policy, *world.surges]
    for part in parts:
        for name in part.__slots__:
            value = getattr(part, name, None)
            held = value.tobytes() if isinstance(value, np.ndarray) else repr(value).encode()
            digest.update(f"{name} {len(held)}\n".encode())
            digest.update(held)
    places = hashlib.sha256(shared.places.town.tobytes() + repr(shared.places.towns).encode()).hexdigest()
    rest = [shared.seed, places, shared.thresholds, world.horizon_minutes, world.warm_up_minutes]
    if shared.past is not None:
        for column in (shared.past.minute, shared.past.demand_class, shared.past.zone):
            digest.update(column.tobytes())
    digest.update(json.dumps([*rest, world.first_hour, world.hour_minutes]).encode())
    return digest.hexdigest()
