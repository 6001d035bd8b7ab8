"""What is known of a tape beforehand: control variates for the waits of a queue.

Each is a figure of the tape alone, of which theory knows the mean exactly, told as its share of that mean less one, so its
own mean is 0. What waits do by the chance of the tape they do too, and that part of the chance is taken
out of the waits (Lavenberg and Welch 1981). None knows what the kernel makes of the tape.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from dispatch.simulate import Tape, World
from dispatch.simulate.world import Floats

WINDOWS = (1, 4, 16, 64)
"""Lengths of the windows in which the work brought is counted, in service times over servers."""
SETTLED = 30.0
"""After so many service times nobody of the beginning is left in a system of endless servers."""


def totals(world: World, tape: Tape) -> list[float]:
    """How many alerts came, and how much work they brought."""
    expected = _per_minute(world) * world.horizon_minutes
    return [len(tape.minute) / expected - 1.0, float(tape.service_factor.sum()) / expected - 1.0]


def of_queue(world: World, tape: Tape) -> list[float]:
    """`totals`, how unevenly the work came, and what two other queues of known means make of the same tape."""
    servers, mean = len(world.units.ids), float(world.demand.service_minutes[0, 0])
    minutes = tape.service_factor * mean
    found = [*totals(world, tape), *_unevenness(world, tape.minute, minutes, mean / servers)]
    if servers > 1:  # with one, the fast server would be the queue itself
        found += [
            *_endless_servers(world, tape.minute, minutes),
            _one_fast_server(world, tape.minute, minutes),
        ]
    return found


def _per_minute(world: World) -> float:
    return float(world.demand.rate_per_hour.sum(axis=0)[0]) / 60.0


def _mean_square(world: World) -> float:
    """Mean of the square of the factor of service, whose mean is 1."""
    demand = world.demand
    return {"exponential": 2.0, "fixed": 1.0, "lognormal": 1.0 + demand.service_cv**2}[demand.service_law]


def _unevenness(world: World, when: Floats, minutes: Floats, unit: float) -> list[float]:
    """Variance of the work brought in windows: of a compound Poisson process it is rate times length times mean square."""
    rate, mean = _per_minute(world), float(world.demand.service_minutes[0, 0])
    found = []
    for window in WINDOWS:
        length = window * unit
        count = int(world.horizon_minutes // length)
        place = np.minimum((when / length).astype(np.int64), count)
        brought = np.bincount(place, minutes, count + 1)[:count] - rate * length * mean
        variance = rate * length * mean**2 * _mean_square(world)
        found.append(float((brought**2).mean()) / variance - 1.0)
    return found


def _endless_servers(world: World, when: Floats, minutes: Floats) -> list[float]:
    """How many find more in an M/G/∞ system than some numbers, and by how much: it holds Poisson many."""
    servers, mean = len(world.units.ids), float(world.demand.service_minutes[0, 0])
    inside = np.arange(len(when)) - np.searchsorted(np.sort(when + minutes), when, side="right")
    inside = inside[when > SETTLED * mean]
    law = stats.poisson(_per_minute(world) * mean)
    numbers = np.arange(int(law.isf(1e-15)) + 1)
    found = []
    for most in (servers - 1, servers, servers + 2):
        known = float(np.maximum(numbers - most, 0) @ law.pmf(numbers))
        found.append(float(np.maximum(inside - most, 0).mean()) / known - 1.0)
    return found


def _one_fast_server(world: World, when: Floats, minutes: Floats) -> float:
    """The wait at one server as fast as all together (Lindley's walk; Pollaczek and Khinchine know its mean)."""
    servers, mean = len(world.units.ids), float(world.demand.service_minutes[0, 0])
    walk = np.concatenate([[0.0], np.cumsum(minutes[:-1] / servers - np.diff(when))])
    wait = float((walk - np.minimum.accumulate(walk)).mean())
    load = _per_minute(world) * mean / servers
    return wait / (load * mean / servers * _mean_square(world) / 2.0 / (1.0 - load)) - 1.0
