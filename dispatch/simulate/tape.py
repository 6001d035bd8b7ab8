"""All randomness of one replication, drawn first: the tape.

Two scenarios of the same demand play the same tape: the same alerts, the same calls answered, the
same moments of transfer, the same minutes at the door, the same wrong addresses, whoever is sent.
Each purpose draws from a stream of its own, so a change in one leaves the others as they were.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatch.simulate.world import HOURS, Demand, Floats, Ints, World

_TIMES, _CLASS, _ZONE, _AMOUNT, _TRANSFER, _CALLS, _SERVICE, _WRONG = range(8)


@dataclass(frozen=True, slots=True, eq=False)
class Tape:
    """One row an alert, by `minute`; what happens to it whatever anybody does.

    `demand_class`, `zone` (where the person is) and `believed` (where the centre thinks), and whether
    those at a wrong door are `told` where to go on. `amount_yuan` and the `stake_yuan` it is
    expected to cost if nobody comes; `transfer` (minute, `inf`: never). `answered` (minute a call
    settles the matter, `inf`: none does) and `ready` (minute a visit is asked for, `inf`: a call came
    first). `service_factor` multiplies the mean minutes at the door; `search_minutes` at each door.
    """

    minute: Floats
    demand_class: Ints
    zone: Ints
    believed: Ints
    told: NDArray[np.bool_]
    amount_yuan: Floats
    stake_yuan: Floats
    transfer: Floats
    answered: Floats
    ready: Floats
    service_factor: Floats
    search_minutes: Floats


def draw_tape(world: World, seed: int, replication: int = 0) -> Tape:
    """The tape of one replication: a function of demand, clock, `seed` and `replication` alone."""
    parts = [_base(world, _streams(seed, replication, 0))]
    for number, surge in enumerate(world.surges, start=1):
        demand, where = world.demand, np.asarray(surge.zones, dtype=np.float64)
        mass = (demand.zone_share * where).sum(axis=1) / np.maximum(demand.zone_share.sum(axis=1), 1e-300)
        rate = demand.rate_per_hour * mass[:, None] * (surge.factor - 1.0)
        until = min(surge.to_minute, world.horizon_minutes)
        streams = _streams(seed, replication, number)
        minute, classes = _arrivals(world, rate, (surge.from_minute, until), streams)
        zone = _zones(demand.zone_share * where, classes, streams[_ZONE])
        parts.append(_filled(world, minute, classes, zone, streams))
    return _merged(parts)


def tape_of_alerts(
    world: World, minute: Floats, demand_class: Ints, zone: Ints, seed: int, replication: int = 0
) -> Tape:
    """The tape of alerts that did come: moments, classes and zones given, all else drawn."""
    order = np.argsort(minute, kind="stable")
    streams = _streams(seed, replication, 0)
    return _filled(world, minute[order], demand_class[order], zone[order], streams)


def _streams(seed: int, replication: int, part: int) -> list[np.random.Generator]:
    """One generator a purpose."""
    root = [seed % (1 << 64), replication, part]
    return [np.random.Generator(np.random.PCG64(np.random.SeedSequence([*root, one]))) for one in range(8)]


def _base(world: World, streams: list[np.random.Generator]) -> Tape:
    minute, classes = _arrivals(world, world.demand.rate_per_hour, (0.0, world.horizon_minutes), streams)
    zone = _zones(world.demand.zone_share, classes, streams[_ZONE])
    return _filled(world, minute, classes, zone, streams)


def _arrivals(
    world: World, rate: Floats, window: tuple[float, float], streams: list[np.random.Generator]
) -> tuple[Floats, Ints]:
    """Moments and classes of a Poisson process whose rates change by the hour of the week.

    Exponential steps of a process of rate 1 are carried through the inverse of the expected
    number of alerts so far, so all rates doubled are the same alerts twice as fast.
    """
    begin, end = window
    if end <= begin:
        return np.zeros(0), np.zeros(0, np.int64)
    first, last = int(begin // world.hour_minutes), int(np.ceil(end / world.hour_minutes))
    edges = np.clip(np.arange(first, last + 1) * world.hour_minutes, begin, end)
    hours = (world.first_hour + np.arange(first, last)) % HOURS
    expected = np.concatenate([[0.0], np.cumsum(rate.sum(axis=0)[hours] * np.diff(edges) / 60.0)])
    times = _unit_process(float(expected[-1]), streams[_TIMES])
    if not len(times):
        return times, np.zeros(0, np.int64)
    slot = np.clip(np.searchsorted(expected, times, side="left") - 1, 0, len(hours) - 1)
    minute = (
        edges[slot] + (times - expected[slot]) / (expected[slot + 1] - expected[slot]) * np.diff(edges)[slot]
    )
    hour, u = hours[slot], streams[_CLASS].random(len(times))
    upto = np.cumsum(rate, axis=0)
    classes = np.empty(len(times), np.int64)
    for each in np.unique(hour):
        rows = hour == each
        classes[rows] = np.searchsorted(upto[:, each], u[rows] * upto[-1, each], side="right")
    return minute, np.minimum(classes, len(rate) - 1)


def _unit_process(until: float, chance: np.random.Generator) -> Floats:
    """The points up to `until` of a Poisson process of rate 1."""
    blocks, reached = [np.zeros(0)], 0.0
    while reached < until:
        size = 1 << max(6, int(np.log2(max(1.0, until - reached))))
        steps = chance.standard_exponential(size)
        block = reached + np.cumsum(steps)
        blocks.append(block)
        reached = float(block[-1])
    points: Floats = np.concatenate(blocks)
    within: Floats = points[points < until]
    return within


def _zones(share: Floats, classes: Ints, chance: np.random.Generator) -> Ints:
    """A zone for each alert, by the shares of its class."""
    u, zone = chance.random(len(classes)), np.zeros(len(classes), np.int64)
    for each in np.unique(classes):
        rows, upto = classes == each, np.cumsum(share[each])
        zone[rows] = np.searchsorted(upto, u[rows] * upto[-1], side="right")
    within: Ints = np.minimum(zone, share.shape[1] - 1)
    return within


def _filled(
    world: World, minute: Floats, classes: Ints, zone: Ints, streams: list[np.random.Generator]
) -> Tape:
    """The tape of alerts whose moments, classes and zones are known."""
    demand, count = world.demand, len(minute)
    amount = demand.amount_yuan[classes] * _lognormal(demand.amount_cv[classes], streams[_AMOUNT])
    u, gathered = streams[_TRANSFER].random(count), streams[_TRANSFER].standard_exponential(count)
    chance = demand.transfer_probability[classes]
    transfer = np.where(u < chance, minute + _when_gathered(demand, classes, gathered), np.inf)
    answered, ready = _calls(world, minute, classes, streams[_CALLS])
    believed, told = _believed(demand, classes, zone, streams[_WRONG])
    return Tape(
        minute,
        classes,
        zone,
        believed,
        told,
        amount,
        amount * chance,
        transfer,
        answered,
        ready,
        _service(demand, count, streams[_SERVICE]),
        demand.search_minutes[classes],
    )


def _lognormal(variation: Floats, chance: np.random.Generator) -> Floats:
    """Factors of mean 1 with these coefficients of variation."""
    sigma = np.sqrt(np.log1p(variation**2))
    factors: Floats = np.exp(sigma * chance.standard_normal(len(sigma)) - sigma**2 / 2.0)
    return factors


def _service(demand: Demand, count: int, chance: np.random.Generator) -> Floats:
    if demand.service_law == "exponential":
        return chance.standard_exponential(count)
    if demand.service_law == "fixed":
        return np.ones(count)
    return _lognormal(np.full(count, demand.service_cv), chance)


def _when_gathered(demand: Demand, classes: Ints, gathered: Floats) -> Floats:
    """Minutes until the hazard has gathered so much: the inverse of `loss.exposure`."""
    with np.errstate(divide="ignore", invalid="ignore"):
        free = gathered / (demand.hazard_per_hour[classes] / 60.0)
        until, fraction = np.maximum(demand.hold_until_minutes[classes], 0.0), demand.hold_fraction[classes]
        held = free / fraction
        late = until + (free - until * fraction)
    return np.where(until * fraction > free, held, np.where(np.isfinite(free), late, np.inf))


def _calls(world: World, minute: Floats, classes: Ints, chance: np.random.Generator) -> tuple[Floats, Floats]:
    """When a call settles it, and when a visit is asked for."""
    demand, count = world.demand, len(minute)
    calls = demand.call_minutes.shape[1]
    answered = np.full(count, np.inf)
    asked_after = demand.visit_after_calls[classes]
    ready = np.where(asked_after <= 0, minute, np.inf)
    for number in range(calls):
        at = minute + demand.call_minutes[classes, number]
        out, u = np.isfinite(at) & np.isinf(answered), chance.random(count)
        hour = (world.first_hour + np.where(out, at, 0.0) // world.hour_minutes).astype(np.int64) % 24
        settled = out & (u < demand.call_share[classes, hour])
        answered[settled] = at[settled]
        asks = out & ~settled & (asked_after == number + 1)
        ready[asks] = at[asks]
    lacking = np.isinf(ready) & np.isinf(answered)  # fewer calls than a visit waits for: ask after the last
    finite = np.where(np.isfinite(demand.call_minutes), demand.call_minutes, 0.0)
    last = finite.max(axis=1, initial=0.0)[classes]
    ready = np.where(lacking, minute + last, ready)
    return answered, np.where(answered <= ready, np.inf, ready)


def _believed(
    demand: Demand, classes: Ints, zone: Ints, chance: np.random.Generator
) -> tuple[Ints, NDArray[np.bool_]]:
    """Where the centre thinks the person is, and whether a wrong door says more."""
    u, v, w = chance.random(len(zone)), chance.random(len(zone)), chance.random(len(zone))
    others = (demand.wrong_zones >= 0).sum(axis=1)[zone]
    wrong = (u < demand.wrong_share[classes]) & (others > 0)
    pick = np.minimum((v * others).astype(np.int64), np.maximum(others - 1, 0))
    if not demand.wrong_zones.shape[1]:
        return zone.copy(), np.zeros(len(zone), np.bool_)
    believed: Ints = np.where(wrong, demand.wrong_zones[zone, pick], zone)
    return believed, w < demand.told_share[classes]


def _merged(parts: list[Tape]) -> Tape:
    """All alerts of several tapes by moment."""
    columns = {name: np.concatenate([getattr(one, name) for one in parts]) for name in Tape.__slots__}
    order = np.argsort(columns["minute"], kind="stable")
    return Tape(**{name: column[order] for name, column in columns.items()})
