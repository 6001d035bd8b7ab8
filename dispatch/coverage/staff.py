"""How many crews each hour needs, and the fewest hours of shifts that give them.

Crews by Erlang's C from the alerts of the hour; shifts of given lengths with any start by an integer
program over the day, which repeats itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from dispatch.coverage.demand import HOURS, Demand
from dispatch.coverage.queues import crews_needed
from dispatch.errors import BadInput

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

USUAL_LENGTHS = (8, 12)
FIXED_STARTS, FIXED_HOURS = (0, 8, 16), 8
"""What three fixed shifts of eight hours would be: the comparison."""
NIGHT = frozenset({22, 23, 0, 1, 2, 3, 4, 5})
"""Of answers of equal hours one whose shifts start at other hours than these is taken."""
_AWKWARD, _EARLY = 1e-3, 1e-4  # hours: enough to decide between equals, too little for anything else


@dataclass(frozen=True, slots=True)
class Shifts:
    """So many crews from `start` (an hour of the day) for `hours`."""

    start: int
    hours: int
    crews: int


@dataclass(frozen=True, slots=True)
class Roster:
    """One unit's day: `rate` and `needed` by hour (24,), the shifts that give it, and how many stand then.

    `crew_hours` is what the shifts take, `fixed_hours` what three fixed ones of eight hours would; `proved` is whether
    no fewer crew-hours can do. `on_duty` (24,) is who is on duty by today's roster, None where not asked.
    """

    code: str
    name: str
    task_hours: float
    rate: Floats
    needed: Integers
    shifts: tuple[Shifts, ...]
    standing: Integers
    crew_hours: int
    fixed_hours: int
    proved: bool
    on_duty: Integers | None = None

    @property
    def lacking(self) -> Integers | None:
        """Crews each hour lacks by today's roster, shape (24,)."""
        return None if self.on_duty is None else np.maximum(self.needed - self.on_duty, 0)


def rates_by_county(demand: Demand, per_day: float | None = None) -> dict[str, Floats]:
    """Alerts an hour by hour of the day for each county code, "" being what lies in none known.

    With `per_day` that many alerts a day are shared over the demand by weight: at the hours of a table of
    alerts where there is one, else evenly over the day.

    Raises
    ------
    BadInput
        Neither a table of alerts nor `per_day` says how many there are.
    """
    if per_day is not None and not per_day > 0:
        raise BadInput(f"--per-day is {per_day:g}; expected more than 0 alerts a day")
    if per_day is None and demand.days is None:
        raise BadInput(
            "nothing says how many alerts there are: give --per-day N, or a table of past alerts (--demand)"
        )
    rates: dict[str, Floats] = {}
    for one in demand.points:
        hours = rates.setdefault(one.county, np.zeros(HOURS))
        if one.hour is not None:
            hours[one.hour] += 1.0
        elif per_day is not None:
            hours += one.weight / HOURS
    total = sum(float(one.sum()) for one in rates.values())
    if not total > 0:
        raise BadInput("no point of the demand has a time of alert: give --per-day N")
    scale = per_day / total if per_day is not None else 1.0 / (demand.days or 1.0)
    return {county: hours * scale for county, hours in rates.items()}


def roster(
    code: str,
    name: str,
    rate: Floats,
    task_hours: float,
    *,
    within_minutes: float = 5.0,
    share: float = 0.9,
    lengths: Sequence[int] = USUAL_LENGTHS,
    on_duty: Integers | None = None,
) -> Roster:
    """The crews each hour needs and the shifts that give them.

    Raises
    ------
    BadInput
        As `crews_needed` and `cover`.
    """
    needed = np.array([crews_needed(float(one), task_hours, within_minutes, share) for one in rate])
    shifts, proved = cover(needed, lengths)
    blocks = [np.arange(start, start + FIXED_HOURS) % HOURS for start in FIXED_STARTS]
    return Roster(
        code=code,
        name=name,
        task_hours=task_hours,
        rate=rate,
        needed=needed,
        shifts=shifts,
        standing=standing(shifts),
        crew_hours=sum(one.crews * one.hours for one in shifts),
        fixed_hours=sum(int(needed[hours].max()) * FIXED_HOURS for hours in blocks),
        proved=proved,
        on_duty=on_duty,
    )


def cover(
    needed: Iterable[int], lengths: Sequence[int] = USUAL_LENGTHS, seconds: float = 10.0
) -> tuple[tuple[Shifts, ...], bool]:
    """The shifts of fewest crew-hours that give at least `needed` crews (24,) each hour; whether proved fewest.

    Raises
    ------
    BadInput
        A length is not 1 to 24 hours, or a need is below 0.
    """
    needs = np.array(list(needed), dtype=np.float64)
    if needs.shape != (HOURS,) or (needs < 0).any():
        raise BadInput(f"needs are {needs.tolist()}, expected 24 numbers of at least 0")
    if not lengths or any(not 1 <= one <= HOURS for one in lengths):
        raise BadInput(
            f"--lengths is {','.join(map(str, lengths))!r}, expected hours from 1 to {HOURS}, such as 8,12"
        )
    if not needs.any():
        return (), True
    kinds = [(start, hours) for hours in sorted(set(lengths)) for start in range(HOURS)]
    hours_of = [(start + np.arange(hours)) % HOURS for start, hours in kinds]
    rows = np.concatenate(hours_of)
    columns = np.repeat(np.arange(len(kinds)), [len(one) for one in hours_of])
    gives = csr_array((np.ones(len(rows)), (rows, columns)), shape=(HOURS, len(kinds)))
    cost = np.array([hours + _AWKWARD * (start in NIGHT) + _EARLY * start / HOURS for start, hours in kinds])
    found = milp(
        cost,
        constraints=LinearConstraint(gives, lb=needs),
        integrality=np.ones(len(kinds)),
        bounds=Bounds(0, needs.max()),
        options={"time_limit": seconds, "mip_rel_gap": 0.0},
    )
    if found.x is None:
        raise AssertionError(f"shifts of {lengths} hours always cover a day: {found.message}")
    crews = np.rint(found.x).astype(np.int64)
    shifts = tuple(
        Shifts(start, hours, int(count)) for (start, hours), count in zip(kinds, crews, strict=True) if count
    )
    return tuple(sorted(shifts, key=lambda one: (one.start, one.hours))), found.status == 0


def standing(shifts: Iterable[Shifts]) -> Integers:
    """Crews on shift in each hour, shape (24,)."""
    there = np.zeros(HOURS, np.int64)
    for one in shifts:
        there[(one.start + np.arange(one.hours)) % HOURS] += one.crews
    return there


def whole(parts: Mapping[str, Floats]) -> Floats:
    """All counties together, for one pool of crews."""
    total: Floats = np.sum(list(parts.values()), axis=0)
    return total
